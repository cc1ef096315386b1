# What the tour shows of updates without a network, and of ways back. Sourced by run.sh.

repository_of() { printf '%s' "$state/publisher/$1/repository"; }

# run_and_show EXIT-CODE PATTERN COMMAND ARGUMENT…: as ask, for any program.
run_and_show() {
  local expected_code=$1 pattern=$2 code=0 answer
  shift 2
  printf '\n  $'
  printf ' %q' "$@"
  printf '\n'
  answer=$("$@" 2>&1) || code=$?
  printf '%s\n' "$answer" | sed 's/^/    /'
  if [ "$code" -ne "$expected_code" ]; then fail "exit code $code, expected $expected_code"; fi
  if ! grep -Eqz "$pattern" <<<"$answer"; then fail "no match for /$pattern/"; fi
}

# A page that no earlier tour listed.
partner_page="http://files.partner.example/contract-$(date +%s).iso"
publish_partner() {  # FILE: the page in it becomes that of this tour
  sed "s|http://files.partner.example/contract.iso|$partner_page|" "$here/feeds/$1" \
    >"$state/sources/$1"
  publish partner "csv:$state/sources/$1" >/dev/null
}

# A bundle of the feed "partner", which no network reaches: publisher -> medium -> operator.
show_offline_bundle() {
  local bundle=$state/medium/partner.bundle
  rm -rf "$state/medium"
  mkdir -p "$state/medium"
  say "A feed that comes on a medium: an offline bundle, made without any signing key"
  publish_partner partner.csv
  run_and_show 0 'partner' cloister bundle create --from "$(repository_of partner)" \
    --root "partner=$state/etc/partner.root.json" --out "$bundle"
  run_and_show 0 'authentic' cloister bundle verify "$bundle" \
    --root "partner=$state/etc/partner.root.json"
  ask 0 'NOT LISTED' lookup "$partner_page"
  ask 0 'imported|unchanged' bundle import "$bundle" --reason 'medium 17, received by hand'
  wait_for 30 serves_newest partner || fail "the bundle's version does not serve"
  ask 10 'MALICIOUS' lookup "$partner_page"
}

# Somebody on the way alters the next medium.
show_tampered_bundle() {
  local bundle=$state/medium/partner-next.bundle size
  say "The next medium was tampered with: refused by reason, and what serves goes on serving"
  publish_partner partner-update.csv
  cloister bundle create --from "$(repository_of partner)" --out "$bundle" \
    --root "partner=$state/etc/partner.root.json" >/dev/null
  cp "$bundle" "$state/medium/tampered.bundle"
  size=$(stat -c %s "$bundle")
  printf 'X' | dd of="$state/medium/tampered.bundle" bs=1 seek=$((size - 12000)) conv=notrunc status=none
  ask 5 'refused, bundle_malformed' bundle import "$state/medium/tampered.bundle" \
    --reason 'medium 18'
  ask 10 'MALICIOUS' lookup "$partner_page"
  printf '\n  The genuine one:\n'
  run_and_show 0 'malicious added' cloister bundle diff "$bundle" --against "$state/spool" \
    --root "partner=$state/etc/partner.root.json"
  ask 0 'imported' bundle import "$bundle" --reason 'medium 18, sent again'
  wait_for 30 serves_newest partner || fail "the genuine bundle's version does not serve"
  ask 10 'MALICIOUS' lookup 'relay.partner.example'
}

# A way back: instantly, audited, and it stays until an operator lets updates go on.
show_rollback() {
  local before
  say "An operator goes back to the version before, and on again"
  before=$(served_version partner)
  ask 0 'MALICIOUS removed' feeds diff partner "$((before - 1))"
  ask 0 'partner' feeds rollback partner --reason 'ticket 4712: false alarms'
  ask 0 'NOT LISTED' lookup 'relay.partner.example'
  ask 0 'pinned' feeds
  ask 0 'partner' feeds unpin partner --reason 'ticket 4712: our own mistake'
  wait_for 30 serves_newest partner || fail "the newest version does not serve again"
  ask 10 'MALICIOUS' lookup 'relay.partner.example'
  ask 0 'SOUND' verify partner
}
