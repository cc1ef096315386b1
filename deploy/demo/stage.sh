# Sets the stage for the tour: keys, feeds, configuration, processes. Sourced by run.sh.

failures=0
server_pid=
sync_pid=

bold() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }
say() { printf '\n'; bold "$*"; }
fail() {
  printf '    NOT AS EXPECTED: %s\n' "$*"
  failures=$((failures + 1))
}

# wait_for SECONDS COMMAND…: until the command succeeds; the programs themselves are the clock.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then return 1; fi
    if [ -n "$server_pid" ] && ! kill -0 "$server_pid" 2>/dev/null; then return 1; fi
    read -r -t 0.05 <> <(:) || true
  done
}

stop_everything() {
  local status=$?
  trap - EXIT
  for pid in $sync_pid $server_pid; do
    kill -CONT "$pid" 2>/dev/null || true
    kill -TERM "$pid" 2>/dev/null || true
  done
  for pid in $sync_pid $server_pid; do wait "$pid" 2>/dev/null || true; done
  exit "$status"
}

make_certificates_and_keys() {
  say "Demonstration certificates and signing keys (in $state, for this tour only)"
  "$here/certificates.sh" "$state/pki"
  mkdir -p "$state/sources"
  for feed in software threats partner; do
    if [ ! -d "$state/publisher/$feed/repository" ]; then
      mkdir -p "$state/publisher/$feed"
      # Nobody is there to be asked: root and targets keys get a passphrase from a file.
      (umask 077 && head -c 30 /dev/urandom | base64 >"$state/publisher/$feed/passphrase")
      cloister-publish keys create --out "$state/publisher/$feed/keys" \
        --passphrase-file "$state/publisher/$feed/passphrase" --unencrypted snapshot,timestamp
      cloister-publish init --feed "$feed" --keys "$state/publisher/$feed/keys" \
        --passphrase-file "$state/publisher/$feed/passphrase" \
        --repository "$state/publisher/$feed/repository"
    fi
  done
}

# The package index that apt keeps on this machine, whatever it is compressed with.
package_index() {
  local index
  apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' |
    while read -r index; do
      for file in "$index" "$index".*; do
        if [ -f "$file" ]; then printf '%s\n' "$file"; fi
      done
    done | xargs -r ls -S | head -n 1
}

publish() {  # FEED SOURCE [OPTION…]
  local feed=$1 source=$2
  shift 2
  cloister-publish publish --repository "$state/publisher/$feed/repository" \
    --keys "$state/publisher/$feed/keys" --passphrase-file "$state/publisher/$feed/passphrase" \
    --source "$source" --minimum-poll 1 "$@"
}

publish_feeds() {
  local index
  index=$(package_index)
  if [ -z "$index" ]; then
    say "apt keeps no package index on this machine yet; fetching it"
    $([ "$(id -u)" -eq 0 ] || printf sudo) apt-get update -qq
    index=$(package_index)
  fi
  if [ -z "$index" ]; then
    printf 'apt has no package index; check /etc/apt/sources.list and run "apt-get update".\n' >&2
    exit 1
  fi
  say "Publishing the feed \"software\" from this machine's package index ($index)"
  /usr/lib/apt/apt-helper cat-file "$index" >"$state/sources/Packages"
  publish software "debian-packages:$state/sources/Packages"
  say "Publishing the feed \"threats\" from two sources, as its publication file describes"
  write_publication
  sed 's/^/    /' "$state/etc/threats.publication.toml"
  printf '\n'
  build_threats threats.csv
}

# What the feed "threats" is made of: docs/publication.md.
write_publication() {
  mkdir -p "$state/etc"
  cat >"$state/etc/threats.publication.toml" <<TOML
[repository]
path = "$state/publisher/threats/repository"
state_directory = "$state/publisher/threats/state"
minimum_poll_s = 1

[keys]
folders = ["$state/publisher/threats/keys"]
passphrase_file = "$state/publisher/threats/passphrase"

[guards]
private_network = "off"  # what the demonstration lists is reserved for documentation
own_domains = ["bank.test"]

[[source]]
name = "indicators"
format = "csv"
path = "$state/sources/threats.csv"
trust = 80
licence = "CC0-1.0"
redistribution = "allowed"

[[source]]
name = "community"
format = "domain"
path = "$here/feeds/community.txt"
trust = 30
confidence = 40
add_categories = ["phishing"]
attribution = "volunteers of the demonstration"
redistribution = "internal"
TOML
}

# build_threats FILE: the indicators are now those of FILE.
build_threats() {
  cp "$here/feeds/$1" "$state/sources/threats.csv"
  cloister-publish build "$state/etc/threats.publication.toml"
}

write_configuration() {
  mkdir -p "$state/etc" "$state/log" "$state/spool" "$state/inbox"
  cat >"$state/etc/cloister-sync.toml" <<TOML
spool_directory = "$state/spool"
state_directory = "$state/sync"

[import]
folders = ["$state/inbox"]
remove_after_import = true
poll_interval_s = 1
TOML
  cat >"$state/etc/cloisterd.toml" <<TOML
data_directory = "$state/data"
spool_directory = "$state/spool"

[listen]
address = "127.0.0.1:0"  # any free port

[tls]
certificate = "$state/pki/server.pem"
key = "$state/pki/server.key"
client_ca = "$state/pki/ca.pem"

[metrics]
address = "127.0.0.1:0"

[updates]
inbox_directory = "$state/inbox"

[[identity]]
name = "gateway.demo.invalid"
role = "gateway"

[[identity]]
name = "operator.demo.invalid"
role = "operator"
TOML
  local feed
  for feed in software threats partner; do
    cp "$state/publisher/$feed/repository/metadata/1.root.json" "$state/etc/$feed.root.json"
    cat >>"$state/etc/cloister-sync.toml" <<TOML

[[feed]]
name = "$feed"
root = "$state/etc/$feed.root.json"
TOML
    if [ "$feed" != partner ]; then  # partner has no address: it comes in bundles
      cat >>"$state/etc/cloister-sync.toml" <<TOML
url = "file://$state/publisher/$feed/repository/"
poll_interval_s = 1
TOML
    fi
    cat >>"$state/etc/cloisterd.toml" <<TOML

[[feed]]
name = "$feed"
root = "$state/etc/$feed.root.json"
TOML
  done
}

start_programs() {
  say "Starting cloister-sync and cloisterd (loopback, mutual TLS)"
  cloister-sync --config "$state/etc/cloister-sync.toml" 2>>"$state/log/cloister-sync.log" &
  sync_pid=$!
  rm -f "$state/address.json"
  cloisterd --config "$state/etc/cloisterd.toml" --address-file "$state/address.json" \
    2>>"$state/log/cloisterd.log" &
  server_pid=$!
  if ! wait_for 30 test -s "$state/address.json"; then
    tail -n 5 "$state/log/cloisterd.log" >&2
    exit 1
  fi
  export CLOISTER_SERVER CLOISTER_CA CLOISTER_CERTIFICATE CLOISTER_KEY
  CLOISTER_SERVER=$(jq -r .grpc "$state/address.json")
  CLOISTER_CA=$state/pki/ca.pem
  CLOISTER_CERTIFICATE=$state/pki/operator.pem
  CLOISTER_KEY=$state/pki/operator.key
  printf '    cloisterd answers on %s\n' "$CLOISTER_SERVER"
}

# The version that the server serves of a feed; 0 if none.
served_version() { cloister --output json feeds | jq -r ".feeds[] | select(.name == \"$1\") | .version // 0"; }
# The version that the publisher's newest metadata offers.
published_version() {
  cloister-publish status --output json --repository "$state/publisher/$1/repository" | jq -r .version
}
serves_newest() { [ "$(served_version "$1")" = "$(published_version "$1")" ]; }

wait_until_feeds_serve() {
  local feed
  for feed in software threats; do
    if ! wait_for 60 serves_newest "$feed"; then
      printf 'the feed %s does not serve; see %s/log\n' "$feed" "$state" >&2
      exit 1
    fi
  done
  cloister feeds
}
