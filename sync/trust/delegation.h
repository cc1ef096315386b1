// Which targets a delegated role may speak for (The Update Framework 1.0, section 4.5 and 5.6.7).

#pragma once

#include "absl/strings/string_view.h"
#include "sync/trust/metadata.h"

namespace cloister::trust {

// Whether `path` fits `pattern`, all of it: '*' stands for any run of characters and '?' for any
// one character, neither of them for '/'; every other character, '[' and '\' included, for itself.
// A character is a byte. Takes time in proportion to the product of both lengths at most.
bool MatchesPattern(absl::string_view pattern, absl::string_view path);

// Whether one of the role's patterns fits `path`, or one of its prefixes begins the hexadecimal
// SHA-256 of `path`.
bool IsDelegated(const DelegatedRole& role, absl::string_view path);

}  // namespace cloister::trust
