// Who is told of how updates fare. Each call says what happened; a test or the daemon overrides
// what it wants to know.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/updates/update_policy.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

struct UpdateOutcome;

// Called from the watcher's thread, from that of the background work, and from those of
// administrators' calls; so implementations are thread-safe. They must not call back.
class UpdateObserver {
 public:
  virtual ~UpdateObserver() = default;

  // A look at the spool came to something.
  virtual void OnTaken(const std::string& /*feed*/, const UpdateOutcome& /*outcome*/,
                       absl::Duration /*duration*/) {}
  virtual void OnHeld(const std::string& /*feed*/, const UpdateOutcome& /*outcome*/) {}
  virtual void OnRefused(const std::string& /*feed*/, const UpdateOutcome& /*outcome*/) {}
  virtual void OnMended(const std::string& /*feed*/, const UpdateOutcome& /*outcome*/) {}

  // `version` began to serve, whatever the cause: "update", "hold-off over", "accepted",
  // "rollback", "rebuild".
  virtual void OnServing(const std::string& /*feed*/, uint64_t /*version*/, absl::Time /*since*/,
                         absl::string_view /*cause*/) {}
  // What waits, and why, is another now; kNone: nothing waits.
  virtual void OnPending(const std::string& /*feed*/, uint64_t /*version*/, HoldReason /*reason*/) {
  }
  // A version was compared with what serves.
  virtual void OnChecked(const std::string& /*feed*/, const ChangeSummary& /*changes*/,
                         absl::Duration /*took*/) {}
  // How many records of what serves are masked is known anew.
  virtual void OnMasked(const std::string& /*feed*/, uint64_t /*records*/,
                        const std::vector<std::string>& /*examples*/) {}
  // What an administrator decided could not be carried out; it is tried again.
  virtual void OnDecisionFailed(const std::string& /*feed*/, const absl::Status& /*status*/) {}

  // The publisher's word for what serves lapsed, or is good again.
  virtual void OnExpiry(const std::string& /*feed*/, absl::Time /*expires*/, bool /*expired*/) {}
  // Something of what serves cannot be read, or can be again.
  virtual void OnDamage(const std::string& /*feed*/, bool /*damaged*/) {}
  virtual void OnRebuilt(const std::string& /*feed*/,
                         const absl::StatusOr<storage::RebuildReport>& /*result*/) {}
  virtual void OnFolded(const std::string& /*feed*/, const absl::Status& /*status*/,
                        absl::Duration /*took*/) {}
};

}  // namespace cloister::server
