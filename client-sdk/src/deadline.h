// The instant by which a call returns.

#pragma once

#include <grpc/support/time.h>

#include <chrono>
#include <cstddef>

namespace cloister::client {

// A value type on the monotonic clock: setting the wall clock neither shortens nor prolongs it.
class Deadline {
 public:
  static constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);

  // From now; at most kLongest, and never in the past.
  static Deadline In(std::chrono::milliseconds duration);

  bool passed() const { return std::chrono::steady_clock::now() >= at_; }

  // For the first of `attempts` attempts: an equal share of what is left.
  Deadline Share(size_t attempts) const;

  gpr_timespec ForGrpc() const;

 private:
  explicit Deadline(std::chrono::steady_clock::time_point at) : at_(at) {}
  std::chrono::nanoseconds remaining() const;

  std::chrono::steady_clock::time_point at_;
};

}  // namespace cloister::client
