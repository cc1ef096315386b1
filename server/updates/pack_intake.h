// Brings the packs of a version from a spool entry into the pack store.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/updates/spool_entry.h"
#include "storage/pack/pack_format.h"
#include "storage/store/reputation_store.h"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"

namespace cloister::server {

struct PackIntakeOptions {
  storage::ReputationStore* store = nullptr;
  storage::PackLimits limits;
  uint64_t reserve_bytes = 0;  // disk space that copies must leave free
  uint32_t threads = 2;        // that copy, hash and check packs at once; at least 1
};

// Those of `offered` that can be had: in the pack store already, or in the entry with the length
// that is signed; of a snapshot all parts or none. What is wrong with the first of the others is
// put into `*missing`, which stays OK if there is none.
std::vector<trust::PackTarget> PacksAtHand(const SpoolEntry& entry, const trust::Targets& targets,
                                           const std::vector<trust::PackTarget>& offered,
                                           const storage::ReputationStore& store,
                                           absl::Status* missing);

// Copies what the store does not have yet, hashing while it copies; the entry is not looked at
// again. A pack whose header contradicts the metadata is refused. Beside trust's reasons:
// kPackHeaderMismatch, kPackUnreadable, kPackForeign, kPackLimit, kNoSpace, kIoError. Adds the
// names of those that are new to `*copied`, also where a later one is refused.
absl::Status TakePacks(SpoolEntry& entry, const trust::Targets& targets,
                       const std::vector<trust::PackTarget>& chain,
                       const PackIntakeOptions& options, std::vector<std::string>* copied);

// Removes packs that were copied for a version which the store then refused. Best effort: one that
// stays is removed at the next start.
void DropPacks(const storage::ReputationStore& store, const std::vector<std::string>& packs);

// What to serve once the packs of `chain` are in the store.
absl::StatusOr<storage::VersionSpec> VersionOf(const std::vector<trust::PackTarget>& chain,
                                               absl::Time published);

}  // namespace cloister::server
