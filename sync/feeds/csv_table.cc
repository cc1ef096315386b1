#include "sync/feeds/csv_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

std::string ColumnName(absl::string_view text) {
  while (!text.empty() && (absl::ascii_isspace(text.front()) || text.front() == '"')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (absl::ascii_isspace(text.back()) || text.back() == '"')) {
    text.remove_suffix(1);
  }
  return absl::AsciiStrToLower(text);
}

std::vector<std::string> ColumnNames(const std::vector<std::string>& fields) {
  std::vector<std::string> names;
  for (const std::string& field : fields) names.push_back(ColumnName(field));
  return names;
}

bool HasAll(const std::vector<std::string>& header, const std::vector<absl::string_view>& needed) {
  return std::all_of(needed.begin(), needed.end(), [&header](absl::string_view name) {
    return std::find(header.begin(), header.end(), name) != header.end();
  });
}

}  // namespace

absl::Status CsvTable::ReadHeader(const std::vector<absl::string_view>& needed) {
  rows_.SkipComments([this, &needed](absl::string_view comment) {
    comment = comment.substr(std::min(comment.find_first_not_of('#'), comment.size()));
    std::vector<std::string> names = ColumnNames(absl::StrSplit(comment, ','));
    if (HasAll(names, needed)) header_ = std::move(names);
  });
  rows_.AllowComments();
  if (header_.empty()) {
    if (rows_.Next() == CsvRows::Outcome::kRow) header_ = ColumnNames(rows_.fields());
    if (!HasAll(header_, needed)) {
      return absl::InvalidArgumentError(absl::StrCat("no header that names the columns ",
                                                     absl::StrJoin(needed, ", "),
                                                     "; is this another format?"));
    }
  }
  std::set<absl::string_view> names;
  for (const std::string& name : header_) {
    if (name.empty() || names.insert(name).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the header names the column '", FitLabel(name), "' twice"));
  }
  return absl::OkStatus();
}

bool CsvTable::Next() {
  fault_.reset();
  const CsvRows::Outcome outcome = rows_.Next();
  if (outcome == CsvRows::Outcome::kEnd) return false;
  if (outcome == CsvRows::Outcome::kBadRow) {
    fault_ = Fault{RowFault::kMalformed, rows_.why()};
  } else if (rows_.fields().size() != header_.size()) {
    fault_ =
        Fault{RowFault::kMalformed,
              absl::StrCat(rows_.fields().size(), " fields where the header has ", header_.size())};
  }
  return true;
}

absl::string_view CsvTable::Get(absl::string_view column) const {
  for (size_t i = 0; i < header_.size() && i < rows_.fields().size(); ++i) {
    if (header_[i] == column) return rows_.fields()[i];
  }
  return {};
}

}  // namespace cloister::feeds
