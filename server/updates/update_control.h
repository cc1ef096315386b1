// What administrators may do about updates, on top of the updaters: look at what waits, accept or
// reject it, roll back, pin, verify, rebuild.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/updates/update_policy.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// A verified version that does not serve yet.
struct PendingVersion {
  uint64_t version = 0;
  HoldReason reason = HoldReason::kNone;
  absl::Time taken;                               // when it was verified here
  absl::Time serves_at = absl::InfiniteFuture();  // for kHoldOff
  ChangeSummary changes;                          // against what serves
};

struct FeedUpdateState {
  std::string feed;
  std::optional<PendingVersion> pending;
  uint64_t pinned = 0;          // 0: none
  bool damaged = false;         // something of it could not be read; a rebuild is due or running
  uint64_t masked_records = 0;  // of what serves, that list a protected object
  std::vector<std::string> masked_examples;  // at most 20, as in ChangeSummary
  bool expired = false;  // serves data whose metadata had expired when it was taken
};

// Who asks, and why: both go into the audit trail. `reason` must not be empty.
struct Decision {
  std::string actor;
  std::string reason;
};

// Thread-safe. Every change is in the audit trail before it takes effect, and is carried out at the
// next start if the process ends between the two. `feed` not configured: NotFound.
class UpdateControl {
 public:
  virtual ~UpdateControl() = default;

  virtual absl::StatusOr<FeedUpdateState> State(absl::string_view feed) const = 0;

  // Serves the version that waits. FailedPrecondition if `version` is not the one that waits.
  virtual absl::Status Accept(absl::string_view feed, uint64_t version,
                              const Decision& decision) = 0;
  // Never serves it; what follows it is considered anew. FailedPrecondition as above.
  virtual absl::Status Reject(absl::string_view feed, uint64_t version,
                              const Decision& decision) = 0;
  // Serves a kept version and stays with it until Unpin; later versions are verified and wait.
  // `version` 0: the newest kept one below what serves. Returns the version that serves.
  virtual absl::StatusOr<uint64_t> Rollback(absl::string_view feed, uint64_t version,
                                            const Decision& decision) = 0;
  // Stays with what serves now, or lets updates go on.
  virtual absl::Status Pin(absl::string_view feed, const Decision& decision) = 0;
  virtual absl::Status Unpin(absl::string_view feed, const Decision& decision) = 0;

  // What serving `version`, a kept or waiting one, instead of what serves would change. Changes
  // nothing.
  virtual absl::StatusOr<ChangeSummary> Diff(absl::string_view feed, uint64_t version) = 0;

  virtual absl::StatusOr<storage::VerifyReport> Verify(
      absl::string_view feed, const storage::StoreProgressCallback& progress) = 0;
  virtual absl::StatusOr<storage::RebuildReport> Rebuild(absl::string_view feed,
                                                         const Decision& decision) = 0;
};

}  // namespace cloister::server
