// Between the verified versions of one feed and lookups: decides what serves and what waits, and
// carries out what administrators decide.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/protection/protected_objects.h"
#include "server/updates/masked_records.h"
#include "server/updates/safety_check.h"
#include "server/updates/serving_record.h"
#include "server/updates/update_control.h"
#include "server/updates/update_observer.h"
#include "server/updates/update_policy.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// What became of a version that was offered.
struct Offered {
  HoldReason reason = HoldReason::kNone;  // kNone: it serves
  bool is_new = false;                    // it did not serve, or wait, before
};

// Thread-safe. What changes the feed goes one after the other; State never waits for that.
class FeedGate {
 public:
  struct Options {
    std::string feed;
    UpdatePolicy policy;
    storage::ReputationStore* store = nullptr;
    const ProtectedObjects* protection = nullptr;  // may be null: nothing is protected
    UpdateObserver* observer = nullptr;
    std::string state_directory;  // of this feed
    std::function<absl::Time()> clock;
  };

  // Pointers must outlive the gate. Errors are the database's.
  static absl::StatusOr<std::unique_ptr<FeedGate>> Open(const Options& options);

  const std::string& feed() const { return options_.feed; }

  // A verified version whose packs are in the pack store: serves it at once, or keeps it. Same
  // errors as ReputationStore::Serve; Aborted if a decision of an administrator came first: offer
  // it again.
  absl::StatusOr<Offered> Offer(storage::VersionSpec spec, absl::Time now);

  // Whether `version` has to come later, for what waits for its hold-off has to serve first. A
  // newer version takes the place of one that waits only while the first of them is that new.
  bool Defers(uint64_t version, absl::Time now);

  // Carries out what is due: decisions that the last process did not come to, and what need not
  // wait any longer. Call often.
  void Tick(absl::Time now);

  FeedUpdateState State() const;
  absl::Time serving_since() const;  // InfinitePast if nothing serves
  // Whether the spool's newest entry should be looked at again; asking resets it.
  bool TakeAgainRequested() { return take_again_.exchange(false); }
  void RequestTakeAgain() { take_again_ = true; }
  // What serves was taken although its metadata had expired.
  void SetExpired(bool expired);

  // As UpdateControl has them.
  absl::Status Accept(uint64_t version, const Decision& decision);
  absl::Status Reject(uint64_t version, const Decision& decision);
  absl::StatusOr<uint64_t> Rollback(uint64_t version, const Decision& decision);
  absl::Status Pin(const Decision& decision);
  absl::Status Unpin(const Decision& decision);
  absl::StatusOr<ChangeSummary> Diff(uint64_t version) const;
  absl::StatusOr<storage::RebuildReport> Rebuild(const Decision& decision);

  // Ends comparisons in progress, and all to come, with Aborted: the process is to end.
  void Stop() { ++decisions_, ++stopped_; }

  // Whether the masked records of what serves have to be counted, and counts them.
  bool MaskedCountIsDue() const;
  void CountMasked(const Breathe& breathe);

 private:
  struct Checked {
    uint64_t version = 0;
    storage::ContentDigest digest;
    uint64_t against = 0;
    SafetyCheckResult result;
  };

  explicit FeedGate(Options options) : options_(std::move(options)) {}
  storage::ServedFeed Served() const;  // version 0 if nothing does
  std::optional<storage::ServedFeed> Kept(uint64_t version) const;
  std::optional<storage::ServedFeed> Waiting() const;  // the newest kept one above what serves
  std::string RecordPath() const { return options_.state_directory + "/serving.json"; }
  SafetyCheckOptions CheckOptions() const;
  absl::Status Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  void LoadRecord(const storage::ServedFeed& served) ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  bool Restores(const storage::VersionSpec& spec) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  absl::Status Check(uint64_t version, const storage::ContentDigest& digest,
                     const Comparison& compare) ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  const ChangeSummary& ChangesOf(uint64_t version) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  HoldReason ReasonFor(uint64_t version, absl::Time taken, absl::Time now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  void NoteWaiting(HoldReason reason, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  absl::Status ServeNow(const storage::VersionSpec& spec, absl::string_view cause)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  absl::Status ServeKept(uint64_t version, absl::string_view cause)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  void Began(const storage::ServedFeed& before, absl::string_view cause)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  void TickWaiting(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  void Postpone(const absl::Status& failure, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  void RefreshPending(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);
  storage::AuditEvent Event(const Decision& decision, absl::string_view action,
                            absl::string_view what) const;
  absl::StatusOr<storage::ServedFeed> WaitingAs(uint64_t version) const;
  absl::StatusOr<uint64_t> RollbackTarget(uint64_t version) const;
  // Writes the directive, then serves `version` (0: nothing); takes it back where that fails.
  absl::Status Decree(const storage::FeedDirective& directive, const storage::AuditEvent& event,
                      uint64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(operation_);

  const Options options_;
  std::atomic<int> decisions_{0};  // that wait for `operation_`: a safety check gives way
  std::atomic<int> stopped_{0};
  std::atomic<bool> take_again_{false};
  absl::Mutex operation_ ABSL_ACQUIRED_BEFORE(view_);
  storage::FeedDirective directive_ ABSL_GUARDED_BY(operation_);
  ServingRecord record_ ABSL_GUARDED_BY(operation_);
  std::optional<Checked> checked_ ABSL_GUARDED_BY(operation_);
  absl::Time retry_at_ ABSL_GUARDED_BY(operation_) = absl::InfinitePast();

  mutable absl::Mutex view_;                      // held for moments only
  FeedUpdateState state_ ABSL_GUARDED_BY(view_);  // but for `damaged`
  absl::Time since_ ABSL_GUARDED_BY(view_) = absl::InfinitePast();
  bool fell_back_ ABSL_GUARDED_BY(view_) = false;  // an older version serves than should
  bool masked_known_ ABSL_GUARDED_BY(view_) = false;
  uint64_t serves_begun_ ABSL_GUARDED_BY(view_) = 0;  // how often something began to serve
};

}  // namespace cloister::server
