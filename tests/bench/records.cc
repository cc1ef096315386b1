#include "tests/bench/records.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace cloister::bench {

uint64_t RandomAt(uint64_t seed, uint64_t index) {
  uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Digests::Digests(uint64_t count, uint64_t seed)
    : count_(count), seed_(seed), step_(~uint64_t{0} / std::max<uint64_t>(count, 1)) {}

reputation::Digest Digests::At(uint64_t index) const {
  const uint64_t words[4] = {index * step_ + RandomAt(seed_, 4 * index) % step_,
                             RandomAt(seed_, 4 * index + 1), RandomAt(seed_, 4 * index + 2),
                             RandomAt(seed_, 4 * index + 3)};
  char bytes[32];
  for (int i = 0; i < 32; ++i) bytes[i] = static_cast<char>(words[i / 8] >> (56 - 8 * (i % 8)));
  return *reputation::Digest::FromBytes(reputation::DigestAlgorithm::kSha256,
                                        absl::string_view(bytes, sizeof(bytes)));
}

reputation::Label LabelAt(uint32_t index) {
  reputation::Label label;
  label.threat_name = absl::StrCat("Bench.Sample.", index);
  label.categories = {reputation::Category::kTest};
  return label;
}

}  // namespace cloister::bench
