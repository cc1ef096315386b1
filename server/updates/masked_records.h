// Which records of what serves are masked because they list protected objects.

#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/protection/protected_objects.h"
#include "storage/pack/pack_format.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

struct MaskedRecords {
  uint64_t count = 0;
  std::vector<std::string> examples;  // the first in the order of keys, at most 20
};

// Reads every record of `version` from its packs. Aborted once `*cancelled`; errors of the packs.
absl::StatusOr<MaskedRecords> CountMaskedRecords(const storage::ReputationStore& store,
                                                 const storage::ServedFeed& version,
                                                 const ProtectedObjects& protection,
                                                 const std::atomic<bool>& cancelled);

}  // namespace cloister::server
