#include "sync/feeds/feed_output.h"

#include <utility>
#include <variant>

namespace cloister::feeds {

absl::Status FeedOutput::Take(const Listing& listing, const RowPlace& place) {
  const std::variant<FeedEntry, Fault> made = EntryFromListing(listing);
  if (const Fault* fault = std::get_if<Fault>(&made)) {
    Reject(*fault, place);
    return absl::OkStatus();
  }
  report_->CountRow();
  return Pass(std::get<FeedEntry>(made));
}

absl::Status FeedOutput::TakeTogether(const std::vector<Listing>& listings, const RowPlace& place) {
  std::vector<FeedEntry> entries;
  entries.reserve(listings.size());
  for (const Listing& listing : listings) {
    std::variant<FeedEntry, Fault> made = EntryFromListing(listing);
    if (const Fault* fault = std::get_if<Fault>(&made)) {
      Reject(*fault, place);
      return absl::OkStatus();
    }
    entries.push_back(std::get<FeedEntry>(std::move(made)));
  }
  report_->CountRow();
  for (const FeedEntry& entry : entries) {
    absl::Status passed = Pass(entry);
    if (!passed.ok()) return passed;
  }
  return absl::OkStatus();
}

absl::Status FeedOutput::Pass(const FeedEntry& entry) {
  report_->CountEntry(entry.key.kind());
  return sink_(entry);
}

}  // namespace cloister::feeds
