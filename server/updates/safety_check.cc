#include "server/updates/safety_check.h"

#include <optional>

#include "reputation/lookup_key.h"

namespace cloister::server {
namespace {

using reputation::Verdict;

// How many changes are counted between two looks at the clock.
constexpr uint64_t kChangesBetweenLooks = 4096;

Verdict VerdictOf(const std::optional<reputation::Record>& record) {
  if (!record) return kNoRecord;
  return record->excluded ? kExclusion : record->verdict;
}

bool Masked(Verdict verdict) { return ProtectedObjects::Masks(verdict); }

}  // namespace

ChangeCounter::ChangeCounter(const ProtectedObjects* protection, uint64_t records_before)
    : protection_(protection) {
  summary_.records_before = records_before;
}

void ChangeCounter::Count(const storage::RecordChange& change) {
  const Verdict before = VerdictOf(change.before);
  const Verdict after = VerdictOf(change.after);
  if (before == after) {
    CountProtected(change);
    return;
  }
  if (before == kNoRecord) {
    ++summary_.added;
  } else if (after == kNoRecord) {
    ++summary_.removed;
  } else {
    ++summary_.changed;
  }
  ++summary_.transitions[{before, after}];
  CountProtected(change);
}

void ChangeCounter::CountProtected(const storage::RecordChange& change) {
  const Verdict before = VerdictOf(change.before);
  const Verdict after = VerdictOf(change.after);
  if (protection_ == nullptr || (!Masked(before) && !Masked(after))) return;
  const absl::StatusOr<reputation::LookupKey> key = reputation::LookupKey::Parse(change.key);
  if (!key.ok()) return;  // no lookup finds it either
  std::optional<std::string> was, is;
  if (Masked(before)) was = protection_->Protects(*key, change.before->scope);
  if (Masked(after)) is = protection_->Protects(*key, change.after->scope);
  const bool same = before == after && was.has_value() == is.has_value();
  if (same || (!was && !is)) return;
  touches_protected_ = true;
  if (!is) return;
  ++summary_.protected_listed;
  if (summary_.protected_examples.size() < kMaxProtectedExamples) {
    summary_.protected_examples.push_back(*is);
  }
}

absl::StatusOr<SafetyCheckResult> RunSafetyCheck(const Comparison& compare, uint64_t records_before,
                                                 const SafetyCheckOptions& options) {
  ChangeCounter counter(options.protection, records_before);
  const absl::Time start = options.clock();
  uint64_t visited = 0;
  bool too_long = false;
  const absl::Status compared = compare([&](const storage::RecordChange& change) {
    if (change.differs()) {
      counter.Count(change);
      if (++visited % kChangesBetweenLooks != 0) return absl::OkStatus();
    }
    if (options.interrupted != nullptr && *options.interrupted != 0) {
      return absl::AbortedError(
          "the comparison gave way: a decision came first, or the server is to end");
    }
    too_long = options.clock() - start > options.longest;
    return too_long ? absl::DeadlineExceededError("the safety check took too long")
                    : absl::OkStatus();
  });
  if (!compared.ok() && !too_long) return compared;
  counter.summary().complete = !too_long;
  return SafetyCheckResult{.changes = counter.summary(),
                           .touches_protected = counter.touches_protected() || too_long,
                           .took = options.clock() - start};
}

}  // namespace cloister::server
