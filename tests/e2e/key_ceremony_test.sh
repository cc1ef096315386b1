#!/usr/bin/env bash
# Rehearses docs/key-ceremony.md: takes its commands out of it and runs them in their order, with
# the real cloister-publish, a software token, and cloister-sync, which has to follow every change
# of keys from the root that it was given first.
#
#   key_ceremony_test.sh SOURCE-DIRECTORY BIN-DIRECTORY
set -euo pipefail

source=${1:?usage: key_ceremony_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}
bin=${2:?usage: key_ceremony_test.sh SOURCE-DIRECTORY BIN-DIRECTORY}
PATH=$(cd "$bin" && pwd):$PATH
page=$(cd "$source" && pwd)/docs/key-ceremony.md

PKCS11_MODULE=/usr/lib/softhsm/libsofthsm2.so
for needed in "$PKCS11_MODULE" /usr/lib/*/engines-3/pkcs11.so; do
  if [ ! -e "$needed" ]; then
    printf 'SKIPPED: %s is missing; install softhsm2 and libengine-pkcs11-openssl\n' "$needed"
    exit 77
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 077

# What the page names, and leaves to whoever follows it.
MEDIUM_ALICE=$work/alice
MEDIUM_BOB=$work/bob
MEDIUM_CAROL=$work/carol
CARRIER=$work/carrier
KEYS=$work/keys
NEW_KEYS=$work/new-keys
CLEAN_KEYS=$work/clean-keys
NEXT_ROOT_KEYS=$work/next-root-keys
NEXT_KEYS=$work/next-keys
REPOSITORY=$work/repository
NEXT_REPOSITORY=$work/next-repository
OWN_COPY_OF_ROOT=$work/own-copy-of-1.root.json
FEED_CSV=$work/threats.csv
PIN_FILE=$work/pin
mkdir "$CARRIER" "$work/tokens" "$work/credentials"
printf '4711\n' >"$PIN_FILE"
printf 'five words chosen by dice\n' >"$work/credentials/passphrase"
printf 'kind,value,verdict\nhost,bad.example,malicious\n' >"$FEED_CSV"
# What the thief of a key leaves behind; laid there before each change of keys.
lay_raised_versions() {
  for name in 9007199254740991.snapshot.json 9007199254740991.targets.json; do
    printf '{}' >"$REPOSITORY/metadata/$name"
  done
}
# Nobody sits at a terminal here: passphrases come as systemd would hand them over.
export CREDENTIALS_DIRECTORY=$work/credentials

export SOFTHSM2_CONF=$work/softhsm2.conf
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
  "$work/tokens" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label ceremony --so-pin 12345678 --pin 4711 >/dev/null

die() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

# appliance NAME REPOSITORY FIRST-ROOT: one run of cloister-sync, whose state stays.
appliance() {
  local state=$work/appliances/$1
  mkdir -p "$state/spool" "$state/sync"
  cat >"$state/sync.toml" <<TOML
spool_directory = "$state/spool"
state_directory = "$state/sync"
[[feed]]
name = "threats"
url = "file://$2/"
root = "$3"
TOML
  cloister-sync --config "$state/sync.toml" --once >"$state/log" 2>&1 || {
    cat "$state/log" >&2
    die "the appliance $1 does not follow"
  }
}

newest_root() { find "$1/metadata" -name '*.root.json' -printf '%f\n' | sort -n | tail -n 1; }

# What the newest hand-over of an appliance trusts has to be what is published now.
holds_newest() {  # NAME REPOSITORY
  local entry
  entry=$(find "$work/appliances/$1/spool/threats" -mindepth 1 -maxdepth 1 -name '[0-9]*' | sort | tail -n 1)
  cmp -s "$entry/metadata/timestamp.json" "$2/metadata/timestamp.json" ||
    die "the appliance $1 does not have the newest timestamp"
  cmp -s "$entry/metadata/$(newest_root "$2")" "$2/metadata/$(newest_root "$2")" ||
    die "the appliance $1 does not have the newest root"
}

rehearse() {
  case $1 in
    'appliance follows')
      [ -e "$OWN_COPY_OF_ROOT" ] || cp "$REPOSITORY/metadata/1.root.json" "$OWN_COPY_OF_ROOT"
      appliance long-serving "$REPOSITORY" "$OWN_COPY_OF_ROOT"
      holds_newest long-serving "$REPOSITORY"
      # One that was just unpacked, and knows the oldest root only.
      followed=$((followed + 1))
      appliance "new-$followed" "$REPOSITORY" "$OWN_COPY_OF_ROOT"
      holds_newest "new-$followed" "$REPOSITORY"
      cloister-publish verify --repository "$REPOSITORY" >/dev/null
      lay_raised_versions
      ;;
    'appliance starts anew')
      appliance anew "$NEXT_REPOSITORY" "$NEXT_REPOSITORY/metadata/1.root.json"
      holds_newest anew "$NEXT_REPOSITORY"
      ;;
    *) die "the page asks for a rehearsal that is not known: $1" ;;
  esac
}
followed=0

# Blocks marked `sh`, in their order; marks of the rehearsal between them become calls.
awk '/^```sh$/ { inside = 1; next }
     /^```$/ { inside = 0; next }
     inside { print; next }
     match($0, /^<!-- rehearsal: .* -->$/) {
       mark = $0; sub(/^<!-- rehearsal: /, "", mark); sub(/ -->$/, "", mark)
       printf "rehearse \"%s\"\n", mark
     }' "$page" >"$work/commands.sh"
[ "$(grep -c '^rehearse' "$work/commands.sh")" -ge 6 ] || die "the page lost its rehearsals"
[ "$(grep -c '^cloister-publish' "$work/commands.sh")" -ge 30 ] || die "the page lost its commands"

set -x
. "$work/commands.sh" >"$work/output"
set +x

[ "$(newest_root "$REPOSITORY")" = 5.root.json ] || die "not every change of keys came in force"
find "$REPOSITORY/metadata" -name '*.json' | grep -E '/[0-9]{6,}\.' | grep -vq '/9007199254740991\.' &&
  die "publishing counted on from a raised version"
grep -q 'Signed. All signatures are there' "$work/output" || die "no staged root was fully signed"
printf 'all as the page says, %s appliances followed from the oldest root\n' "$followed"
