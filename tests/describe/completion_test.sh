#!/usr/bin/env bash
# Sources the completion of each program in bash and holds what it offers against a table.
#   completion_test.sh CLOISTER_DESCRIBE SOURCE_DIRECTORY
set -euo pipefail

describe=$1
source_directory=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$describe" completion "$folder/scripts" --engine "$source_directory/deploy/completion/engine.bash"
for script in "$folder"/scripts/*; do
  # shellcheck disable=SC1090
  source "$script"
done
mkdir -p "$folder/here/keys" "$folder/here/with blank"
cd "$folder/here"
touch threats.csv threats.toml

failed=0
fail() {
  printf 'FAILED: %s\n  offered:  %s\n  expected: %s\n' "$1" "$2" "$3"
  failed=1
}

# The words as bash cuts them: at "=" and ":", too. The last one is to be completed.
complete_words() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  local function
  function=$(complete -p "$1" | sed -E 's/.*-F ([^ ]+) .*/\1/')
  set +eu  # as an interactive shell is
  "$function"
  set -eu
}

# offers "EXPECTED|…" WORD... : exactly these, in any order
offers() {
  local expected=$1 offered
  shift
  complete_words "$@"
  offered=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd'|')
  expected=$(tr '|' '\n' <<<"$expected" | sort | paste -sd'|')
  [ "$offered" = "$expected" ] || fail "$*" "$offered" "$expected"
}

# has "CANDIDATE" WORD... : this among others
has() {
  local expected=$1
  shift
  complete_words "$@"
  printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -e "$expected" || fail "$*" "${COMPREPLY[*]}" "$expected"
}

# commands, at each level
offers 'create|diff|inspect|verify' cloister-bundle ''
offers 'lookup' cloister lo
offers 'override' cloister --output json ov
offers 'delete|export|import|list|set' cloister override ''
offers 'rebuild|reject|rollback' cloister feeds r
offers 'add|apply' cloister-publish keys a
offers 'publish' cloister-publish pub
# options: one's own, those of parents where they are understood, and at once where nothing else is
has '--verdict' cloister override set --v
has '--server-name' cloister override set --server
offers '--repository' cloister-publish status --rep
offers '' cloister-publish status --verdict
offers '--help|-h|--repository|--output' cloister-publish status ''
offers '--check-config|--config' cloisterd --c
offers '--status' cloister-sync --config threats.toml --st
# values from fixed sets, as a word of their own, behind "=", and several with commas
offers 'trusted' cloister override set example.com --verdict t
offers 'malicious|unwanted|suspicious|trusted|known' cloister override set x --verdict ''
offers 'text|json' cloister --output =
offers 'json' cloister --output = j
offers 'subdomains_only|subtree' cloister override set --scope sub
offers 'targets|timestamp' cloister-publish keys create --role t
offers 'targets,snapshot' cloister-publish keys create --role targets,s
offers 'ecdsa-p256|ed25519' cloister-publish keys create --algorithm ''
offers '' cloister-publish init --feed thr
# files and folders
offers 'threats.csv|threats.toml' cloister-publish build thr
offers 'keys|with blank' cloister-publish status --repository ''
offers 'keys' cloister-publish keys add --keys ke
offers 'threats.toml' cloisterd --config = threats.t
offers 'with blank' cloister lookup wi
offers 'threats.csv|threats.toml' cloister-sync --config th
# FORMAT:FILE
offers 'urlhaus-hosts:|urlhaus-text:|urlhaus:' cloister-publish publish --source urlh
offers 'keys|with blank|threats.csv|threats.toml' cloister-publish publish --source csv :
offers 'threats.csv' cloister-publish publish --source csv : threats.c
offers 'threats.csv' cloister override import csv : threats.c
offers 'stalkerware|stix' cloister override import --format st
# a shell that cuts words at blanks only has all of the word replaced
offers 'csv:threats.csv' cloister-publish publish --source csv:threats.c
offers '--output=json' cloister --output=j
# what another program does is completed as there; what is behind "--" is no option
offers '--since' cloister bundle create --s
offers 'threats.csv|threats.toml' cloister bundle verify thr
offers '' cloister lookup -- --k

exit "$failed"
