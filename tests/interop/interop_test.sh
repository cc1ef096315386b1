#!/usr/bin/env bash
# Both ways between this project and independent implementations of The Update Framework.
#
#   interop_test.sh SOURCE-DIRECTORY BIN-DIRECTORY
#
# Needs Node.js and the npm packages that `make test` installs below build/tools/interop; exits
# with 77 (skipped) where they are not there.
set -euo pipefail

source=${1:?usage: interop_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}
bin=${2:?usage: interop_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}
packages=$source/build/tools/interop/node_modules

skip() {
  printf 'SKIPPED: %s\n' "$1"
  exit 77
}

command -v node >/dev/null || skip 'Node.js is not installed'
[ -d "$packages/tuf-js" ] && [ -d "$packages/@tufjs/repo-mock" ] ||
  skip "no tuf-js and @tufjs/repo-mock in $packages; 'make test' installs them where npm can"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Requests go to this machine only.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
node "$source/tests/interop/tuf_js_reads_us.mjs" "$bin" "$packages" "$work/theirs"
node "$source/tests/interop/we_read_repo_mock.mjs" "$bin" "$packages" "$work/ours"
