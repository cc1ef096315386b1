#!/bin/bash
# Lets clang check every lock against its annotations (ABSL_GUARDED_BY …), which gcc passes over:
# in sources that have any, or include a header of their own folder that has.
#   thread_safety.sh FOLDER_OF_GENERATED_HEADERS
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ $# != 1 ] || [ ! -f "$1/cloister/v1/admin.grpc.pb.h" ]; then
  echo "usage: $0 build/release/proto (make build makes it)" >&2
  exit 2
fi
annotated() {
  grep -rlE --include="*.$1" 'ABSL_(PT_)?GUARDED_BY|ABSL_[A-Z]+_LOCKS_REQUIRED' \
    client-sdk reputation server storage sync
}
{
  annotated cc || true
  for header in $(annotated h); do
    grep -lF "\"$header\"" "${header%/*}"/*.cc || true
  done
} | sort -u |
  xargs -r -n 1 -P "$(nproc)" clang++ -std=c++20 -fsyntax-only -I. -isystem "$1" \
    '-DCLOISTER_VERSION=""' -Wthread-safety -Werror=thread-safety
