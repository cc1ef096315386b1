// What stays on offer, and on disk, when a new version is published.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

// Which of the packs that there are a new version lists, so that clients that were current within
// the last `versions` versions go by deltas, with few files:
//
// - snapshots: the newest, `snapshots` of them; those older than the newest snapshot that lies
//   before the retained versions are dropped, since nobody's chain begins there any more;
// - deltas from the oldest of these snapshots on, and of those that end before the retained
//   versions only the ones that no longer aligned delta covers: older clients take that one
//   instead, and from a snapshot the way to where the aligned ones begin stays;
// - nothing from which the newest version cannot be reached (a change too large for a delta).
//
// Where this is more than clients read in one list, the oldest snapshots go first.
std::vector<trust::PackTarget> PacksToList(const std::vector<trust::PackTarget>& packs,
                                           const Retention& retention);

struct Removed {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// Removes packs, snapshot and targets metadata that neither the published state `now_listed` nor
// the one before it, `before`, has named for `grace` by now: who began to fetch can finish. Since
// when is kept in .retired.json; where that is lost, the time begins anew. Files that no publisher
// made are left alone.
absl::StatusOr<Removed> RemoveUnlisted(const Repository& repository, const Published& now_listed,
                                       const Published& before, absl::Time now);

}  // namespace cloister::publisher
