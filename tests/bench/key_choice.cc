#include "tests/bench/key_choice.h"

#include <algorithm>
#include <cmath>

namespace cloister::bench {
namespace {

constexpr double kExponent = 0.99;

// The density's integral and its inverse.
double Integral(double x) { return std::pow(x, 1 - kExponent) / (1 - kExponent); }
double InverseIntegral(double y) { return std::pow(y * (1 - kExponent), 1 / (1 - kExponent)); }
double Density(double x) { return std::pow(x, -kExponent); }

// Evenly spread from 0 to below 1.
double Fraction(uint64_t random) { return static_cast<double>(random >> 11) * 0x1p-53; }

}  // namespace

std::string SpreadingName(Spreading spreading) {
  return spreading == Spreading::kUniform ? "uniform" : "Zipf";
}

ZipfRanks::ZipfRanks(uint64_t count)
    : count_(std::max<uint64_t>(count, 1)),
      low_(Integral(1.5) - 1),
      high_(Integral(static_cast<double>(count_) + 0.5)),
      shortcut_(2 - InverseIntegral(Integral(2.5) - Density(2))) {}

uint64_t ZipfRanks::At(uint64_t seed, uint64_t index) const {
  for (uint64_t random = RandomAt(seed, index);; random = RandomAt(random, 0)) {
    const double y = high_ + Fraction(random) * (low_ - high_);
    const double x = InverseIntegral(y);
    const double rank = std::clamp(std::round(x), 1.0, static_cast<double>(count_));
    if (rank - x <= shortcut_ || y >= Integral(rank + 0.5) - Density(rank)) {
      return static_cast<uint64_t>(rank);
    }
  }
}

KeyChoice::KeyChoice(const Options& options)
    : options_(options),
      unlisted_(options.listed.count(), ~options.seed),
      ranks_(options.listed.count()) {}

uint64_t KeyChoice::Chosen(uint64_t index) const {
  uint64_t random = RandomAt(options_.seed, 2 * index + 1);
  // Which key has which rank is random, too: neighbours in rank are not neighbours in the data.
  if (options_.spreading == Spreading::kZipf) {
    random = RandomAt(options_.seed + 1, ranks_.At(options_.seed, 2 * index + 1));
  }
  return random % options_.listed.count();
}

reputation::Digest KeyChoice::At(uint64_t index) const {
  const bool hit = Fraction(RandomAt(options_.seed, 2 * index)) < options_.hit_rate;
  return (hit ? options_.listed : unlisted_).At(Chosen(index));
}

}  // namespace cloister::bench
