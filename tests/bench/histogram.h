// Latencies, counted in buckets whose width grows with the value.

#pragma once

#include <array>
#include <cstdint>

namespace cloister::bench {

// Holds microseconds with an error of at most 1/64 of the value (below 64 µs: 1 µs). Not
// thread-safe.
class Histogram {
 public:
  void Add(uint64_t microseconds);
  void Add(const Histogram& other);

  uint64_t count() const { return count_; }
  // The value below or at which `fraction` of all values lie; 0 if there are none.
  uint64_t Percentile(double fraction) const;

 private:
  static constexpr int kSteps = 64;  // buckets for each doubling

  static int BucketOf(uint64_t value);
  static uint64_t LargestIn(int bucket);

  std::array<uint64_t, kSteps * 32> buckets_{};
  uint64_t count_ = 0;
};

}  // namespace cloister::bench
