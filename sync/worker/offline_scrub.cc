#include "sync/worker/offline_scrub.h"

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/worker/feed_runner.h"
#include "sync/worker/log.h"
#include "sync/worker/status_file.h"

namespace cloister::worker {
namespace {

absl::Status ScrubOne(const CycleOptions& options) {
  const absl::StatusOr<uint64_t> rotten = FeedCycle(options).Scrub();
  if (!rotten.ok()) return rotten.status();
  if (*rotten == 0) return absl::OkStatus();
  return reputation::Rejected(
      reputation::RejectReason::kPackRotten,
      absl::StrCat(*rotten, *rotten == 1 ? " pack has" : " packs have",
                   " other bytes on this disk than were handed over; look at the disk, and import "
                   "the bundle again, or one from nothing"));
}

}  // namespace

OfflineScrub::OfflineScrub(const Configuration& configuration)
    : interval_(configuration.scrub_interval) {
  for (const FeedConfiguration& feed : configuration.feeds) {
    if (feed.sources.empty()) feeds_.push_back(CycleOptionsFor(configuration, feed));
  }
}

void OfflineScrub::RunIfDue(
    absl::Time now,
    const std::function<void(const std::string& feed, const absl::Status&)>& scrubbed) {
  if (interval_ <= absl::ZeroDuration()) return;
  if (now - last_ < interval_ && now >= last_) return;
  last_ = now;
  for (const CycleOptions& options : feeds_) {
    const absl::Status s = ScrubOne(options);
    if (!s.ok()) {
      Log(Severity::kWarning, "packs_rotten",
          {{"feed", options.feed},
           {"reason", ErrorReason(s)},
           {"message", std::string(reputation::MessageWithoutReason(s))}});
    }
    scrubbed(options.feed, s);
  }
}

}  // namespace cloister::worker
