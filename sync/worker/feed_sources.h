// The mirrors of one feed, in the order to try them.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/transport/http/http_fetcher.h"
#include "sync/worker/configuration.h"
#include "sync/worker/feed_cycle.h"

namespace cloister::worker {

// How one source has fared.
struct SourceStatus {
  std::string source;     // its address
  uint32_t failures = 0;  // in a row
  absl::Status last_error;
  absl::Time not_before;  // until when it asked to be left in peace
};

// What all of them brought.
struct SourcesResult {
  CycleResult result;
  std::string source;  // that served it
};

// Belongs to one thread.
class FeedSources {
 public:
  FeedSources(const FeedConfiguration& feed, int stop_fd);

  // One run: tries one source after the other until one brings the feed whole. What one brought
  // before it failed stays: verified metadata, so that no other can take it back, and packs. So a
  // source can only fail, and never make the result older. Where the newest that a source has is
  // what was handed over, and more than a day old, the next ones are asked, too: it may be held
  // back. At the next run the first one is the first again.
  //
  // If all fail, the first error that says more than that a source cannot be reached, and says
  // where; Cancelled if the run was stopped.
  absl::StatusOr<SourcesResult> Run(FeedCycle& cycle, absl::Time now);

  const std::vector<SourceStatus>& status() const { return status_; }

  // How long all sources asked to be left in peace; zero if one did not.
  absl::Duration Wait(absl::Time now) const;

 private:
  absl::StatusOr<CycleResult> RunOne(size_t i, FeedCycle& cycle, absl::Time now);
  void Note(size_t i, const absl::Status& status, absl::Time now);

  FeedConfiguration feed_;
  int stop_fd_;
  std::vector<transport::TimestampCache> timestamps_;  // by source
  std::vector<SourceStatus> status_;
};

}  // namespace cloister::worker
