// DNS names as lookup keys use them.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::reputation {

// Canonical form of a DNS name in any script: UTS #46 (non-transitional) to A-labels through
// ICU, lower case, leading, trailing and repeated dots removed. Underscores are kept (service
// labels are listed in real feeds); a name that is ASCII already is not judged by IDNA, since the
// DNS does not do so either. InvalidArgument if nothing is left, a label is longer than 63 or the
// name longer than 253 characters, a character cannot stand in a host name, or the last label is
// a number: that is an IP address, or nothing.
absl::StatusOr<std::string> CanonicalHostName(absl::string_view name);

// Whether `name` (canonical) is itself a public suffix, private section of the Public Suffix
// List included: "co.uk", "github.io". Such a name is shared by strangers and is never a key.
// A top-level name that the list does not know ("internal") is not a public suffix.
bool IsPublicSuffix(absl::string_view name);

// The names under which `name` (canonical) may be listed: itself, then each parent down to the
// registrable domain, most specific first. Borrows from `name`.
//
//   b.c.example.co.uk   b.c.example.co.uk, c.example.co.uk, example.co.uk
//   co.uk               none: a public suffix
//   localhost           localhost: one label that the list does not know
//   a.b.internal        a.b.internal, b.internal: an unknown top-level name is taken for a suffix
std::vector<absl::string_view> HostSuffixes(absl::string_view name);

}  // namespace cloister::reputation
