// Entries on their way through a sort: of fixed size, in memory or in a file without a name.

#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"

namespace cloister::publisher {

// An entry of a source. Its record's label_id is the number of the label in the sorter, from 1;
// the ids that are stored are known only when all labels are.
struct SortItem {
  static SortItem Make(const reputation::LookupKey& key, const reputation::Record& record,
                       uint16_t source);

  absl::string_view key() const {
    const auto byte = [this](size_t i) { return static_cast<uint8_t>(key_bytes[i]); };
    return {key_bytes.data(), reputation::LookupKeySize(byte(0), byte(1))};
  }

  // Orders as storage orders keys: keys of one kind and form have one length, so that padding
  // never decides.
  int CompareKey(const SortItem& other) const {
    return memcmp(key_bytes.data(), other.key_bytes.data(), key_bytes.size());
  }
  // The first bytes of the key as a number; where these differ they order as CompareKey does.
  uint64_t KeyPrefix() const;

  std::array<char, reputation::LookupKey::kMaxSize> key_bytes{};  // padded with zero
  uint16_t source = 0;                                            // its number in the sorter
  reputation::Record record;
};

// A file that is removed as soon as it is made, so that nothing is left after a crash; its space
// is free again when the last reader is gone. Appending is not thread-safe.
class ItemFile {
 public:
  static absl::StatusOr<std::shared_ptr<ItemFile>> Create(const std::string& directory);
  ItemFile(const ItemFile&) = delete;
  ItemFile& operator=(const ItemFile&) = delete;
  ~ItemFile();

  // kNoSpace or kIoError.
  absl::Status Append(const SortItem& item);
  absl::Status Flush();
  uint64_t count() const { return count_; }

  // Reads up to items->size() items from the `first` on into `*items`, and shrinks it to those.
  absl::Status Read(uint64_t first, std::vector<SortItem>* items) const;

 private:
  ItemFile(int fd, std::string directory) : fd_(fd), directory_(std::move(directory)) {}

  int fd_;
  std::string directory_;
  std::vector<SortItem> pending_;
  uint64_t count_ = 0;
};

// Walks the items of a file in their order. Not thread-safe; several may read one file.
class ItemReader {
 public:
  explicit ItemReader(std::shared_ptr<const ItemFile> file);

  bool Valid() const { return status_.ok() && position_ < chunk_.size(); }
  void Next();
  const SortItem& item() const { return chunk_[position_]; }
  const absl::Status& status() const { return status_; }

 private:
  void ReadChunk();

  std::shared_ptr<const ItemFile> file_;
  std::vector<SortItem> chunk_;
  uint64_t next_in_file_ = 0;
  size_t position_ = 0;
  absl::Status status_;
};

}  // namespace cloister::publisher
