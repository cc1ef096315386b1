#include "storage/pack/sst_block.h"

namespace cloister::storage {

std::optional<uint64_t> TakeVarint(absl::string_view* bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    uint8_t byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<BlockPlace> BlockPlace::Take(absl::string_view* bytes) {
  std::optional<uint64_t> offset = TakeVarint(bytes);
  std::optional<uint64_t> size = TakeVarint(bytes);
  if (!offset.has_value() || !size.has_value()) return std::nullopt;
  return BlockPlace{*offset, *size};
}

bool BlockPlace::LiesWithin(uint64_t limit) const {
  return size <= limit && kTrailerBytes <= limit - size && offset <= limit - size - kTrailerBytes;
}

BlockEntries::BlockEntries(absl::string_view block, Kind kind) : kind_(kind) {
  constexpr size_t kPoint = sizeof(uint32_t);
  uint64_t points = 0;
  if (block.size() >= kPoint) points = LittleEndian<uint32_t>(block.substr(block.size() - kPoint));
  if (points == 0 || (points + 1) * kPoint > block.size()) {
    good_ = false;
    return;
  }
  entries_ = block.substr(0, block.size() - (points + 1) * kPoint);
  restarts_ = block.substr(entries_.size(), points * kPoint);
  rest_ = entries_;
}

bool BlockEntries::Fail() {
  good_ = false;
  return false;
}

bool BlockEntries::Next() {
  if (!good_) return false;
  // All restart points have to be met, the first at the start.
  if (rest_.empty()) return next_restart_ == restarts_.size() && !entries_.empty() ? false : Fail();
  size_t at = entries_.size() - rest_.size();
  bool restart = next_restart_ < restarts_.size() &&
                 LittleEndian<uint32_t>(restarts_.substr(next_restart_)) == at;
  if (restart) next_restart_ += sizeof(uint32_t);
  std::optional<uint64_t> shared = TakeVarint(&rest_);
  std::optional<uint64_t> other = TakeVarint(&rest_);
  std::optional<uint64_t> announced;
  if (kind_ == Kind::kPlain) announced = TakeVarint(&rest_);
  if (!shared.has_value() || !other.has_value() || *shared > key_.size() || *other > rest_.size()) {
    return Fail();
  }
  bool must_restart = at == 0 || kind_ == Kind::kIndex;
  if ((restart && *shared != 0) || (must_restart && !restart)) return Fail();
  key_.resize(*shared);
  key_.append(rest_.data(), *other);
  rest_.remove_prefix(*other);
  return TakeValue(announced) || Fail();
}

bool BlockEntries::TakeValue(std::optional<uint64_t> announced) {
  uint64_t size = 0;
  if (kind_ == Kind::kIndex) {
    absl::string_view after = rest_;
    if (!BlockPlace::Take(&after).has_value()) return false;
    size = rest_.size() - after.size();
  } else if (!announced.has_value() || *announced > rest_.size()) {
    return false;
  } else {
    size = *announced;
  }
  value_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

}  // namespace cloister::storage
