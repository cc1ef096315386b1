// What tests of feeds share: feeds from text, and what their readers made of them.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// What a reader made of a text.
struct FeedOutcome {
  absl::Status status;
  std::vector<FeedEntry> entries;
  std::vector<std::string> listed;  // FeedEntry::listed of each
  FeedReport report{"test"};

  uint64_t Rejected(RowFault fault) const;
};

FeedOutcome ReadFeed(absl::string_view format, absl::string_view text,
                     const FeedOptions& options = {});
FeedOutcome ReadFeedFile(absl::string_view format, const std::string& path,
                         const FeedOptions& options = {});

// A listing of the SHA-256 that `number` makes.
FeedEntry FileEntry(uint32_t number, reputation::Verdict verdict = reputation::Verdict::kMalicious,
                    absl::string_view threat_name = "");

}  // namespace cloister::feeds
