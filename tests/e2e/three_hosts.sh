# The three hosts of the proof that nothing leaves, and what happens on them. Sourced by
# no_egress_test.sh, within namespaces of its own; `work`, `bin` and `source` are set.

upstream=10.71.1.1
appliance_for_upstream=10.71.1.2
gateway=10.71.2.1
appliance_for_gateway=10.71.2.2
answers="src host $appliance_for_gateway and tcp and (src port 7447 or src port 9464)"

die() {
  tail -n 10 "$work"/*.log >&2 || true
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

on() { nsenter --net="/run/netns/$1" "${@:2}"; }
on_appliance() { on appliance "$@"; }
# For programs in the background: $! is then the program itself.
become_on() { exec nsenter --net="/run/netns/$1" "${@:2}"; }

# ---- hosts and wires ------------------------------------------------------------------------

# wire HOST ADDRESS ADDRESS-OF-APPLIANCE
wire() {
  ip link add "to-$1" netns appliance type veth peer name eth0 netns "$1"
  on appliance ip address add "$3/24" dev "to-$1"
  on "$1" ip address add "$2/24" dev eth0
  on appliance ip link set "to-$1" up
  on "$1" ip link set eth0 up
  # Nobody has to ask for link addresses, so every frame means that somebody has something to say.
  on appliance ip neigh replace "$2" lladdr "$(link_address "$1" eth0)" dev "to-$1" nud permanent
  on "$1" ip neigh replace "$3" lladdr "$(link_address appliance "to-$1")" dev eth0 nud permanent
}

link_address() { on "$1" ip -json link show "$2" | jq -r '.[0].address'; }  # HOST LINK

make_hosts() {
  local host
  for host in upstream appliance gateway; do
    ip netns add "$host"
    on "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    on "$host" ip link set lo up
  done
  wire upstream "$upstream" "$appliance_for_upstream"
  wire gateway "$gateway" "$appliance_for_gateway"
  appliance_mac_upstream=$(link_address appliance to-upstream)
  appliance_mac_gateway=$(link_address appliance to-gateway)
}

# ---- captures -------------------------------------------------------------------------------

captures=()
start_captures() {  # NAME
  local link
  for link in to-upstream to-gateway lo; do
    local file=$work/$1.${link#to-}
    file=${file/%.lo/.loopback}
    become_on appliance tcpdump -Z root -i "$link" -U --immediate-mode -w "$file.pcap" 2>"$file.tcpdump" &
    captures+=($!)
    wait_for_line 'listening on' "$file.tcpdump"
  done
}
stop_captures() {
  kill -INT "${captures[@]}"
  wait "${captures[@]}"
  captures=()
}
count() { tcpdump -nr "$work/$1.$2.pcap" ${3:+"$3"} 2>/dev/null | wc -l; }
expect_none() {  # CAPTURE LINK FILTER COMPLAINT
  [ "$(count "$1" "$2" "$3")" -eq 0 ] && return
  tcpdump -nr "$work/$1.$2.pcap" ${3:+"$3"} 2>/dev/null | head -n 10 >&2
  die "$4"
}

# wait_for_line PATTERN FILE: until a line of the file matches; the file may still grow.
wait_for_line() {
  timeout 60 grep -q -m 1 -- "$1" <(tail -n +1 -F "$2" 2>/dev/null) || die "no \"$1\" in $2"
}

# ---- the feed -------------------------------------------------------------------------------

make_feed() {
  "$source/deploy/demo/certificates.sh" "$work/pki"
  (umask 077 && echo 'for this test only' >"$work/passphrase")
  cloister-publish keys create --out "$work/keys" --passphrase-file "$work/passphrase" \
    --unencrypted targets,snapshot,timestamp >"$work/publish.log"
  cloister-publish init --feed threats --keys "$work/keys" --passphrase-file "$work/passphrase" \
    --repository "$work/repository" >>"$work/publish.log"
  cp "$work/repository/metadata/1.root.json" "$work/root.json"
}

# publish VERSION: its listings change from hour to hour; what it published stays in its own folder.
publish() {
  {
    printf 'kind,value,verdict\n'
    local i
    for ((i = $1; i < $1 + 50; i++)); do printf 'host,h%s.phishing.example,malicious\n' "$i"; done
  } >"$work/threats.csv"
  cloister-publish publish --repository "$work/repository" --keys "$work/keys" --minimum-poll 0 \
    --source "csv:$work/threats.csv" >>"$work/publish.log"
  cp -a "$work/repository" "$work/version.$1"
  turn_to "$1"
}
turn_to() { ln -sfn "$work/version.$1" "$work/current"; }

start_upstream() {  # what it is asked is recorded in the file that a link names
  become_on upstream node "$source/tests/e2e/recording_upstream.mjs" "$upstream" 8080 "$work/current" \
    "$work/requests" >"$work/upstream.log" 2>&1 &
  wait_for_line ready "$work/upstream.log"
}
record_requests() {  # NAME
  : >"$work/requests.$1"
  ln -sfn "$work/requests.$1" "$work/requests"
}

# ---- the appliance --------------------------------------------------------------------------

write_configuration() {  # URL
  mkdir -p "$work/spool"
  cat >"$work/cloister-sync.toml" <<TOML
spool_directory = "$work/spool"
state_directory = "$work/sync"
[[feed]]
name = "threats"
url = "$1"
root = "$work/root.json"
allow_http = true
TOML
  cat >"$work/cloisterd.toml" <<TOML
data_directory = "$work/data"
spool_directory = "$work/spool"
[listen]
address = "$appliance_for_gateway:7447"
[tls]
certificate = "$work/pki/server.pem"
key = "$work/pki/server.key"
client_ca = "$work/pki/ca.pem"
[metrics]
address = "$appliance_for_gateway:9464"
[[identity]]
name = "gateway.demo.invalid"
role = "gateway"
[[identity]]
name = "operator.demo.invalid"
role = "operator"
[updates]
poll_interval_ms = 50
[[feed]]
name = "threats"
root = "$work/root.json"
TOML
}

start_server() {
  become_on appliance cloisterd --config "$work/cloisterd.toml" 2>>"$work/cloisterd.log" &
  server=$!
  wait_for_line "serving grpc" "$work/cloisterd.log"
}
stop_server() {
  kill -TERM "$server"
  wait "$server" || die "cloisterd ended with $?"
}
kill_and_restart_server() {
  kill -KILL "$server"
  wait "$server" 2>/dev/null || true
  mv "$work/cloisterd.log" "$work/cloisterd.killed.log"
  start_server
}
wait_for_log() { wait_for_line "$1" "$work/cloisterd.log"; }

sync_once() {
  on_appliance cloister-sync --config "$work/cloister-sync.toml" --once >>"$work/sync.log" 2>&1 ||
    die "cloister-sync failed"
}

# A hostile worker: a newer entry, whose metadata is not what was signed.
hand_over_an_altered_version() {
  local entry altered=$work/spool/threats/.incoming-altered
  entry=$(find "$work/spool/threats" -mindepth 1 -maxdepth 1 -name '0*' | sort | tail -n 1)
  cp -a "$entry" "$altered"
  sed -i 's/"version": [0-9]*/"version": 999/' "$altered/metadata/timestamp.json"
  mv "$altered" "$work/spool/threats/00000000000000000999"
  wait_for_log "update refused feed=threats"
  rm -rf "$work/spool/threats/00000000000000000999"
}

forget_everything() { rm -rf "$work/spool" "$work/sync" "$work/data" "$work/cloisterd.log"; }

# ---- the gateway ----------------------------------------------------------------------------

ask_as() {  # ROLE ARGUMENT…
  on gateway cloister --server "$appliance_for_gateway:7447" --server-name localhost \
    --ca "$work/pki/ca.pem" --certificate "$work/pki/$1.pem" --key "$work/pki/$1.key" "${@:2}" \
    >>"$work/gateway.log" 2>&1
}

# An hour of mail: a batch, single questions, an override, a look at the statistics.
work_as_gateways() {
  local i
  for ((i = 0; i < 200; i++)); do
    printf 'http://h%s.phishing.example/%s\nhttp://news%s.example.org/\n192.0.2.%s\n' \
      "$i" "$1" "$i" "$i"
  done >"$work/mail.txt"
  ask_as gateway lookup - <"$work/mail.txt" || [ $? -eq 10 ] || die "a batch failed"
  for ((i = 0; i < 5; i++)); do
    ask_as gateway lookup "h$(($1 + i)).phishing.example" || [ $? -eq 10 ] || die "a lookup failed"
  done
  ask_as operator override set "h$1.phishing.example" --verdict trusted --reason 'a false alarm' ||
    die "an override failed"
  ask_as operator explain "h$1.phishing.example" || die "explain failed"
  ask_as operator override delete "h$1.phishing.example" --reason 'over' || die "deleting failed"
  ask_as operator feeds || die "feeds failed"
  ask_as operator audit || die "audit failed"
  on gateway curl -sf "http://$appliance_for_gateway:9464/metrics" >/dev/null ||
    die "no statistics were served"
}

# A role that may not, and no certificate at all.
call_without_right() {
  if ask_as gateway override set x.example --verdict trusted --reason 'no right to'; then
    die "a gateway could override"
  fi
  if on gateway curl -sk --max-time 5 "https://$appliance_for_gateway:7447/"; then
    die "somebody without a certificate was answered"
  fi
}

roll_back_and_on() {
  ask_as operator feeds rollback threats --reason 'to see whether it shows' || die "no rollback"
  ask_as operator feeds unpin threats --reason 'seen' || die "no unpin"
}
