// Where a reader puts what it read: entries to the sink, counts and faults to the report.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {

// Where a row stands and how it reads, for the report.
struct RowPlace {
  uint64_t line = 0;
  absl::string_view text;
};

// Lives as long as one Read; borrows both.
class FeedOutput {
 public:
  FeedOutput(const EntrySink& sink, FeedReport* report) : sink_(sink), report_(report) {}

  // A row that is one listing: an entry, or a rejection. An error is the sink's.
  absl::Status Take(const Listing& listing, const RowPlace& place);
  // A row that is several listings: an entry each, or a rejection if one of them cannot be kept.
  absl::Status TakeTogether(const std::vector<Listing>& listings, const RowPlace& place);
  // One of the listings of a row that the caller counts with CountRow.
  absl::Status Pass(const FeedEntry& entry);

  void Reject(const Fault& fault, const RowPlace& place) {
    report_->Reject(fault, place.line, place.text);
  }
  FeedReport* report() { return report_; }

 private:
  const EntrySink& sink_;
  FeedReport* report_;
};

}  // namespace cloister::feeds
