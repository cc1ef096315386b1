// What a row of somebody's table lists.

#pragma once

#include <string>
#include <vector>

#include "sync/feeds/feed_reader.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/listing.h"
#include "sync/feeds/table_columns.h"

namespace cloister::feeds {

// Each object of a row is judged by itself: a bad one costs no other.
struct TableRowObjects {
  std::vector<Listing> listings;
  std::vector<Fault> faults;
};

// A row that has fewer fields than the header has nothing in the others. MALICIOUS unless the row
// or `options` say otherwise; TRUSTED by a row counts only where `options` say TRUSTED, too, or map
// its column by name, and else refuses the row. Words for nothing ("N/A", "-") are nothing. A field
// of words beside an object is a remark, whatever its column is called, and passed over. Categories
// are read from words as in threat feeds, by the category_map of `options` first; dates that cannot
// be read are left out, but one that limits the entry refuses the row.
TableRowObjects ReadTableRow(const TableLayout& layout, const std::vector<std::string>& fields,
                             const FeedOptions& options);

}  // namespace cloister::feeds
