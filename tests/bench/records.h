// The records that are measured with: SHA-256 digests that a seed determines, so that a run needs
// no list of them in memory and can be repeated.

#pragma once

#include <cstdint>

#include "reputation/digest.h"
#include "reputation/record.h"

namespace cloister::bench {

// Digests that rise with their index and are spread evenly over all that there are, as digests of
// real files are: the leading 64 bits are the index's share of their range plus a random offset,
// the others random. A value type.
class Digests {
 public:
  // Two sources with different seeds share no digest, but for chance of one in 2^190.
  Digests(uint64_t count, uint64_t seed);

  uint64_t count() const { return count_; }
  // index < count().
  reputation::Digest At(uint64_t index) const;

 private:
  uint64_t count_;
  uint64_t seed_;
  uint64_t step_;
};

// A number that `seed` and `index` determine, evenly spread over 64 bits (SplitMix64).
uint64_t RandomAt(uint64_t seed, uint64_t index);

// How many labels records are spread over.
inline constexpr uint32_t kLabels = 1000;
reputation::Label LabelAt(uint32_t index);

}  // namespace cloister::bench
