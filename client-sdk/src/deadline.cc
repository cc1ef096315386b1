#include "client-sdk/src/deadline.h"

#include <algorithm>

namespace cloister::client {

using std::chrono::steady_clock;

Deadline Deadline::In(std::chrono::milliseconds duration) {
  return Deadline(steady_clock::now() +
                  std::clamp(duration, std::chrono::milliseconds(0), kLongest));
}

std::chrono::nanoseconds Deadline::remaining() const {
  return std::max(std::chrono::nanoseconds(at_ - steady_clock::now()), std::chrono::nanoseconds(0));
}

Deadline Deadline::Share(size_t attempts) const {
  if (attempts <= 1) return *this;
  return Deadline(steady_clock::now() + remaining() / attempts);
}

gpr_timespec Deadline::ForGrpc() const {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(remaining().count(), GPR_TIMESPAN));
}

}  // namespace cloister::client
