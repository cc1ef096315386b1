#include "sync/feeds/csv_feed.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sync/feeds/csv_fields.h"
#include "sync/feeds/csv_row.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/listing.h"
#include "sync/feeds/table_columns.h"
#include "sync/feeds/table_row.h"

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

// Of the row at hand.
absl::StatusOr<Header> ReadHeader(const CsvRows& rows) {
  Header header;
  for (const std::string& name : rows.fields()) {
    const CsvColumn* column = FindCsvColumn(name);
    if (column == nullptr) {
      return HeaderError(rows, absl::StrCat("unknown column '", FitLabel(name), "'"));
    }
    if (std::find(header.begin(), header.end(), column) != header.end()) {
      return HeaderError(rows, absl::StrCat("column '", FitLabel(name), "' stands there twice"));
    }
    header.push_back(column);
  }
  return header;
}

std::optional<Fault> ReadRow(const Header& header, const std::vector<std::string>& fields,
                             Listing* listing) {
  if (fields.size() != header.size()) {
    return Fault{RowFault::kMalformed,
                 absl::StrCat(fields.size(), " fields where the header has ", header.size())};
  }
  for (size_t i = 0; i < header.size(); ++i) {
    if (fields[i].empty()) {
      if (!header[i]->required) continue;
      return Fault{RowFault::kMissingField, absl::StrCat(header[i]->name, " is empty")};
    }
    if (header[i]->read == nullptr) continue;
    std::optional<Fault> fault = header[i]->read(fields[i], listing);
    if (fault.has_value()) return fault;
  }
  const reputation::Record& record = listing->record;
  if (record.first_seen_days != 0 && record.last_seen_days != 0 &&
      record.first_seen_days > record.last_seen_days) {
    return Fault{RowFault::kBadDate, "first_seen is after last_seen"};
  }
  return std::nullopt;
}

// Whether the header is Cloister's own, of which nothing may be lost by a misspelt name.
bool IsOwnHeader(const std::vector<std::string>& names) {
  return std::all_of(CsvColumns().begin(), CsvColumns().end(), [&names](const CsvColumn& column) {
    return !column.required || std::find(names.begin(), names.end(), column.name) != names.end();
  });
}

constexpr char kDelimiters[] = {',', ';', '\t'};

constexpr size_t kMostColumns = 1000;

// Whether a comment could be a header, rather than words about the file.
bool CouldBeHeader(const std::vector<std::string>& names) {
  return names.size() > 1 && names.size() <= kMostColumns &&
         std::all_of(names.begin(), names.end(), [](const std::string& name) {
           return name.size() <= 64 && name.find_first_of(":.!=<>@") == std::string::npos;
         });
}

// A table's layout, and what stands between its fields.
struct FoundLayout {
  TableLayout layout;
  char delimiter = ',';
};

class CsvFeed : public LineFeedReader {
 public:
  explicit CsvFeed(FeedOptions options) : options_(std::move(options)) {}

 protected:
  absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) override {
    CsvRows rows(&lines);
    FeedOutput output(sink, report);
    std::optional<FoundLayout> in_comment;
    rows.SkipComments([this, &in_comment](absl::string_view comment) {
      std::optional<FoundLayout> found = LayoutOfComment(comment);
      if (found.has_value()) in_comment = std::move(found);
    });
    const CsvRows::Outcome first = rows.Next();
    if (!lines.status().ok()) return lines.status();
    if (first == CsvRows::Outcome::kEnd) {
      if (in_comment.has_value()) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("no header that names the columns; known columns: ", ColumnNames()));
    }
    if (options_.columns.empty() && IsOwnHeader(rows.fields())) return ReadOwn(rows, lines, output);
    rows.AllowComments();
    const bool headless = IsWithoutHeader(options_.columns);
    if (!in_comment.has_value()) {
      absl::StatusOr<FoundLayout> found = LayoutOfRow(rows);
      if (!found.ok()) return found.status();
      in_comment = *std::move(found);
      rows.SetDelimiter(in_comment->delimiter);
      if (!headless) return ReadTable(rows, rows.Next(), in_comment->layout, lines, output);
    }
    return ReadTable(rows, rows.SetDelimiter(in_comment->delimiter), in_comment->layout, lines,
                     output);
  }

 private:
  absl::Status ReadOwn(CsvRows& rows, const LineReader& lines, FeedOutput& output) {
    const absl::StatusOr<Header> header = ReadHeader(rows);
    if (!header.ok()) return header.status();
    for (;;) {
      const CsvRows::Outcome outcome = rows.Next();
      if (outcome == CsvRows::Outcome::kEnd) return lines.status();
      MayTellProgress(lines.number(), "lines");
      const RowPlace place{rows.line_number(), rows.text()};
      Listing listing;
      std::optional<Fault> fault = outcome == CsvRows::Outcome::kRow
                                       ? ReadRow(*header, rows.fields(), &listing)
                                       : Fault{RowFault::kMalformed, rows.why()};
      if (fault.has_value()) {
        output.Reject(*fault, place);
        continue;
      }
      absl::Status taken = output.Take(listing, place);
      if (!taken.ok()) return taken;
    }
  }

  // `outcome` is what the rows said of the first one.
  absl::Status ReadTable(CsvRows& rows, CsvRows::Outcome outcome, const TableLayout& layout,
                         const LineReader& lines, FeedOutput& output) {
    for (; outcome != CsvRows::Outcome::kEnd; outcome = rows.Next()) {
      MayTellProgress(lines.number(), "lines");
      const RowPlace place{rows.line_number(), rows.text()};
      if (outcome == CsvRows::Outcome::kBadRow) {
        output.Reject({RowFault::kMalformed, rows.why()}, place);
        continue;
      }
      const std::vector<std::string>& fields = rows.fields();
      const auto has_text = [](const std::string& field) { return !field.empty(); };
      if (std::none_of(fields.begin(), fields.end(), has_text)) continue;
      const bool too_many = std::any_of(
          fields.begin() + static_cast<ptrdiff_t>(std::min(layout.width(), fields.size())),
          fields.end(), has_text);
      if (too_many) {
        output.Reject({RowFault::kMalformed, absl::StrCat(fields.size(),
                                                          " fields where the header "
                                                          "has ",
                                                          layout.width())},
                      place);
        continue;
      }
      TableRowObjects row = ReadTableRow(layout, fields, options_);
      for (const Fault& fault : row.faults) output.Reject(fault, place);
      absl::Status taken = TakeAll(std::move(row.listings), place, output);
      if (!taken.ok()) return taken;
    }
    return lines.status();
  }

  std::optional<FoundLayout> LayoutOfComment(absl::string_view comment) const {
    comment = comment.substr(std::min(comment.find_first_not_of('#'), comment.size()));
    if (IsWithoutHeader(options_.columns)) return std::nullopt;
    for (const char delimiter : kDelimiters) {
      std::vector<std::string> names;
      for (absl::string_view name : absl::StrSplit(comment, delimiter)) {
        name = absl::StripAsciiWhitespace(name);
        if (absl::ConsumePrefix(&name, "\"")) absl::ConsumeSuffix(&name, "\"");
        names.emplace_back(name);
      }
      if (!CouldBeHeader(names)) continue;
      absl::StatusOr<TableLayout> layout = TableLayout::Find(names, options_.columns);
      if (!layout.ok() || layout->objects().empty()) continue;
      return FoundLayout{*std::move(layout), delimiter};
    }
    return std::nullopt;
  }

  // The delimiter that makes the most of it counts.
  absl::StatusOr<FoundLayout> LayoutOfRow(CsvRows& rows) const {
    absl::StatusOr<FoundLayout> best = absl::InvalidArgumentError("");
    std::vector<std::string> widest;
    absl::Status why;
    for (const char delimiter : kDelimiters) {
      rows.SetDelimiter(delimiter);
      absl::StatusOr<TableLayout> layout = TableLayout::Find(rows.fields(), options_.columns);
      if (rows.fields().size() > widest.size()) {
        widest = rows.fields();
        why = layout.status();
      }
      if (!layout.ok() || layout->objects().empty()) continue;
      if (best.ok() && best->layout.known() >= layout->known()) continue;
      best = FoundLayout{*std::move(layout), delimiter};
    }
    if (best.ok()) return best;
    if (why.ok()) {
      why = absl::InvalidArgumentError(absl::StrCat(
          "no column of the header is known to hold objects; name them in the mapping `columns`, "
          "or, if there is no header, by number as \"#2\"; the columns are: ",
          NamesForPeople(widest)));
    }
    return absl::Status(why.code(), absl::StrCat("line ", rows.line_number(), ": ", why.message()));
  }

  FeedOptions options_;
};

}  // namespace

std::unique_ptr<FeedReader> NewCsvFeed(const FeedOptions& options) {
  return std::make_unique<CsvFeed>(options);
}

}  // namespace cloister::feeds
