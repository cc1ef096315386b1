#!/usr/bin/env bash
# Fails where docs/behaviours.md names a test that does not exist. Run from the top of the tree.
set -euo pipefail

missing=0
while read -r name; do
  suite=${name%%.*} test=${name#*.}
  if grep -rqE "TEST(_F|_P)?\($suite, *$test\)" tests --include='*_test.cc'; then continue; fi
  if grep -rqE "add_test\(NAME $suite\.$test$" tests --include=CMakeLists.txt; then continue; fi
  printf 'docs/behaviours.md: %s is not a test\n' "$name"
  missing=1
done < <(grep -oE '`[A-Za-z0-9]+\.[A-Za-z0-9]+`' docs/behaviours.md | tr -d '`' | sort -u)
exit "$missing"
