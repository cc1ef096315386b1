// Networks of one address family as sorted ranges that do not overlap.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace cloister::reputation {

// `Address` is ordered as addresses are: uint32_t, or 16 bytes in network order.
template <typename Address>
class AddressRanges {
 public:
  struct Range {
    Address first;
    Address last;
    uint8_t length;   // of the prefix
    uint16_t source;  // who named it
  };

  void Add(const Range& range) { ranges_.push_back(range); }

  // Call once, after the last Add. Of networks inside another the outer one stays; of equal ones
  // the one that was added first.
  void Sort() {
    std::stable_sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
      return a.first != b.first ? a.first < b.first : a.length < b.length;
    });
    // Two prefixes are nested or apart, so it is enough to look at the last one that stays.
    size_t kept = 0;
    for (const Range& range : ranges_) {
      if (kept > 0 && range.last <= ranges_[kept - 1].last) continue;
      ranges_[kept++] = range;
    }
    ranges_.resize(kept);
    ranges_.shrink_to_fit();
  }

  // The range that holds all of first..last, or with `touching` any of it.
  std::optional<Range> Find(const Address& first, const Address& last, bool touching) const {
    auto after = std::upper_bound(ranges_.begin(), ranges_.end(), first,
                                  [](const Address& a, const Range& b) { return a < b.first; });
    if (after != ranges_.begin()) {
      const Range& before = *(after - 1);
      if (touching ? first <= before.last : last <= before.last) return before;
    }
    if (touching && after != ranges_.end() && after->first <= last) return *after;
    return std::nullopt;
  }

  size_t size() const { return ranges_.size(); }

 private:
  std::vector<Range> ranges_;
};

}  // namespace cloister::reputation
