// How one version of a feed differs from another, counted by verdict.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/pack/pack_reader.h"

namespace cloister::bundle {

// Verdicts by name; "" where there is no record.
struct VerdictChanges {
  std::map<std::pair<std::string, std::string>, uint64_t> changes;  // before and after
  uint64_t altered = 0;    // other records with the same verdict
  uint64_t unchanged = 0;  // records

  bool none() const { return changes.empty() && altered == 0; }
};

// Walks both versions side by side, in memory that does not grow with them. Labels do not count.
absl::StatusOr<VerdictChanges> CompareVersions(storage::EntryCursor& before,
                                               storage::EntryCursor& after);

// "3 trusted become malicious", "12 malicious added", most first.
std::vector<std::string> InWords(const VerdictChanges& changes);

}  // namespace cloister::bundle
