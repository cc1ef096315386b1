#!/usr/bin/env bash
# The tour: publishes feeds, syncs them through the signed path and from an offline bundle, serves
# them, and shows real answers through the real command. Called by `make run`; ONCE=1 ends after the tour.
#
#   run.sh [BIN-DIRECTORY [STATE-DIRECTORY]]      build/release/bin and build/demo of this checkout
#
# Exits 0 if every answer was the expected one, 1 if one was not.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-$here/../../build/release/bin}
state=${2:-$here/../../build/demo}
mkdir -p "$state"
bin=$(cd "$bin" && pwd)
state=$(cd "$state" && pwd)
export PATH="$bin:$PATH"

# shellcheck source=deploy/demo/stage.sh
. "$here/stage.sh"
# shellcheck source=deploy/demo/tour.sh
. "$here/tour.sh"
# shellcheck source=deploy/demo/offline.sh
. "$here/offline.sh"

trap stop_everything EXIT
trap 'exit 130' INT TERM

make_certificates_and_keys
publish_feeds
write_configuration
start_programs
wait_until_feeds_serve

show_verdicts
show_verdict_flip
show_override
show_altered_pack
show_offline_bundle
show_tampered_bundle
show_rollback
show_no_outgoing_connection
show_where_things_are

if [ "$failures" -ne 0 ]; then
  say "$failures of the answers above were not the expected ones."
  exit 1
fi
if [ -n "${ONCE:-}" ]; then
  say "The tour is over; every answer was the expected one."
  exit 0
fi
trap 'exit 0' INT TERM
say "Everything is up. Ctrl-C ends it; the data stays in $state."
wait "$server_pid"
printf 'cloisterd ended by itself; see %s/log/cloisterd.log\n' "$state" >&2
exit 1
