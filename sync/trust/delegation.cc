#include "sync/trust/delegation.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "sync/trust/hash.h"

namespace cloister::trust {

bool MatchesPattern(absl::string_view pattern, absl::string_view path) {
  size_t p = 0;
  size_t t = 0;
  // The last '*' passed, and how far it reaches. Only it has to be tried again, with one character
  // more: what came before it fits already.
  size_t star = absl::string_view::npos;
  size_t reach = 0;
  while (t < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reach = t;
    } else if (p < pattern.size() && (pattern[p] == '?' ? path[t] != '/' : pattern[p] == path[t])) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos && path[reach] != '/') {
      p = star + 1;
      t = ++reach;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == absl::string_view::npos;
}

bool IsDelegated(const DelegatedRole& role, absl::string_view path) {
  const auto fits = [&](const std::string& pattern) { return MatchesPattern(pattern, path); };
  if (std::any_of(role.paths.begin(), role.paths.end(), fits)) return true;
  if (role.path_hash_prefixes.empty()) return false;
  const std::string hash = HashHex("sha256", path);
  const auto begins = [&](const std::string& prefix) { return absl::StartsWith(hash, prefix); };
  return std::any_of(role.path_hash_prefixes.begin(), role.path_hash_prefixes.end(), begins);
}

}  // namespace cloister::trust
