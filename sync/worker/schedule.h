// When to look at a feed again.

#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace cloister::worker {

// All arguments as they were after the last run; `jitter` is a random number from 0 to 1.
//
// After success: the longer of the configured interval and what the feed asks for, plus up to a
// tenth, so that the appliances of the world do not ask in step. After the n-th failure in a row:
// 15 s doubled n - 1 times, at most an hour or the interval if that is longer, and from half of
// that to the whole; but never sooner than what the feed asks for, or than the server said.
struct Pace {
  absl::Duration interval;
  absl::Duration feed_minimum;
  uint32_t failures = 0;  // in a row; 0 after success
  absl::Duration retry_after = absl::ZeroDuration();
};
absl::Duration NextDelay(const Pace& pace, double jitter);

}  // namespace cloister::worker
