// A row of the NSRL, whichever form it came in.

#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Hexadecimal; "" where the row has none.
struct NsrlRow {
  absl::string_view sha256;
  absl::string_view sha1;
  absl::string_view md5;
};

// Labels by product code or package number. Larger than any release has.
struct NsrlProducts {
  static constexpr size_t kMaxProducts = 4'000'000;

  std::unordered_map<int64_t, reputation::Label> labels;

  // The empty label if there is none.
  const reputation::Label& Find(int64_t id) const;
};

reputation::Label NsrlLabel(absl::string_view product, absl::string_view version,
                            absl::string_view system, absl::string_view manufacturer);

// An entry for each digest, or a rejection if one of them is none or all are missing.
absl::Status TakeNsrlRow(const NsrlRow& row, const reputation::Label& label,
                         const FeedOptions& options, uint64_t number, FeedOutput& output);

}  // namespace cloister::feeds
