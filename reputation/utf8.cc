#include "reputation/utf8.h"

#include <cstddef>
#include <cstdint>

namespace cloister::reputation {
namespace {

// Bytes that follow a first byte; -1 if it cannot be one.
int FollowingBytes(uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xc2 && first <= 0xdf) return 1;
  if (first >= 0xe0 && first <= 0xef) return 2;
  if (first >= 0xf0 && first <= 0xf4) return 3;
  return -1;
}

// The second byte's range is narrower after some first bytes (RFC 3629, section 4).
bool SecondByteFits(uint8_t first, uint8_t second) {
  switch (first) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second <= 0x9f;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second <= 0x8f;
    default:
      return true;
  }
}

}  // namespace

bool IsUtf8(absl::string_view bytes) {
  while (!bytes.empty()) {
    uint8_t first = static_cast<uint8_t>(bytes[0]);
    int following = FollowingBytes(first);
    if (following < 0 || bytes.size() <= static_cast<size_t>(following)) return false;
    for (int i = 1; i <= following; ++i) {
      uint8_t byte = static_cast<uint8_t>(bytes[static_cast<size_t>(i)]);
      if ((byte & 0xc0) != 0x80) return false;
      if (i == 1 && !SecondByteFits(first, byte)) return false;
    }
    bytes.remove_prefix(static_cast<size_t>(following) + 1);
  }
  return true;
}

}  // namespace cloister::reputation
