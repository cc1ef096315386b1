#include "sync/feeds/feed_output.h"

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

absl::Status FeedOutput::Pass(const FeedEntry& entry) {
  report_->CountEntry(entry.key.kind());
  return sink_(entry);
}

}  // namespace cloister::feeds
