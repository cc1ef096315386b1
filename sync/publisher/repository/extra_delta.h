// Deltas that the publisher makes besides those it makes by itself.

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

struct ExtraDeltaRequest {
  uint64_t from_version = 0;
  uint64_t to_version = 0;
};

struct ExtraDelta {
  trust::PackTarget pack;  // as it is, or would be, on offer
  uint64_t added = 0;      // entries
  uint64_t changed = 0;
  uint64_t removed = 0;
  uint64_t chain_bytes = 0;  // that a client at from_version fetches without it
  absl::Time expires;        // of the timestamp, once it is on offer
};

// Makes a delta between two versions that the repository holds, for customers that skip the ones
// between, and checks that it leads to what was signed. It stays in the building folder:
// OfferExtraDelta publishes it, the next run of any command drops it.
//
// InvalidArgument unless from < to; AlreadyExists if it is on offer; kVersionGap, naming the
// versions that are held, if one of them is not; FailedPrecondition if the delta is larger than
// `options.max_delta_bytes`, or a pack was altered.
absl::StatusOr<ExtraDelta> BuildExtraDelta(const Repository& repository, const Published& published,
                                           const ExtraDeltaRequest& request,
                                           const PublishOptions& options);

// Offers it besides what is on offer. It stays on offer as deltas do (retention.h).
absl::StatusOr<ExtraDelta> OfferExtraDelta(Repository& repository, const Published& published,
                                           const ExtraDelta& delta, const RoleSigners& signers,
                                           const PublishOptions& options);

}  // namespace cloister::publisher
