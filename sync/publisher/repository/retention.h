// What stays on disk when a new version is published.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

// Which of the packs on offer a new version keeps listing: the newest snapshot's parts, the deltas
// after it, and the delta that leads to the newest version.
std::vector<trust::PackTarget> PacksToList(const std::vector<trust::PackTarget>& packs);

// Deltas that come after the newest snapshot.
uint32_t DeltasAfterSnapshot(const std::vector<trust::PackTarget>& packs);

struct Removed {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// Removes packs, snapshot and targets metadata that neither the published state `now_listed` nor
// the one before it, `before`, names: who began to fetch that one can finish. Files that no
// publisher made are left alone.
absl::StatusOr<Removed> RemoveUnlisted(const Repository& repository, const Published& now_listed,
                                       const Published& before);

}  // namespace cloister::publisher
