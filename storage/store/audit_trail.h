// Reads the audit trail. Internal to storage/store.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store/database.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// At most `limit` entries from `from_sequence` on. DataLoss if one cannot be read.
absl::StatusOr<std::vector<AuditRecord>> ReadAudit(const Database& database, uint64_t from_sequence,
                                                   size_t limit);

// Follows the chain of hashes from the first entry to the recorded head. DataLoss names the first
// entry that is missing or altered.
absl::Status VerifyAuditChain(const Database& database);

}  // namespace cloister::storage
