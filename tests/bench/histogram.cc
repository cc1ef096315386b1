#include "tests/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cloister::bench {

// Values below 64 have a bucket each; every doubling above that is cut into 64.
int Histogram::BucketOf(uint64_t value) {
  if (value < kSteps) return static_cast<int>(value);
  const int doubling = std::bit_width(value) - std::bit_width(uint64_t{kSteps});
  const int step = static_cast<int>(value >> doubling) - kSteps;
  return std::min((doubling + 1) * kSteps + step, kSteps * 32 - 1);
}

uint64_t Histogram::LargestIn(int bucket) {
  if (bucket < kSteps) return static_cast<uint64_t>(bucket);
  const int doubling = bucket / kSteps - 1;
  return ((uint64_t{1} * kSteps + bucket % kSteps + 1) << doubling) - 1;
}

void Histogram::Add(uint64_t microseconds) {
  ++buckets_[BucketOf(microseconds)];
  ++count_;
}

void Histogram::Add(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
}

uint64_t Histogram::Percentile(double fraction) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= std::max<uint64_t>(rank, 1)) return LargestIn(static_cast<int>(i));
  }
  return LargestIn(static_cast<int>(buckets_.size()) - 1);
}

}  // namespace cloister::bench
