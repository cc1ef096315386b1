#!/usr/bin/env bash
# Fails where a page names a test that does not exist. Run from the top of the tree.
set -euo pipefail

missing=0
for page in docs/behaviours.md docs/threat-model.md; do
  while read -r name; do
    suite=${name%%.*} test=${name#*.}
    if grep -rqE "TEST(_F|_P)?\($suite, *$test\)" tests --include='*_test.cc'; then continue; fi
    if grep -rqE "add_test\(NAME $suite\.$test$" tests --include=CMakeLists.txt; then continue; fi
    printf '%s: %s is not a test\n' "$page" "$name"
    missing=1
  done < <(grep -oE '`[A-Za-z0-9]+\.[A-Za-z0-9_]+`' "$page" | tr -d '`' |
             grep -vE '\.(h|cc|md|sh|json|toml)$' | sort -u)
done
exit "$missing"
