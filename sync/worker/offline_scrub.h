// Reads again, once in a while, what was handed over of feeds that come in bundles alone: no run of
// theirs does.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sync/worker/configuration.h"
#include "sync/worker/feed_cycle.h"

namespace cloister::worker {

// Belongs to one thread.
class OfflineScrub {
 public:
  explicit OfflineScrub(const Configuration& configuration);

  // Where the configured interval is over, and at the first call: calls `scrubbed` for each of
  // those feeds, with OK, with kPackRotten that says the mend, or with why it could not be read.
  // What rotted is logged, too.
  void RunIfDue(absl::Time now,
                const std::function<void(const std::string& feed, const absl::Status&)>& scrubbed);

 private:
  std::vector<CycleOptions> feeds_;
  absl::Duration interval_;
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace cloister::worker
