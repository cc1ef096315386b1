// What became of entries that several sources have.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reputation/lookup_key.h"
#include "reputation/record.h"

namespace cloister::publisher {

// Counts of one source, in the order in which sources were added. All but the first add up to it.
struct SourceMerge {
  std::string name;
  uint64_t added = 0;
  uint64_t kept = 0;       // are in the version, as this source has them
  uint64_t repeated = 0;   // the source itself had them more than once
  uint64_t shared = 0;     // another source says the same and its record was kept
  uint64_t overruled = 0;  // another source says otherwise and its record was kept
};

// A source contradicts the one whose record was kept: one condemns (MALICIOUS, UNWANTED,
// SUSPICIOUS), the other one vouches (TRUSTED) or excludes. That one says KNOWN is no
// contradiction, nor is what a source says twice in two ways. The records' label_id is 0.
struct MergeConflict {
  reputation::LookupKey key;
  uint16_t winner = 0;  // indexes of MergeReport::sources
  uint16_t loser = 0;
  reputation::Record kept;
  reputation::Record overruled;
};

struct MergeReport {
  static constexpr size_t kMaxExamples = 20;

  std::vector<SourceMerge> sources;
  uint64_t conflicts = 0;
  std::vector<MergeConflict> examples;  // the first in the order of keys
};

}  // namespace cloister::publisher
