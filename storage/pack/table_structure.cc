#include "storage/pack/table_structure.h"

#include <fstream>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reputation/reject_reason.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

// The end of a file, format version 5 (RocksDB, table/format.h): checksum type (1 B), the places
// of the meta index and the index (two varint64 each, padded to 40 B), format version (4 B),
// magic number (8 B), numbers little-endian.
constexpr size_t kFooterBytes = 1 + 40 + 4 + 8;
constexpr uint64_t kBlockBasedMagic = 0x88e241b785f4cff7;
constexpr uint32_t kFormatVersion = 5;
constexpr uint8_t kXxh3Checksum = 4;
// After each block: compression type (1 B; 0 is none) and checksum (4 B).
constexpr size_t kTrailerBytes = 5;
// A meta index names a handful of blocks.
constexpr uint64_t kMaxMetaIndexBytes = 64 << 10;

absl::Status Unreadable(const std::string& path, absl::string_view what) {
  return Rejected(RejectReason::kPackUnreadable, absl::StrCat(path, ": ", what));
}

absl::Status Foreign(const std::string& path, absl::string_view what) {
  return Rejected(RejectReason::kPackForeign, absl::StrCat(path, " has ", what));
}

template <typename T>
T LittleEndian(absl::string_view bytes) {
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) value = static_cast<T>(value << 8 | uint8_t(bytes[i]));
  return value;
}

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

std::optional<std::string> ReadRange(const std::string& path, uint64_t offset, size_t size) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  file.seekg(static_cast<std::streamoff>(offset));
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) return std::nullopt;
  return bytes;
}

// Where a block is: offset and size, varint64 each.
struct BlockPlace {
  uint64_t offset = 0;
  uint64_t size = 0;

  static std::optional<BlockPlace> Take(absl::string_view* bytes) {
    std::optional<uint64_t> offset = TakeVarint(bytes);
    std::optional<uint64_t> size = TakeVarint(bytes);
    if (!offset.has_value() || !size.has_value()) return std::nullopt;
    return BlockPlace{*offset, *size};
  }

  // RocksDB allocates what a place says before it finds that the file is shorter.
  bool LiesWithin(uint64_t file_size) const {
    return size <= file_size && size + kTrailerBytes <= file_size &&
           offset <= file_size - size - kTrailerBytes;
  }
};

bool IsExpectedBlock(absl::string_view name) {
  return name == "rocksdb.properties" || name == "rocksdb.index" ||
         absl::StartsWith(name, "fullfilter.");
}

// Entries of a block: shared key bytes, other key bytes, value bytes (varint each), key, value.
// At its end: restart points (4 B each) and how many there are (4 B).
absl::Status CheckMetaIndex(const std::string& path, absl::string_view block, uint64_t file_size) {
  if (block.size() < sizeof(uint32_t)) return Unreadable(path, "its meta index is cut short");
  uint64_t restarts = LittleEndian<uint32_t>(block.substr(block.size() - sizeof(uint32_t)));
  uint64_t tail_bytes = (restarts + 1) * sizeof(uint32_t);
  if (tail_bytes > block.size()) return Unreadable(path, "its meta index has no entries");
  block.remove_suffix(tail_bytes);
  std::string name;
  while (!block.empty()) {
    std::optional<uint64_t> shared = TakeVarint(&block);
    std::optional<uint64_t> other = TakeVarint(&block);
    std::optional<uint64_t> value = TakeVarint(&block);
    bool good = shared.has_value() && other.has_value() && value.has_value() &&
                *shared <= name.size() && *other <= block.size() && *value <= block.size() - *other;
    if (!good) return Unreadable(path, "its meta index is broken");
    name.resize(*shared);
    name.append(block.data(), *other);
    if (!IsExpectedBlock(name)) {
      return Foreign(path, absl::StrCat("a block ", absl::CHexEscape(name)));
    }
    absl::string_view place_bytes = block.substr(*other, *value);
    std::optional<BlockPlace> place = BlockPlace::Take(&place_bytes);
    if (!place.has_value() || !place->LiesWithin(file_size)) {
      return Unreadable(path, absl::StrCat("its block ", name, " lies outside of it"));
    }
    block.remove_prefix(*other + *value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTableStructure(const std::string& path, uint64_t size) {
  if (size < kFooterBytes) return Unreadable(path, "it is too short to be an SST file");
  std::optional<std::string> footer = ReadRange(path, size - kFooterBytes, kFooterBytes);
  if (!footer.has_value()) return Unreadable(path, "its end cannot be read");
  absl::string_view bytes = *footer;
  if (LittleEndian<uint64_t>(bytes.substr(45)) != kBlockBasedMagic) {
    return Unreadable(path, "it does not end as an SST file does");
  }
  if (LittleEndian<uint32_t>(bytes.substr(41)) != kFormatVersion) {
    return Unreadable(path, "it is not of format version 5");
  }
  if (static_cast<uint8_t>(bytes[0]) != kXxh3Checksum) return Foreign(path, "other checksums");
  absl::string_view places = bytes.substr(1, 40);
  std::optional<BlockPlace> meta_index = BlockPlace::Take(&places);
  std::optional<BlockPlace> index = BlockPlace::Take(&places);
  if (!meta_index.has_value() || !meta_index->LiesWithin(size) || !index.has_value() ||
      !index->LiesWithin(size)) {
    return Unreadable(path, "its indexes lie outside of it");
  }
  if (meta_index->size > kMaxMetaIndexBytes) return Foreign(path, "a meta index without end");
  std::optional<std::string> block =
      ReadRange(path, meta_index->offset, meta_index->size + kTrailerBytes);
  if (!block.has_value()) return Unreadable(path, "its meta index cannot be read");
  if ((*block)[meta_index->size] != 0) return Foreign(path, "a compressed meta index");
  return CheckMetaIndex(path, absl::string_view(*block).substr(0, meta_index->size), size);
}

}  // namespace cloister::storage
