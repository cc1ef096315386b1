// Sorts entries that come in any order, in memory that does not grow with their number.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reputation/record.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/repository/item_file.h"
#include "sync/publisher/repository/merge_report.h"
#include "sync/publisher/repository/sorted_entries.h"

namespace cloister::publisher {

// Entries beyond `memory_bytes` go to sorted files in `directory`, which Finish merges; while it
// does, about 110 bytes an entry of disk are in use. Only the set of different labels stays in
// memory, some 200 bytes each.
//
// Of entries with one lookup key one is kept: the gravest verdict; among those the one that lasts
// longest, then the more confident, then the one that reaches further, then the last in the order
// of their bytes and labels. The outcome does not depend on the order of Add. Not thread-safe.
class EntrySorter {
 public:
  struct Options {
    std::string directory;  // must exist
    size_t memory_bytes = size_t{256} << 20;
  };

  explicit EntrySorter(Options options) : options_(std::move(options)) {}

  // A source of entries, called `name` in the report of the merge; returns its number. Of entries
  // with one key those of the most trusted source count first.
  uint16_t AddSource(std::string name, uint8_t trust);

  // An entry of the source with the number `source`. InvalidArgument if the record cannot be
  // encoded or there is no such source; kNoSpace or kIoError of the files.
  absl::Status Add(const feeds::FeedEntry& entry, uint16_t source);

  // Call once, last.
  absl::StatusOr<std::unique_ptr<SortedEntries>> Finish();

 private:
  class Output;

  uint32_t NumberOf(const reputation::Label& label);
  // Sorts what is in memory, and drops duplicates there.
  void SortPending();
  absl::Status SpillPending();
  absl::Status Merge(Output* output);
  // Whether `a` is kept rather than `b`; both have one key.
  bool Wins(const SortItem& a, const SortItem& b) const;

  Options options_;
  std::vector<SortItem> pending_;
  std::vector<std::shared_ptr<ItemFile>> runs_;
  std::map<reputation::Label, uint32_t> label_numbers_;
  std::vector<const reputation::Label*> labels_;  // by number, from 1 at [0]
  uint64_t duplicates_ = 0;
  std::vector<uint8_t> trusts_;  // by source
  MergeReport merges_;
};

}  // namespace cloister::publisher
