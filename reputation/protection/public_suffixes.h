// Public suffixes as protected names: strangers share them, so nobody can be meant by one.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "reputation/protection/protected_set.h"

namespace cloister::reputation {

// The list that libpsl uses, too, in the form that can be read from start to end (package
// publicsuffix).
inline constexpr char kPublicSuffixList[] = "/usr/share/publicsuffix/public_suffix_list.dat";

// Adds every name of the list at `path` (https://publicsuffix.org/list/) that is a public suffix
// for lookups as well. Wildcard rules add the name under the star; the names that a star stands for
// are not known beforehand: ProtectsText alone finds those. InvalidArgument if the file cannot be
// read.
absl::Status AddPublicSuffixes(const std::string& path, ProtectedSet* set);

}  // namespace cloister::reputation
