// Sorts entries that come in any order, in memory that does not grow with their number.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reputation/record.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/repository/entry_merger.h"
#include "sync/publisher/repository/item_file.h"
#include "sync/publisher/repository/merge_report.h"
#include "sync/publisher/repository/sorted_entries.h"

namespace cloister::publisher {

// Entries beyond `memory_bytes` go to sorted files in `directory`, which Finish merges; while it
// does, about 110 bytes an entry of disk are in use. Only the set of different labels stays in
// memory, some 200 bytes each.
//
// Of entries with one lookup key one is kept: entry_merger.h says which. The outcome does not
// depend on the order of Add. Not thread-safe.
class EntrySorter {
 public:
  struct Options {
    std::string directory;  // must exist
    size_t memory_bytes = size_t{256} << 20;
  };

  explicit EntrySorter(Options options) : options_(std::move(options)) {}

  // A source of entries, called `name` in the report of the merge; returns its number. A larger
  // `trust` is believed rather than a smaller one. At most 65,535 sources.
  uint16_t AddSource(std::string name, uint8_t trust);

  // An entry of the source with the number `source`. InvalidArgument if the record cannot be
  // encoded or there is no such source; kNoSpace or kIoError of the files.
  absl::Status Add(const feeds::FeedEntry& entry, uint16_t source);

  // Call once, last.
  absl::StatusOr<std::unique_ptr<SortedEntries>> Finish();

 private:
  struct LabelHash {
    size_t operator()(const reputation::Label& label) const;
  };

  uint32_t NumberOf(const reputation::Label& label);
  // Gives what is in memory to `take` in the order of keys, and forgets it.
  template <typename Take>
  absl::Status TakePending(const Take& take);
  absl::Status SpillPending();
  absl::Status MergeRuns(EntryMerger* merger);

  const Options options_;
  std::vector<SortItem> pending_;
  std::vector<std::shared_ptr<ItemFile>> runs_;
  std::unordered_map<reputation::Label, uint32_t, LabelHash> label_numbers_;
  std::vector<const reputation::Label*> labels_;  // by number, from 1 at [0]
  uint32_t last_label_ = 0;                       // number of the label of the last entry
  std::string encoded_;                           // scratch
  std::vector<uint8_t> trusts_;                   // by source
  MergeReport merges_;
};

}  // namespace cloister::publisher
