// What a version would change against what serves, counted record by record: the update safety
// check, and the dry run that operators see.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/protection/protected_objects.h"
#include "server/updates/update_policy.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// How many examples of protected objects are kept.
inline constexpr size_t kMaxProtectedExamples = 20;

// Counts changes. Not thread-safe.
class ChangeCounter {
 public:
  // `protection` may be null: then nothing is protected. It must outlive the counter.
  ChangeCounter(const ProtectedObjects* protection, uint64_t records_before);

  void Count(const storage::RecordChange& change);

  const ChangeSummary& summary() const { return summary_; }
  ChangeSummary& summary() { return summary_; }
  // Whether a masked record came, went or changed, so that what is masked has to be counted anew.
  bool touches_protected() const { return touches_protected_; }

 private:
  void CountProtected(const storage::RecordChange& change);

  const ProtectedObjects* protection_;
  ChangeSummary summary_;
  bool touches_protected_ = false;
};

struct SafetyCheckOptions {
  const ProtectedObjects* protection = nullptr;
  std::function<absl::Time()> clock;
  absl::Duration longest = absl::Minutes(10);  // then the summary is not `complete`
  // Ends the check with Aborted once it is not zero; may be null.
  const std::atomic<int>* interrupted = nullptr;
};

struct SafetyCheckResult {
  ChangeSummary changes;
  bool touches_protected = false;
  absl::Duration took;
};

// What Compare or CompareKept of the store, given the visitor, makes known.
using Comparison = std::function<absl::Status(const storage::RecordChangeVisitor&)>;

// Errors are those of the comparison, and Aborted.
absl::StatusOr<SafetyCheckResult> RunSafetyCheck(const Comparison& compare, uint64_t records_before,
                                                 const SafetyCheckOptions& options);

}  // namespace cloister::server
