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

// An encoded entry. Its record's label_id is the number of the label in the sorter, from 1; the
// ids that are stored are known only when all labels are.
struct SortItem {
  std::array<char, reputation::LookupKey::kMaxSize> key_bytes{};  // padded with zero
  std::array<char, reputation::Record::kMaxEncodedSize> record_bytes{};
  uint8_t key_size = 0;
  uint8_t record_size = 0;

  static absl::StatusOr<SortItem> Make(const reputation::LookupKey& key,
                                       const reputation::Record& record);

  absl::string_view key() const { return {key_bytes.data(), key_size}; }
  absl::string_view record() const { return {record_bytes.data(), record_size}; }

  // Orders as storage orders keys: keys of one kind and form have one length, so that padding
  // never decides.
  int CompareKey(const SortItem& other) const {
    return memcmp(key_bytes.data(), other.key_bytes.data(), key_bytes.size());
  }
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

// Walks items in their order, wherever they are.
class ItemReader {
 public:
  explicit ItemReader(std::shared_ptr<const std::vector<SortItem>> items);
  explicit ItemReader(std::shared_ptr<const ItemFile> file);

  bool Valid() const { return status_.ok() && position_ < chunk_->size(); }
  void Next();
  const SortItem& item() const { return (*chunk_)[position_]; }
  const absl::Status& status() const { return status_; }

 private:
  void ReadChunk();

  std::shared_ptr<const ItemFile> file_;  // null: all is in chunk_
  std::shared_ptr<const std::vector<SortItem>> chunk_;
  uint64_t next_in_file_ = 0;
  size_t position_ = 0;
  absl::Status status_;
};

}  // namespace cloister::publisher
