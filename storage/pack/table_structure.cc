#include "storage/pack/table_structure.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reputation/reject_reason.h"
#include "storage/pack/sst_block.h"
#include "storage/pack/table_identity.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

// The end of a file, format version 5 (RocksDB, table/format.h): checksum type (1 B), the places
// of the meta index and the index (padded to 40 B), format version (4 B), magic number (8 B),
// numbers little-endian.
constexpr size_t kFooterBytes = 1 + 40 + 4 + 8;
constexpr uint64_t kBlockBasedMagic = 0x88e241b785f4cff7;
constexpr uint32_t kFormatVersion = 5;
constexpr uint8_t kXxh3Checksum = 4;
// Far more than a pack's properties need.
constexpr uint64_t kMaxMetaBlockBytes = 64 << 10;
// After each key: type (1 B) and sequence number (7 B). A put into a file of its own has number 0.
constexpr size_t kKeyTrailerBytes = 8;
constexpr uint64_t kPlainPut = 1;

// Properties that tell RocksDB how to read the file, with the only value that packs have.
const std::map<absl::string_view, absl::string_view>& SteeringProperties() {
  static const auto* const kProperties = new std::map<absl::string_view, absl::string_view>{
      {"rocksdb.block.based.table.index.type", absl::string_view("\0\0\0\0", 4)},
      {"rocksdb.block.based.table.prefix.filtering", "0"},
      {"rocksdb.block.based.table.whole.key.filtering", "1"},
      {"rocksdb.comparator", "leveldb.BytewiseComparator"},
      {"rocksdb.compression", "NoCompression"},
      {"rocksdb.external_sst_file.global_seqno", absl::string_view("\0\0\0\0\0\0\0\0", 8)},
      {"rocksdb.external_sst_file.version", absl::string_view("\2\0\0\0", 4)},
      {"rocksdb.index.key.is.user.key", "\1"},
      {"rocksdb.index.value.is.delta.encoded", "\1"},
      {kFileNumberProperty, absl::string_view("\0", 1)},  // see table_identity.h
  };
  return *kProperties;
}

// What the file says of its entries; RocksDB computes with it after an ingest. Numbers that are not
// there count as 0.
struct EntryCounts {
  uint64_t entries = 0;
  uint64_t key_bytes = 0;  // with what follows each key
  uint64_t value_bytes = 0;
  uint64_t deletions = 0;
  uint64_t merges = 0;
  uint64_t range_deletions = 0;

  uint64_t* Named(absl::string_view property) {
    if (property == "rocksdb.num.entries") return &entries;
    if (property == "rocksdb.raw.key.size") return &key_bytes;
    if (property == "rocksdb.raw.value.size") return &value_bytes;
    if (property == "rocksdb.deleted.keys") return &deletions;
    if (property == "rocksdb.merge.operands") return &merges;
    if (property == "rocksdb.num.range-deletions") return &range_deletions;
    return nullptr;
  }
  friend bool operator==(const EntryCounts&, const EntryCounts&) = default;
};

class TableCheck {
 public:
  TableCheck(const std::string& path, int fd, uint64_t size) : path_(path), fd_(fd), size_(size) {}

  absl::Status Run() {
    if (absl::Status s = ReadFooter(); !s.ok()) return s;
    if (absl::Status s = CheckMetaIndex(); !s.ok()) return s;
    if (absl::Status s = CheckProperties(); !s.ok()) return s;
    if (absl::Status s = CheckFilter(); !s.ok()) return s;
    if (absl::Status s = CheckIndex(); !s.ok()) return s;
    return found_ == stated_ ? absl::OkStatus() : Foreign("other entries than it says");
  }

 private:
  absl::Status Unreadable(absl::string_view what) const {
    return Rejected(RejectReason::kPackUnreadable, absl::StrCat(path_, ": ", what));
  }
  absl::Status Foreign(absl::string_view what) const {
    return Rejected(RejectReason::kPackForeign, absl::StrCat(path_, " has ", what));
  }

  absl::Status ReadRange(uint64_t offset, uint64_t size, std::string* bytes) const;
  // A block without its trailer.
  absl::Status ReadBlock(const BlockPlace& place, std::string* block) const;

  absl::Status ReadFooter();
  absl::Status CheckMetaIndex();
  absl::Status CheckProperties();
  absl::Status CheckFilter() const;
  absl::Status CheckIndex();
  // `separator` is what the index says of the block; `last_key` goes from the last key of the
  // block before to that of this one.
  absl::Status CheckDataBlock(const BlockPlace& place, absl::string_view separator,
                              std::string* last_key);

  const std::string& path_;
  const int fd_;
  const uint64_t size_;
  BlockPlace meta_index_;
  BlockPlace index_;
  std::optional<BlockPlace> properties_;
  std::optional<BlockPlace> filter_;
  EntryCounts stated_;
  EntryCounts found_;
};

absl::Status TableCheck::ReadRange(uint64_t offset, uint64_t size, std::string* bytes) const {
  bytes->resize(size);
  for (uint64_t done = 0; done < size;) {
    ssize_t count =
        pread(fd_, bytes->data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return Rejected(RejectReason::kIoError,
                      absl::StrCat("cannot read ", path_, ": ", strerror(errno)));
    }
    if (count == 0) return Unreadable("it became shorter while it was read");
    done += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

absl::Status TableCheck::ReadBlock(const BlockPlace& place, std::string* block) const {
  absl::Status read = ReadRange(place.offset, place.size + kTrailerBytes, block);
  if (!read.ok()) return read;
  if ((*block)[place.size] != 0) return Foreign("a compressed block");
  block->resize(place.size);
  return absl::OkStatus();
}

absl::Status TableCheck::ReadFooter() {
  if (size_ < kFooterBytes) return Unreadable("it is too short to be an SST file");
  std::string footer;
  absl::Status read = ReadRange(size_ - kFooterBytes, kFooterBytes, &footer);
  if (!read.ok()) return read;
  absl::string_view bytes = footer;
  if (LittleEndian<uint64_t>(bytes.substr(45)) != kBlockBasedMagic) {
    return Unreadable("it does not end as an SST file does");
  }
  if (LittleEndian<uint32_t>(bytes.substr(41)) != kFormatVersion) {
    return Unreadable("it is not of format version 5");
  }
  if (static_cast<uint8_t>(bytes[0]) != kXxh3Checksum) return Foreign("other checksums");
  absl::string_view places = bytes.substr(1, 40);
  std::optional<BlockPlace> meta_index = BlockPlace::Take(&places);
  std::optional<BlockPlace> index = BlockPlace::Take(&places);
  // RocksDB allocates what a place says before it finds that the file is shorter.
  if (!meta_index.has_value() || !meta_index->LiesWithin(size_) || !index.has_value() ||
      !index->LiesWithin(size_)) {
    return Unreadable("its indexes lie outside of it");
  }
  meta_index_ = *meta_index;
  index_ = *index;
  return absl::OkStatus();
}

absl::Status TableCheck::CheckMetaIndex() {
  if (meta_index_.size > kMaxMetaBlockBytes) return Foreign("a meta index without end");
  std::string block;
  if (absl::Status s = ReadBlock(meta_index_, &block); !s.ok()) return s;
  BlockEntries entries(block, BlockEntries::Kind::kPlain);
  while (entries.Next()) {
    bool is_properties = entries.key() == "rocksdb.properties";
    std::optional<BlockPlace>& slot = is_properties ? properties_ : filter_;
    if ((!is_properties && !absl::StartsWith(entries.key(), "fullfilter.")) || slot.has_value()) {
      return Foreign(absl::StrCat("a block ", absl::CHexEscape(entries.key())));
    }
    absl::string_view value = entries.value();
    slot = BlockPlace::Take(&value);
    if (!slot.has_value() || !slot->LiesWithin(size_)) {
      return Unreadable("a meta block lies outside of it");
    }
  }
  if (!entries.good()) return Unreadable("its meta index is broken");
  if (!properties_.has_value()) return Foreign("no properties");
  return absl::OkStatus();
}

absl::Status TableCheck::CheckProperties() {
  if (properties_->size > kMaxMetaBlockBytes) return Foreign("properties without end");
  std::string block;
  if (absl::Status s = ReadBlock(*properties_, &block); !s.ok()) return s;
  size_t found = 0;
  std::string last;
  BlockEntries entries(block, BlockEntries::Kind::kPlain);
  while (entries.Next()) {
    if (entries.key() <= absl::string_view(last)) return Unreadable("its properties do not rise");
    last = std::string(entries.key());
    if (uint64_t* stated = stated_.Named(entries.key()); stated != nullptr) {
      absl::string_view value = entries.value();
      std::optional<uint64_t> number = TakeVarint(&value);
      if (!number.has_value() || !value.empty()) return Unreadable("its properties are broken");
      *stated = *number;
    }
    auto steering = SteeringProperties().find(entries.key());
    if (steering == SteeringProperties().end()) continue;
    if (entries.value() != steering->second) return Foreign(absl::StrCat("another ", last));
    ++found;
  }
  if (!entries.good()) return Unreadable("its properties are broken");
  if (found != SteeringProperties().size()) return Foreign("properties missing");
  return absl::OkStatus();
}

// A filter ends with 5 bytes: which kind, and its parameters (RocksDB, filter_policy.cc). Lookups
// compute places within it from these.
absl::Status TableCheck::CheckFilter() const {
  constexpr uint64_t kParameterBytes = 5;
  constexpr uint8_t kBloom = 0xff;
  constexpr uint8_t kRibbon = 0xfe;
  if (!filter_.has_value()) return absl::OkStatus();
  std::string parameters;
  if (filter_->size <= kParameterBytes) return Unreadable("its filter is too short");
  uint64_t size = filter_->size - kParameterBytes;
  absl::Status read = ReadRange(filter_->offset + size, kParameterBytes + 1, &parameters);
  if (!read.ok()) return read;
  if (parameters[kParameterBytes] != 0) return Foreign("a compressed filter");
  uint8_t kind = static_cast<uint8_t>(parameters[0]);
  if (kind == kBloom && size % 64 == 0) return absl::OkStatus();
  uint64_t blocks = LittleEndian<uint32_t>(parameters.substr(1)) >> 8;
  if (kind == kRibbon && size % 16 == 0 && blocks >= 2 && size / 16 / blocks <= 32) {
    return absl::OkStatus();
  }
  return Foreign("another filter");
}

absl::Status TableCheck::CheckIndex() {
  std::string block;
  if (absl::Status s = ReadBlock(index_, &block); !s.ok()) return s;
  BlockEntries entries(block, BlockEntries::Kind::kIndex);
  uint64_t offset = 0;
  std::string last_separator;
  std::string last_key;
  while (entries.Next()) {
    absl::string_view value = entries.value();
    BlockPlace place = *BlockPlace::Take(&value);
    // One after the other: what is read is bounded by the size of the file.
    if (place.offset != offset || !place.LiesWithin(size_)) {
      return Unreadable("its data blocks do not lie one after the other");
    }
    offset = place.end();
    absl::Status checked = CheckDataBlock(place, last_separator, &last_key);
    if (!checked.ok()) return checked;
    last_separator = std::string(entries.key());
    if (last_separator < last_key) return Unreadable("its index does not fit its data");
  }
  if (!entries.good()) return Unreadable("its index is broken");
  return absl::OkStatus();
}

absl::Status TableCheck::CheckDataBlock(const BlockPlace& place, absl::string_view separator,
                                        std::string* last_key) {
  std::string block;
  if (absl::Status s = ReadBlock(place, &block); !s.ok()) return s;
  BlockEntries entries(block, BlockEntries::Kind::kPlain);
  bool first = true;
  while (entries.Next()) {
    absl::string_view key = entries.key();
    if (key.size() <= kKeyTrailerBytes) return Unreadable("a key is too short");
    uint64_t trailer = LittleEndian<uint64_t>(key.substr(key.size() - kKeyTrailerBytes));
    if (trailer != kPlainPut) return Foreign("entries that are not plain puts");
    found_.entries += 1;
    found_.key_bytes += key.size();
    found_.value_bytes += entries.value().size();
    key.remove_suffix(kKeyTrailerBytes);
    if (key <= absl::string_view(*last_key)) return Unreadable("its keys do not rise");
    if (first && !separator.empty() && key <= separator) {
      return Unreadable("its index does not fit its data");
    }
    first = false;
    last_key->assign(key.data(), key.size());
  }
  return entries.good() ? absl::OkStatus() : Unreadable("a data block is broken");
}

}  // namespace

absl::Status CheckTableStructure(const std::string& path, uint64_t size) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return Rejected(RejectReason::kIoError,
                    absl::StrCat("cannot open ", path, ": ", strerror(errno)));
  }
  absl::Status checked = TableCheck(path, fd, size).Run();
  close(fd);
  return checked;
}

}  // namespace cloister::storage
