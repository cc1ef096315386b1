#include "sync/worker/schedule.h"

#include <algorithm>

namespace cloister::worker {

absl::Duration NextDelay(const Pace& pace, double jitter) {
  constexpr absl::Duration kFirst = absl::Seconds(15);
  constexpr absl::Duration kLongest = absl::Hours(1);
  constexpr uint32_t kMaxDoublings = 16;  // beyond the longest anyway, and still a sane number
  const absl::Duration regular = std::max(pace.interval, pace.feed_minimum);
  const double spread = 1 + 0.1 * jitter;
  if (pace.failures == 0) return std::max(regular, pace.retry_after) * spread;
  const uint32_t doublings = std::min(pace.failures - 1, kMaxDoublings);
  const absl::Duration delay =
      std::min(kFirst * (int64_t{1} << doublings), std::max(regular, kLongest));
  const absl::Duration earliest = std::max(pace.feed_minimum, pace.retry_after) * spread;
  return std::max(delay * (0.5 + 0.5 * jitter), earliest);
}

}  // namespace cloister::worker
