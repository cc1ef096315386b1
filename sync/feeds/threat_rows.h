// Rows of published threat feeds, as CSV and JSON alike give them: named fields of text.

#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {

// The text of a field; "" if the row has none. "None", "null" and "n/a", which exports write where
// they have nothing, are taken for nothing too. Valid while the row is.
using RowFields = std::function<absl::string_view(absl::string_view name)>;

using RowListings = std::variant<std::vector<Listing>, Fault>;

// What a row lists. Tags and types that options.category_map knows add its categories to those of
// the feed; where it knows ThreatFox's threat_type, its word counts instead of ours. Words that
// only describe never cost a row: a date that cannot be read is left out, a threat's name is cut to
// what a label holds.
struct ThreatRowFormat {
  // Columns without which a CSV is something else.
  std::vector<absl::string_view> columns;
  // The field that a report shows.
  absl::string_view shown;
  RowListings (*listings)(const RowFields& row, const FeedOptions& options);
};

// URLhaus. The threat's name is the tags, or else the threat.
const ThreatRowFormat& UrlhausRows();
// MalwareBazaar. SHA-256, SHA-1 and MD5 of the sample, each where it is given; the threat's name
// is the signature.
const ThreatRowFormat& MalwareBazaarRows();
// ThreatFox. "ip:port" becomes two listings (indicator.h); botnet_cc, payload and
// payload_delivery become categories; confidence_level the confidence; a digest has to have the
// length that ioc_type says.
const ThreatRowFormat& ThreatFoxRows();
// PhishTank. What is not verified is SUSPICIOUS; the threat's name is the target.
const ThreatRowFormat& PhishTankRows();

}  // namespace cloister::feeds
