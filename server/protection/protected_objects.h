// Objects that no feed may condemn here: what everybody uses, and what the organisation owns. A
// record of a feed that lists one is masked: answers pass over it, and operators are told.
// Overrides are the administrator's own word and are not masked.

#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "reputation/protection/protected_objects.h"
#include "server/config/configuration.h"

namespace cloister::server {

using reputation::ProtectedObjects;

// Reads what `options` names; done once, at start. InvalidArgument names the file, list or domain
// and the mend. Entries of warning lists that no lookup key stands for (regular expressions,
// substrings, digests of other algorithms) are counted in `*passed_over`.
absl::StatusOr<std::unique_ptr<ProtectedObjects>> BuildProtectedObjects(
    const ProtectionConfig& options, uint64_t* passed_over);

}  // namespace cloister::server
