// The rules that every entry of a pack keeps, whoever writes or reads it.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/pack/pack_format.h"

namespace cloister::storage {

// Takes the entries of one pack in order. Not thread-safe.
class EntryChecker {
 public:
  EntryChecker(bool is_delta, const PackLimits& limits) : is_delta_(is_delta), limits_(limits) {}

  // kPackBadKey if `key` is no pack entry's or does not rise, kPackBadRecord if `value` is not
  // what belongs there, kPackLimit if there are too many. The entry then counts as not taken.
  absl::Status Take(absl::string_view key, absl::string_view value);

  uint64_t entries() const { return summary_.records + summary_.labels; }
  // What was taken so far; PackSummary::bytes is 0.
  const PackSummary& summary() const { return summary_; }

 private:
  absl::Status CheckOrder(absl::string_view key) const;
  absl::Status TakeLabel(absl::string_view value, bool* removal);
  absl::Status TakeRecord(absl::string_view key, absl::string_view value, bool* removal);

  const bool is_delta_;
  const PackLimits limits_;
  std::string last_key_;
  PackSummary summary_;
};

}  // namespace cloister::storage
