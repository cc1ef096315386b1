// DNS names as lookup keys use them.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::reputation {

// Canonical form of a DNS name in any script: UTS #46 (non-transitional) to A-labels through
// libidn2, lower case, leading, trailing and repeated dots removed. Underscores are kept (service
// labels are listed in real feeds). InvalidArgument if nothing is left, a label is longer than 63
// or the name longer than 253 characters, or a character cannot stand in a host name.
absl::StatusOr<std::string> CanonicalHostName(absl::string_view name);

// Whether `name` (canonical) is itself a public suffix, private section of the Public Suffix
// List included: "co.uk", "github.io". Such a name is shared by strangers and is never a key.
bool IsPublicSuffix(absl::string_view name);

// `name` (canonical), then each parent down to the registrable domain, most specific first.
// A public suffix or a single label that the list does not know gives an empty vector when it is
// a public suffix by rule, and itself otherwise. Borrows from `name`.
std::vector<absl::string_view> HostSuffixes(absl::string_view name);

}  // namespace cloister::reputation
