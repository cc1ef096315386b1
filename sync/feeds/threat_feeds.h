// Published threat feeds in their own CSV and JSON. docs/feeds.md has an example of each.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/threat_rows.h"

namespace cloister::feeds {

// CSV with a header, which may stand in a comment. Read fails with InvalidArgument if the columns
// that the format needs are not named.
std::unique_ptr<FeedReader> NewThreatCsv(const ThreatRowFormat& format, const FeedOptions& options);

// An array of objects, or an object whose members are arrays of objects. Other members are passed
// over; Read fails with InvalidArgument if there is none at all, and with DataLoss at what is not
// JSON, after all that came before was passed on.
std::unique_ptr<FeedReader> NewThreatJson(const ThreatRowFormat& format,
                                          const FeedOptions& options);

}  // namespace cloister::feeds
