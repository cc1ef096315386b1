#!/usr/bin/env bash
# Holds the manual pages against what the programs themselves say with --help, and lets man and
# mandoc look for mistakes.
#   man_test.sh CLOISTER_DESCRIBE FOLDER_OF_PROGRAMS
set -euo pipefail

describe=$1
programs=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$describe" man "$folder" --date 2026-01-01

failed=0
fail() {
  printf 'FAILED: %s\n' "$*"
  failed=1
}

rendered() { mandoc -Tascii -Owidth=200 "$1" | sed $'s/.\b//g'; }

for page in "$folder"/*; do
  mandoc -Tlint -Wwarning "$page" || fail "mandoc finds fault with ${page##*/}"
  # Lines of examples may be wider than the page; that is no fault.
  warned=$(LC_ALL=C.UTF-8 MANWIDTH=120 man --warnings=w -l "$page" 2>&1 >/dev/null) ||
    fail "man does not show ${page##*/}"
  [ -z "$warned" ] || fail "man warns of ${page##*/}: $warned"
done

# What stands below a heading of --help, first word of each line.
below() { awk -v heading="$1" '$0 == heading { on = 1; next } /^[^ ]|^$/ { on = 0 } on && /^  [^ ]/ { print $1 }'; }

# compare PROGRAM SECTION PAGE COMMAND... : and everything below it
checked=0
compare() {
  local program=$1 section=$2 page=$3 help text name own
  shift 3
  own="$folder/$(IFS=-; echo "$program${*:+-$*}").$section"
  # "cloister bundle" has the name of a program; it stands on the page above it.
  if [ -f "$own" ] && [ ! -x "$programs/$(basename "$own" ".$section")" ]; then page=$own; fi
  help=$("$programs/$program" "$@" --help)
  # Its part of the page: what is below another command's heading is not about it.
  text=$(rendered "$page")
  if [ "$page" != "$own" ] && [ $# -gt 0 ]; then
    text=$(awk -v heading="   $program $*" '/^ ? ? ?[^ ]/ { on = ($0 == heading) } on' <<<"$text")
  fi
  for name in $(below Options: <<<"$help" | tr ',' ' '); do
    grep -qE -- "(^|[ ,])$name([ ,]|$)" <<<"$text" ||
      fail "${page##*/} does not name $name of $program $*"
    checked=$((checked + 1))
  done
  for name in $(below Positionals: <<<"$help"); do
    grep -qE "^ +$name( |$)" <<<"$text" || fail "${page##*/} does not name $name of $program $*"
  done
  for name in $(below Subcommands: <<<"$help"); do
    grep -qE -- "^ +($program $* )?$name( |$)" <<<"$(rendered "$page")" ||
      fail "${page##*/} does not name the command $program $* $name"
    checked=$((checked + 1))
    # What is passed on is that program's, and stands on its pages.
    if [ "$program $*" = "cloister bundle" ] && [ -f "$folder/cloister-bundle-$name.1" ]; then
      continue
    fi
    compare "$program" "$section" "$page" "$@" "$name"
  done
}

for program in cloister cloister-publish cloister-bundle; do
  compare "$program" 1 "$folder/$program.1"
done
for program in cloisterd cloister-sync; do
  compare "$program" 8 "$folder/$program.8"
done
printf '%s options and commands compared\n' "$checked"
# Were --help of another form one day, nothing would be compared.
[ "$checked" -ge 200 ] || fail "only $checked options and commands were found in --help"
exit "$failed"
