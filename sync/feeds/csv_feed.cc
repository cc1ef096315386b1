#include "sync/feeds/csv_feed.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/feeds/csv_fields.h"
#include "sync/feeds/csv_row.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

using Header = std::vector<const CsvColumn*>;

std::string ColumnNames() {
  return absl::StrJoin(CsvColumns(), ", ", [](std::string* out, const CsvColumn& column) {
    absl::StrAppend(out, column.name);
  });
}

absl::Status HeaderError(const CsvRows& rows, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", rows.line_number(), ": ", why, "; known columns: ", ColumnNames()));
}

absl::StatusOr<Header> ReadHeader(CsvRows& rows) {
  rows.SkipComments();
  if (rows.Next() != CsvRows::Outcome::kRow) {
    return absl::InvalidArgumentError(
        absl::StrCat("no header that names the columns; known columns: ", ColumnNames()));
  }
  Header header;
  for (const std::string& name : rows.fields()) {
    const CsvColumn* column = FindCsvColumn(name);
    if (column == nullptr) {
      return HeaderError(rows, absl::StrCat("unknown column '", name, "'"));
    }
    if (std::find(header.begin(), header.end(), column) != header.end()) {
      return HeaderError(rows, absl::StrCat("column '", name, "' stands there twice"));
    }
    header.push_back(column);
  }
  for (const CsvColumn& column : CsvColumns()) {
    if (column.required && std::find(header.begin(), header.end(), &column) == header.end()) {
      return HeaderError(rows, absl::StrCat("the column '", column.name, "' is missing"));
    }
  }
  return header;
}

std::variant<FeedEntry, Fault> EntryFromRow(const Header& header,
                                            const std::vector<std::string>& fields) {
  if (fields.size() != header.size()) {
    return Fault{RowFault::kMalformed,
                 absl::StrCat(fields.size(), " fields where the header has ", header.size())};
  }
  Listing listing;
  for (size_t i = 0; i < header.size(); ++i) {
    if (fields[i].empty()) {
      if (!header[i]->required) continue;
      return Fault{RowFault::kMissingField, absl::StrCat(header[i]->name, " is empty")};
    }
    if (header[i]->read == nullptr) continue;
    std::optional<Fault> fault = header[i]->read(fields[i], &listing);
    if (fault.has_value()) return *std::move(fault);
  }
  const reputation::Record& record = listing.record;
  if (record.first_seen_days != 0 && record.last_seen_days != 0 &&
      record.first_seen_days > record.last_seen_days) {
    return Fault{RowFault::kBadDate, "first_seen is after last_seen"};
  }
  return EntryFromListing(listing);
}

class CsvFeed : public LineFeedReader {
 public:
  absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) override {
    CsvRows rows(&lines);
    absl::StatusOr<Header> header = ReadHeader(rows);
    if (!lines.status().ok()) return lines.status();
    if (!header.ok()) return header.status();
    for (;;) {
      const CsvRows::Outcome outcome = rows.Next();
      if (outcome == CsvRows::Outcome::kEnd) break;
      MayTellProgress(lines.number(), "lines");
      std::variant<FeedEntry, Fault> made =
          outcome == CsvRows::Outcome::kRow
              ? EntryFromRow(*header, rows.fields())
              : std::variant<FeedEntry, Fault>(Fault{RowFault::kMalformed, rows.why()});
      if (const Fault* fault = std::get_if<Fault>(&made)) {
        report->Reject(*fault, rows.line_number(), rows.text());
        continue;
      }
      const FeedEntry& entry = std::get<FeedEntry>(made);
      report->CountRow();
      report->CountEntry(entry.key.kind());
      absl::Status passed = sink(entry);
      if (!passed.ok()) return passed;
    }
    return lines.status();
  }
};

}  // namespace

std::unique_ptr<FeedReader> NewCsvFeed() { return std::make_unique<CsvFeed>(); }

}  // namespace cloister::feeds
