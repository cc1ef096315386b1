// Objects that no list has to name: they mean nothing, or something else to everybody.

#pragma once

#include "absl/status/status.h"
#include "reputation/protection/protected_set.h"

namespace cloister::reputation {

// The digests of a file of no bytes. Feeds do list them (docs/architecture.md).
absl::Status AddEmptyFile(ProtectedSet* set);

// Addresses that nobody can be reached at from elsewhere (IANA's special-purpose registries, RFC
// 6890; multicast RFC 5771, 4291). Those of documentation (RFC 5737, 3849) are left out: examples
// list them, and nobody has them.
absl::Status AddSpecialNetworks(ProtectedSet* set);

}  // namespace cloister::reputation
