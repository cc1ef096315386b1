#!/usr/bin/env bash
# Proof that nothing leaves: three hosts in network namespaces (an upstream, an appliance, a
# gateway), every packet on the appliance's links captured, and a day's work in a minute.
#
#   no_egress_test.sh SOURCE-DIRECTORY BIN-DIRECTORY
#
# 1. cloisterd alone is on the network (versions reach its spool without one). Lookups, imports,
#    overrides, statistics, refusals, a kill: it must send nothing but answers to who called it.
# 2. cloister-sync fetches the same versions twice, once beside a server that nobody asks, once
#    beside one that is asked, overridden and rolled back. Its requests must be the same, byte for
#    byte.
#
# Exit code 77, which CTest takes for "skipped", where namespaces are not permitted.
set -euo pipefail

source=${1:?usage: no_egress_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}
bin=${2:?usage: no_egress_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}

skip() {
  printf 'SKIPPED: %s\n' "$1"
  exit 77
}

if [ -z "${CLOISTER_OWN_NAMESPACES:-}" ]; then
  for tool in ip nsenter unshare tcpdump node jq curl; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
  done
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(--user --map-root-user)
  unshare "${as_root[@]}" --net --mount sh -c \
    'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip netns add probe && ip netns del probe' \
    2>/dev/null || skip "network namespaces are not permitted here"
  # Sanitizers look into /proc, which has to be that of the new processes, where that is permitted.
  own_proc=(--mount-proc)
  unshare "${as_root[@]}" --mount --pid --fork --mount-proc true 2>/dev/null || own_proc=()
  CLOISTER_OWN_NAMESPACES=1 exec unshare "${as_root[@]}" --net --mount --pid --fork --kill-child \
    "${own_proc[@]}" "$0" "$@"
fi

mount -t tmpfs tmpfs /run
mkdir /run/netns
work=$(mktemp -d)
trap 'status=$?; kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"; exit $status' EXIT
export PATH="$bin:$PATH"

# shellcheck source=tests/e2e/three_hosts.sh
. "$source/tests/e2e/three_hosts.sh"

make_hosts
make_feed

# ---- 1. cloisterd sends nothing but answers -------------------------------------------------

hours=24
start_captures day
write_configuration "file://$work/current/"
start_server
for ((hour = 1; hour <= hours; hour++)); do
  publish "$hour"
  sync_once
  wait_for_log "update taken feed=threats version=$hour"
  work_as_gateways "$hour"
  case $hour in
    6) hand_over_an_altered_version "$hour" ;;
    12) call_without_right ;;
    18) kill_and_restart_server ;;
  esac
done
stop_server
stop_captures
printf 'captured: %s packets on the gateway link, %s of them from the appliance\n' \
  "$(count day gateway '')" "$(count day gateway "src host $appliance_for_gateway")"

expect_none day gateway "ether src $appliance_mac_gateway and not ($answers)" \
  "the appliance sent something to the gateway's network that is no answer"
expect_none day gateway \
  "src host $appliance_for_gateway and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn" \
  "the appliance opened a connection to the gateway's network"
expect_none day upstream "ether src $appliance_mac_upstream" \
  "something left towards the upstream while only cloisterd ran"
expect_none day loopback '' "something was sent to this host itself"
[ "$(count day gateway "$answers")" -gt 1000 ] || die "too few answers were captured to prove much"
printf 'FIGURE cloisterd over a day of %s imports: 0 packets but answers\n' "$hours"

# The same filters must notice one that does leave.
start_captures control
on_appliance curl --max-time 1 -s "http://$upstream:8080/" >/dev/null || true
on_appliance curl --max-time 1 -s "http://$gateway:1/" >/dev/null || true
stop_captures
[ "$(count control upstream "ether src $appliance_mac_upstream")" -gt 0 ] ||
  die "the capture towards the upstream would not have noticed a connection"
[ "$(count control gateway "ether src $appliance_mac_gateway and not ($answers)")" -gt 0 ] ||
  die "the capture towards the gateway would not have noticed a connection"

# ---- 2. cloister-sync's requests depend on public state alone -------------------------------

start_upstream
for life in quiet busy; do
  forget_everything
  record_requests "$life"
  write_configuration "http://$upstream:8080/"
  start_captures "$life"
  start_server
  for version in 1 2 3 5 8 9 24; do
    turn_to "$version"
    sync_once
    wait_for_log "update taken feed=threats version=$version"
    if [ "$life" = busy ]; then
      work_as_gateways "$version"
      if [ "$version" -eq 5 ]; then roll_back_and_on; fi
    fi
  done
  stop_server
  stop_captures
  expect_none "$life" upstream \
    "ether src $appliance_mac_upstream and not (tcp and dst host $upstream and dst port 8080)" \
    "something other than requests for files went to the upstream"
done
[ -s "$work/requests.quiet" ] || die "the upstream saw no requests"
cmp "$work/requests.quiet" "$work/requests.busy" ||
  die "cloister-sync asked for something else because of what the server was asked"
if grep -aiE 'user-agent|cookie|authorization|referer|accept-language' "$work/requests.busy" |
   tr -d '\r' | sort -u | grep -vxiE 'user-agent: [a-z-]+'; then
  die "a request carries more than a fixed user agent"
fi
printf 'FIGURE cloister-sync: %s requests, %s bytes, identical whatever was looked up\n' \
  "$(grep -ac '^GET ' "$work/requests.busy")" "$(stat -c %s "$work/requests.busy")"
printf 'all as expected\n'
