// Which records of what serves are masked because they list protected objects.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/protection/protected_objects.h"
#include "storage/pack/pack_format.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

struct MaskedRecords {
  uint64_t count = 0;
  std::vector<std::string> examples;  // the first in the order of keys, at most 20
};

// Called every few milliseconds of long work: may wait, so that others get their turn; an error
// ends the work, which returns it.
using Breathe = std::function<absl::Status()>;

// Reads every record of `version` from its packs. Errors are those of the packs and of `breathe`.
absl::StatusOr<MaskedRecords> CountMaskedRecords(const storage::ReputationStore& store,
                                                 const storage::ServedFeed& version,
                                                 const ProtectedObjects& protection,
                                                 const Breathe& breathe);

}  // namespace cloister::server
