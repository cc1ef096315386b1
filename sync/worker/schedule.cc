#include "sync/worker/schedule.h"

#include <algorithm>

namespace cloister::worker {

absl::Duration NextDelay(const Pace& pace, double jitter) {
  constexpr absl::Duration kFirst = absl::Seconds(15);
  constexpr absl::Duration kLongest = absl::Hours(1);
  constexpr uint32_t kMaxDoublings = 16;  // beyond the longest anyway, and still a sane number
  const absl::Duration regular = std::max(pace.interval, pace.feed_minimum);
  if (pace.failures == 0) return regular * (1 + 0.1 * jitter);
  const uint32_t doublings = std::min(pace.failures - 1, kMaxDoublings);
  const absl::Duration delay =
      std::min(kFirst * (int64_t{1} << doublings), std::max(regular, kLongest));
  return delay * (0.5 + 0.5 * jitter);
}

}  // namespace cloister::worker
