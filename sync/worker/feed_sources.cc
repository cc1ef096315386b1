#include "sync/worker/feed_sources.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/worker/source.h"

namespace cloister::worker {
namespace {

using Outcome = CycleResult::Outcome;

constexpr absl::Duration kAskOthersAfter = absl::Hours(24);

// Whether another source could do better with it.
bool IsOfThisMachine(const absl::Status& s) {
  return reputation::ReasonOf(s) == reputation::RejectReason::kNoSpace;
}

bool MayBeHeldBack(const CycleResult& result, absl::Time now) {
  return result.outcome == Outcome::kUnchanged && now - result.issued > kAskOthersAfter;
}

}  // namespace

FeedSources::FeedSources(const FeedConfiguration& feed, int stop_fd)
    : feed_(feed), stop_fd_(stop_fd), timestamps_(feed.sources.size()) {
  for (const SourceAddress& source : feed.sources) {
    status_.push_back({source.text(), 0, absl::OkStatus(), absl::InfinitePast()});
  }
}

absl::StatusOr<CycleResult> FeedSources::RunOne(size_t i, FeedCycle& cycle, absl::Time now) {
  if (now < status_[i].not_before) {
    return absl::UnavailableError(absl::StrCat(
        status_[i].source, ": asked not to be asked before ",
        absl::FormatTime(absl::RFC3339_sec, status_[i].not_before, absl::UTCTimeZone())));
  }
  auto source = OpenSource(feed_, feed_.sources[i],
                           {.stop_fd = stop_fd_,
                            .timestamp = &timestamps_[i],
                            .others_follow = i + 1 < feed_.sources.size()});
  const auto result = source.ok() ? cycle.Run(**source, now) : source.status();
  if (!absl::IsCancelled(result.status())) Note(i, result.status(), now);
  return result;
}

void FeedSources::Note(size_t i, const absl::Status& status, absl::Time now) {
  status_[i].failures = status.ok() ? 0 : status_[i].failures + 1;
  status_[i].last_error = status;
  const absl::Duration wait = transport::RetryAfterOf(status);
  status_[i].not_before = wait > absl::ZeroDuration() ? now + wait : absl::InfinitePast();
  // A timestamp.json that was of no use is asked for whole next time.
  if (!status.ok()) timestamps_[i] = {};
}

absl::StatusOr<SourcesResult> FeedSources::Run(FeedCycle& cycle, absl::Time now) {
  std::optional<SourcesResult> best;
  absl::Status error = absl::FailedPreconditionError("the feed has no source");
  for (size_t i = 0; i < feed_.sources.size(); ++i) {
    auto result = RunOne(i, cycle, now);
    if (absl::IsCancelled(result.status())) return result.status();
    if (!result.ok()) {
      const bool says_more = !reputation::ReasonOf(error) && reputation::ReasonOf(result.status());
      if (i == 0 || says_more) error = result.status();
      if (IsOfThisMachine(result.status())) break;
      continue;
    }
    if (!best || result->outcome != Outcome::kUnchanged) {
      best = SourcesResult{*std::move(result), status_[i].source};
    }
    if (!MayBeHeldBack(best->result, now)) break;
  }
  if (best) return *std::move(best);
  return error;
}

absl::Duration FeedSources::Wait(absl::Time now) const {
  absl::Time earliest = absl::InfiniteFuture();
  for (const SourceStatus& source : status_) earliest = std::min(earliest, source.not_before);
  if (earliest == absl::InfiniteFuture()) return absl::ZeroDuration();
  return std::max(absl::ZeroDuration(), earliest - now);
}

}  // namespace cloister::worker
