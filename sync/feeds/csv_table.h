// Other people's CSV: columns found by the names in the header, wherever they stand.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/csv_row.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/feed_report.h"

namespace cloister::feeds {

// Not thread-safe. Lines that begin with '#' are comments anywhere.
class CsvTable {
 public:
  explicit CsvTable(LineReader* lines) : rows_(lines) {}

  // The header is the last comment before the first row that names all columns in `needed`, or
  // else the first row. Names are compared without regard to case, quotes and white space around
  // them. InvalidArgument if there is none, or a name stands there twice.
  absl::Status ReadHeader(const std::vector<absl::string_view>& needed);

  // Moves to the next row; false at the end. Look at the LineReader's status then.
  bool Next();

  // Why the current row cannot be read: its quotes, or its number of fields.
  const std::optional<Fault>& fault() const { return fault_; }
  // A field of the current row; "" if the header does not name the column (in lower case).
  absl::string_view Get(absl::string_view column) const;
  RowPlace place() const { return {rows_.line_number(), rows_.text()}; }

 private:
  CsvRows rows_;
  std::vector<std::string> header_;
  std::optional<Fault> fault_;
};

}  // namespace cloister::feeds
