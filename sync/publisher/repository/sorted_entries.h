// The entries of a version to be, sorted and without duplicates.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reputation/coverage.h"
#include "reputation/ip_address.h"
#include "reputation/record.h"
#include "storage/pack/pack_reader.h"
#include "sync/publisher/repository/item_file.h"
#include "sync/publisher/repository/merge_report.h"

namespace cloister::publisher {

// Immutable; cursors may be used on different threads, and must not outlive it.
class SortedEntries {
 public:
  // Labels, then records, as a pack holds them.
  std::unique_ptr<storage::EntryCursor> NewCursor() const;

  uint64_t records() const { return records_; }
  uint64_t labels() const { return stored_labels_.size(); }
  uint64_t entries() const { return records() + labels(); }
  // Entries left out because another one had the same lookup key.
  uint64_t duplicates() const;
  // What became of the entries of each source.
  const MergeReport& merges() const { return merges_; }
  // Bytes that a snapshot takes, somewhat overestimated.
  uint64_t snapshot_bytes() const { return snapshot_bytes_; }
  const reputation::Coverage& coverage() const { return coverage_; }
  const reputation::PrefixLengths& prefix_lengths() const { return prefix_lengths_; }

  // What an entry adds to snapshot_bytes().
  static uint64_t BytesInPack(size_t key_size, size_t value_size);

 private:
  friend class EntrySorter;
  class Cursor;
  struct StoredLabel {
    std::string key;
    std::string value;
  };

  SortedEntries() = default;
  // Assigns ids to the labels that `used` marks. Called once, when all items are in place.
  absl::Status AssignIds(const std::vector<const reputation::Label*>& labels,
                         const std::vector<bool>& used);
  absl::Status Count(const SortItem& item);

  std::shared_ptr<const ItemFile> items_;
  std::vector<StoredLabel> stored_labels_;  // in the order of their keys
  std::vector<uint32_t> ids_;               // by number of the label in the sorter; [0] = 0
  uint64_t records_ = 0;
  MergeReport merges_;
  uint64_t snapshot_bytes_ = 0;
  reputation::Coverage coverage_;
  reputation::PrefixLengths prefix_lengths_;
};

}  // namespace cloister::publisher
