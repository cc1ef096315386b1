# What the tour shows. Sourced by run.sh.

# ask EXIT-CODE PATTERN ARGUMENT…: runs cloister, shows command and answer, compares both.
ask() {
  local expected_code=$1 pattern=$2 code=0 answer
  shift 2
  printf '\n  $ cloister'
  printf ' %q' "$@"
  printf '\n'
  answer=$(cloister "$@" 2>&1) || code=$?
  printf '%s\n' "$answer" | sed 's/^/    /'
  if [ "$code" -ne "$expected_code" ]; then fail "exit code $code, expected $expected_code"; fi
  if ! grep -Eqz "$pattern" <<<"$answer"; then fail "no match for /$pattern/"; fi
}

# The harmless file that every scanner agrees to detect, in its published archive (eicar_com.zip):
# one stored entry, put together field by field so that no scanner minds this script. The result is
# the same byte for byte, which its digest shows.
make_eicar_zip() {
  local about='\x00\x00\x00\x00\xe0\x98\xb8\x28\x3c\xcf\x51\x68\x44\x00\x00\x00\x44\x00\x00\x00\x09\x00'
  {
    printf "PK\x03\x04\x0a\x00$about\x00\x00eicar.com"
    printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}' '$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
    printf "PK\x01\x02\x14\x00\x0a\x00$about\x00\x00\x00\x00\x00\x00\x01\x00\x20\x00\xff\x81\x00\x00\x00\x00eicar.com"
    printf 'PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\x37\x00\x00\x00\x6b\x00\x00\x00\x00\x00'
  } >"$1"
}

show_verdicts() {
  say "An attachment: the EICAR test archive, hashed by the command"
  make_eicar_zip "$state/invoice.zip"
  ask 10 'MALICIOUS' lookup "$state/invoice.zip"

  say "A listed URL, written in a way that hides it"
  ask 10 'MALICIOUS' lookup 'hxxp://Downloads[.]EXAMPLE.com.:80/x/../updates/%69nstaller.exe#now'
  say "The same listing, personalised for its reader"
  ask 10 'MALICIOUS' lookup 'http://downloads.example.com/updates/installer.exe?to=alice@bank.test'
  say "Its neighbour on the same host is not listed"
  ask 0 'NOT LISTED' lookup 'http://downloads.example.com/updates/readme.txt'

  say "A host below a listed domain, and an address in a listed network"
  ask 10 'MALICIOUS' lookup 'login.account.phishing.example'
  ask 10 'MALICIOUS' lookup '192.0.2.77'

  say "A name of the second source; of its others one is a public suffix, one our own: not published"
  ask 10 'MALICIOUS' lookup 'shop-login.example'
  ask 0 'NOT LISTED' lookup 'www.bank.test'

  say "A package of this distribution, by digest and by package URL"
  local digest name version
  read -r name version digest < <(awk '/^Package: /{p=$2} /^Version: /{v=$2}
    /^SHA256: /{if (p == "bash") {print p, v, $2; exit}}' "$state/sources/Packages")
  ask 0 'KNOWN' lookup "$digest"
  ask 0 'KNOWN' lookup "pkg:deb/debian/$name@$version"

  say "A file that nobody knows, and a kind that no feed covers"
  ask 0 'NOT LISTED' lookup "$(printf 'unknown to everyone' | sha256sum | cut -d' ' -f1)"
  ask 13 'NOT COVERED' lookup "signer:$(printf 'a certificate' | sha256sum | cut -d' ' -f1)"
}

flipped() { cloister lookup "$1"; [ $? -eq "$2" ]; }

show_verdict_flip() {
  local object='http://cdn.example.net/promo/app.apk' before after started
  say "A delta flips a verdict: $object"
  ask 0 'NOT LISTED' lookup "$object"
  started=$(date +%s.%N)
  build_threats threats-update.csv
  wait_for 30 flipped "$object" 10 || true
  ask 10 'MALICIOUS' lookup "$object"
  printf '    from "publish" to the new verdict: %.1f s (the worker polls every second)\n' \
    "$(jq -n "$(date +%s.%N) - $started")"
}

show_override() {
  local object='192.0.2.77'
  say "An operator overrides a verdict; explain shows what it outranked"
  ask 0 "$object" override set "$object" --verdict trusted --reason 'our own scanner, ticket 4711'
  ask 0 'TRUSTED' lookup "$object"
  ask 0 'outranked' explain "$object"
  ask 0 "$object" override list
  ask 0 "$object" override delete "$object" --reason 'tour is over'
  ask 10 'MALICIOUS' lookup "$object"
}

refused() { cloister --output json feeds | jq -e '.feeds[] | select(.name == "threats") | .rejectReason // .reject_reason // "" | test("target_hash_mismatch")'; }

# Somebody who can write to the hand-over folder swaps a pack for an altered one.
show_altered_pack() {
  local entry pack
  say "A pack is altered on its way: the server refuses it by reason and serves on"
  kill -STOP "$sync_pid"
  build_threats threats.csv >/dev/null
  sed -e "s|^spool_directory.*|spool_directory = \"$state/altered/spool\"|" \
    -e "s|^state_directory.*|state_directory = \"$state/altered/state\"|" \
    "$state/etc/cloister-sync.toml" >"$state/etc/altered.toml"
  rm -rf "$state/altered"
  mkdir -p "$state/altered/spool"
  cloister-sync --once --config "$state/etc/altered.toml" >/dev/null 2>>"$state/log/cloister-sync.log"
  entry=$(ls "$state/altered/spool/threats" | grep -E '^[0-9]{20}$' | tail -n 1)
  for pack in "$state/altered/spool/threats/$entry/targets/"*; do
    cp "$pack" "$pack.altered"
    printf 'X' | dd of="$pack.altered" bs=1 seek=100 conv=notrunc status=none
    mv "$pack.altered" "$pack"
  done
  mv "$state/altered/spool/threats/$entry" "$state/spool/threats/.incoming-altered"
  mv "$state/spool/threats/.incoming-altered" "$state/spool/threats/$entry"
  wait_for 30 refused || true
  ask 0 'target_hash_mismatch' feeds
  ask 10 'MALICIOUS' lookup 'http://cdn.example.net/promo/app.apk'
  rm -rf "$state/spool/threats/$entry"
  kill -CONT "$sync_pid"
  printf '\n  The worker hands over the genuine version:\n'
  wait_for 30 serves_newest threats || fail "the genuine version does not serve"
  ask 0 'NOT LISTED' lookup 'http://cdn.example.net/promo/app.apk'
}

show_no_outgoing_connection() {
  say "Connections that cloisterd opened itself"
  local listening opened
  listening=$(ss -Htlnp | grep "pid=$server_pid," | awk '{print $4}' | sort -u)
  opened=$(ss -Htunp state connected | grep "pid=$server_pid," |
    awk '{print $5}' | grep -vxF "$listening" || true)
  printf '    listens on: %s\n    opened: %s\n' "$(tr '\n' ' ' <<<"$listening")" "${opened:-none}"
  if [ -n "$opened" ]; then fail "cloisterd opened $opened"; fi
}

show_where_things_are() {
  say "Where things are"
  cat <<TEXT
    ask yourself    CLOISTER_SERVER=$CLOISTER_SERVER CLOISTER_CA=$CLOISTER_CA \\
                    CLOISTER_CERTIFICATE=$CLOISTER_CERTIFICATE CLOISTER_KEY=$CLOISTER_KEY \\
                    $bin/cloister lookup THING
    metrics         http://$(jq -r .metrics "$state/address.json")/metrics
    logs            $state/log/cloisterd.log, $state/log/cloister-sync.log
    configuration   $state/etc/cloisterd.toml, $state/etc/cloister-sync.toml
    feeds           $state/publisher
TEXT
}
