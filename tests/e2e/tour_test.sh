#!/usr/bin/env bash
# The tour of `make run` as a test: twice over the same data, then with an answer that is not the
# expected one, then kept up until it is interrupted.
#
#   tour_test.sh SOURCE-DIRECTORY BIN-DIRECTORY
set -euo pipefail

source=${1:?usage: tour_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}
bin=${2:?usage: tour_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() {
  printf 'FAILED: %s\n' "$1" >&2
  sed 's/^/  | /' "$work/tour.log" | tail -n 60 >&2
  tail -n 20 "$work"/state/log/*.log >&2 || true
  exit 1
}

tour() { ONCE=${2-1} "$1/run.sh" "$bin" "$work/state" >"$work/tour.log" 2>&1; }
served() { sed -n "s/^SERVING *$1 v\([0-9]*\),.*/\1/p" "$work/tour.log" | head -n 1; }

printf 'the tour, from nothing\n'
tour "$source/deploy/demo" || die "the first tour ended with $?"
first=$(served threats)
[ -n "$first" ] || die "the first tour does not say what it serves"

printf 'the tour again, over its own data\n'
tour "$source/deploy/demo" || die "the second tour ended with $?"
[ "$(served threats)" -gt "$first" ] || die "the second tour did not go on from the data of the first"

printf 'the tour of a feed that lacks what it shows\n'
cp -r "$source/deploy/demo" "$work/demo"
sed -i '/eicar_com.zip/d' "$work/demo/feeds/threats.csv"
if tour "$work/demo"; then die "the tour did not notice that an answer was wrong"; fi
grep -q 'NOT AS EXPECTED' "$work/tour.log" || die "the tour does not say which answer was wrong"

printf 'interrupted, it ends everything\n'
mkfifo "$work/screen"
ONCE='' "$source/deploy/demo/run.sh" "$bin" "$work/state" >"$work/screen" 2>&1 &
tour_pid=$!
grep -q -m 1 'Everything is up' <(tee "$work/tour.log" <"$work/screen") || die "it did not stay up"
daemons=$(pgrep -f -- "--config $work/state/etc/" || true)
[ "$(wc -w <<<"$daemons")" -eq 2 ] || die "not both daemons run while it is up"
kill -TERM "$tour_pid"
wait "$tour_pid" || die "interrupted, it ended with $?"
if pgrep -f -- "--config $work/state/etc/" >/dev/null; then die "it left daemons behind"; fi
printf 'all as expected\n'
