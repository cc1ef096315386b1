#!/bin/bash
# Checks (--check) or restores (--write) the layout of every C++ source.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case "${1:-}" in
  --check) options=(--dry-run -Werror) ;;
  --write) options=(-i) ;;
  *) echo "usage: $0 --check|--write" >&2; exit 2 ;;
esac
find client-sdk reputation server storage sync tests \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 -r -n 20 -P "$(nproc)" clang-format "${options[@]}"
