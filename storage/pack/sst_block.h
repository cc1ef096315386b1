// Reads blocks of an SST file without trusting them. RocksDB's own readers take a block whose
// checksum is right for one that RocksDB wrote, and abort the process or read beyond its end where
// that is not so.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cloister::storage {

// Drops a number from the front of `*bytes`; nothing if there is none there.
std::optional<uint64_t> TakeVarint(absl::string_view* bytes);

template <typename T>
T LittleEndian(absl::string_view bytes) {
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>(value << 8 | static_cast<uint8_t>(bytes[i]));
  }
  return value;
}

// After each block: compression type (1 B; 0 is none) and checksum (4 B).
inline constexpr size_t kTrailerBytes = 5;

// Where a block is, its trailer apart.
struct BlockPlace {
  uint64_t offset = 0;
  uint64_t size = 0;

  // Offset and size, varint64 each.
  static std::optional<BlockPlace> Take(absl::string_view* bytes);

  uint64_t end() const { return offset + size + kTrailerBytes; }
  // Whether it ends, trailer included, within the first `limit` bytes.
  bool LiesWithin(uint64_t limit) const;
};

// Goes through the entries of a block: shared key bytes, other key bytes, value bytes (varint
// each), key, value. At the end of a block are its restart points, entries that share nothing, and
// how many there are (4 B each). Not thread-safe.
class BlockEntries {
 public:
  enum class Kind {
    kPlain,
    kIndex,  // without the number of value bytes; each entry is a restart point, its value a place
  };

  // Borrows `block`.
  BlockEntries(absl::string_view block, Kind kind);

  // Moves to the first or next entry; false at the end or if the block is broken.
  bool Next();

  // False once something was wrong. Ask when Next has returned false.
  bool good() const { return good_; }

  absl::string_view key() const { return key_; }
  absl::string_view value() const { return value_; }

 private:
  bool Fail();
  // Drops the value from the front of rest_; its bytes as announced, or a place of an index.
  bool TakeValue(std::optional<uint64_t> announced);

  const Kind kind_;
  absl::string_view entries_;
  absl::string_view restarts_;
  absl::string_view rest_;
  size_t next_restart_ = 0;  // in bytes of restarts_
  bool good_ = true;
  std::string key_;
  absl::string_view value_;
};

}  // namespace cloister::storage
