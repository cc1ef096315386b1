// Puts packs and metadata where clients find them.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/repository/repository.h"
#include "sync/trust/pack_target.h"

namespace cloister::publisher {

// Whether `keys` are ones that `root` names for `role`, and enough of them.
absl::Status CheckSigners(const trust::Root& root, trust::Role role,
                          const std::vector<SigningKey>& keys);

// The same for all that a new version needs: targets, snapshot and timestamp.
absl::Status CheckAllSigners(const trust::Root& root, const RoleSigners& signers);

// Moves packs from where they were built to targets/, under the names that clients ask for.
absl::Status PlacePacks(const Repository& repository, const std::vector<trust::PackTarget>& packs);

// Signs and writes targets, snapshot and, last, timestamp metadata that list `packs`.
absl::Status Release(const Repository& repository, const Published& before,
                     const std::vector<trust::PackTarget>& packs, const RoleSigners& signers,
                     const PublishOptions& options);

// Signs and writes timestamp metadata that names `snapshot`.
absl::Status ReleaseTimestamp(const Repository& repository, const Published& before,
                              const trust::FileMeta& snapshot, const RoleSigners& signers,
                              const PublishOptions& options);

}  // namespace cloister::publisher
