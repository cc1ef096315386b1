// The columns of Cloister's own CSV: what each is called and how it is read.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {

struct CsvColumn {
  absl::string_view name;
  bool required;
  // Reads a field that is not empty into the listing. Null: the column is ignored.
  std::optional<Fault> (*read)(absl::string_view text, Listing* listing);
};

// In the order in which they are documented.
const std::vector<CsvColumn>& CsvColumns();

// Null if there is none of that name.
const CsvColumn* FindCsvColumn(absl::string_view name);

}  // namespace cloister::feeds
