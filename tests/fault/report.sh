#!/usr/bin/env bash
# What `make fault` runs: every way in which crashes, failing disks, lost power and hostile bytes
# are tried, in their full numbers, and the figures at the end.
#
#   report.sh BUILD-DIRECTORY
#
# The environment sets the numbers: KILLS, DISK_FAULTS (a number of steps for each fault, or "all"),
# PIPELINE_KILLS, FLIPS.
set -uo pipefail

build=${1:?usage: report.sh BUILD-DIRECTORY}
log=$build/fault-report.log
: >"$log"
failed=()

# suite NAME REGULAR-EXPRESSION: the tests whose names match, one after the other.
suite() {
  printf '== %s\n' "$1"
  local output=$build/fault-suite.log
  if ctest --test-dir "$build" --no-tests=error --timeout 86400 --parallel 1 -V -R "$2" \
    >"$output" 2>&1; then
    local passed
    passed=$(sed -n 's/^100% tests passed, 0 tests failed out of \([0-9]*\)$/\1/p' "$output")
    printf 'FIGURE %s: %s of %s tests passed\n' "$1" "$passed" "$passed" >>"$log"
  else
    failed+=("$1")
    grep -E 'Failure|FAILED|SEED|\*\*\*' "$output" | head -n 40
    printf '   all of it: %s\n' "$output.$1"
    cp "$output" "$output.$1"
  fi
  sed -n 's/^[0-9]*: \(FIGURE .*\)$/\1/p' "$output" | tee -a "$log" | sed 's/^FIGURE /   /'
}

export CLOISTER_KILLS=${KILLS:-1000}
export CLOISTER_DISK_FAULTS=${DISK_FAULTS:-all}
export CLOISTER_PIPELINE_KILLS=${PIPELINE_KILLS:-300}
export CLOISTER_FLIPS=${FLIPS:-10000}

suite 'attacks on the metadata, each refused for its reason' '^(Attack|DelegatedAttack)\.'
suite 'hostile signed packs, refused before they are handed over' '^HostilePack'
suite 'clocks set back, ahead and astray' 'Clock'
suite 'bit flips over bundles' '^BundleFlip'
suite 'kill -9 in the store' '^KillTest\.'
suite 'kill -9 over the pipeline' '^PipelineKillTest\.'
suite 'failing disks and lost power' 'DiskFaultTest\.|FullDiskTest\.'
suite 'nothing leaves' '^e2e\.no_egress$'

printf '\nFigures\n'
sed 's/^FIGURE /  /' "$log"
if [ ${#failed[@]} -ne 0 ]; then
  printf '\nFAILED: %s\n' "${failed[@]}"
  exit 1
fi
