// Decides which of the entries that share a lookup key is kept.

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "reputation/record.h"
#include "sync/publisher/repository/item_file.h"
#include "sync/publisher/repository/merge_report.h"

namespace cloister::publisher {

// The rule, for what is listed under one key:
//
// - The most trusted source is believed. Among those trusted alike the gravest statement is kept:
//   MALICIOUS, UNWANTED, SUSPICIOUS, then an exclusion, TRUSTED, KNOWN.
// - Among equal statements: the one that lasts longest, then the more confident, then the one that
//   reaches further, then the higher prevalence, contexts and label, compared byte by byte, and in
//   the end the source that was added first.
// - The record that is kept is the winner's own, but that it was first seen when anyone who states
//   the same verdict saw it first, and last when any of them saw it last.
//
// The outcome does not depend on the order of the items of a key. Memory grows with the number of
// sources that list one key, not with how often they do. Not thread-safe.
class EntryMerger {
 public:
  using Output = std::function<absl::Status(const SortItem&)>;

  struct Terms {
    const std::vector<uint8_t>& trusts;                   // by source
    const std::vector<const reputation::Label*>& labels;  // by number, from 1 at [0]
  };

  // Borrows all but `output`; counts in `*report`, whose sources are there already.
  EntryMerger(const Terms& terms, MergeReport* report, Output output)
      : terms_(terms), report_(report), output_(std::move(output)) {}

  // Items in rising order of their keys. An error is the output's.
  absl::Status Take(const SortItem& item);
  // Call once, last.
  absl::Status Finish();

 private:
  // Adds an item of the key at hand.
  void Join(const SortItem& item);
  absl::Status Decide();
  // Whether `a` is kept rather than `b`; both have one key.
  bool Wins(const SortItem& a, const SortItem& b) const;
  void CountLosers(const SortItem& winner);
  void NoteConflict(const SortItem& winner, const SortItem& loser);

  const Terms terms_;
  MergeReport* const report_;
  const Output output_;
  // Of the key at hand: for each source and verdict the record that wins, in any order.
  std::vector<SortItem> items_;
};

}  // namespace cloister::publisher
