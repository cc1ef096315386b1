// Which keys a measurement asks for: determined by a seed, so that every contender is asked the
// same, in the same order.

#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/records.h"

namespace cloister::bench {

// How often which of many is chosen.
enum class Spreading {
  kUniform,  // each as often as any other
  kZipf,     // the k-th most frequent k^-0.99 times as often as the first, as in YCSB
};

// "uniform" or "Zipf".
std::string SpreadingName(Spreading spreading);

// Numbers from 1 to `count` with frequencies of a Zipf distribution, by rejection-inversion
// (Hörmann and Derflinger 1996): no table, whatever the count. A value type.
class ZipfRanks {
 public:
  explicit ZipfRanks(uint64_t count);

  // The number that `seed` and `index` determine.
  uint64_t At(uint64_t seed, uint64_t index) const;

 private:
  uint64_t count_;
  double low_, high_, shortcut_;
};

// A sequence of digests, some of which are listed.
class KeyChoice {
 public:
  struct Options {
    Digests listed;
    double hit_rate = 0;
    Spreading spreading = Spreading::kUniform;
    uint64_t seed = 0x6d6561737572;
  };

  explicit KeyChoice(const Options& options);

  // Listed with a chance of hit_rate; otherwise one of as many digests that are in no feed.
  reputation::Digest At(uint64_t index) const;
  const Options& options() const { return options_; }

 private:
  uint64_t Chosen(uint64_t index) const;

  Options options_;
  Digests unlisted_;
  ZipfRanks ranks_;
};

}  // namespace cloister::bench
