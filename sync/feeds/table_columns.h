// Tables of other people: what their columns are called, and which of ours they hold.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::feeds {

enum class TableColumn {
  // Objects. kHash is a digest of any algorithm; kValue is of the kind that kKind says, or
  // recognised by its form; a kPath that is not empty makes a kHost the URL of that path.
  kValue,
  kSha256,
  kSha1,
  kMd5,
  kHash,
  kUrl,
  kHost,
  kIp,
  kPurl,
  kSigner,
  // What is said about them.
  kKind,
  kPath,
  kVerdict,
  kConfidence,
  kCategories,
  kThreatName,
  kScope,
  kAppliesTo,
  kFirstSeen,
  kLastSeen,
  kValidUntil,
  kProduct,
  kVendor,
  kVersion,
};

bool IsObjectColumn(TableColumn column);

// Which field of a row is what. A value type.
class TableLayout {
 public:
  // `mapping`: our name of a column to theirs, or to "#2", the second one of a table that has no
  // header. Without a mapping the columns are found by a list of usual names (table_columns.cc).
  // Case, spaces and punctuation of names do not count. A mapped column that is not there is
  // InvalidArgument and names those that are; so is a name of ours that does not exist.
  static absl::StatusOr<TableLayout> Find(const std::vector<std::string>& header,
                                          const std::map<std::string, std::string>& mapping);

  // Of each object column of the table, in the table's order, the field's number.
  const std::vector<std::pair<TableColumn, size_t>>& objects() const { return objects_; }
  // The field of a column, if the table has it.
  std::optional<size_t> At(TableColumn column) const;
  size_t known() const { return fields_.size() + objects_.size(); }
  size_t width() const { return width_; }

 private:
  void Add(TableColumn column, size_t field);

  std::vector<std::pair<TableColumn, size_t>> objects_;
  std::map<TableColumn, size_t> fields_;
  size_t width_ = 0;
};

// Whether `mapping` counts columns, so that there is no header to look for.
bool IsWithoutHeader(const std::map<std::string, std::string>& mapping);

// The first names of a header, safe to print.
std::string NamesForPeople(const std::vector<std::string>& header);

// "SHA-256 ", "sha_256" as "sha256": the letters and digits, in lower case.
std::string SqueezedName(absl::string_view name);

}  // namespace cloister::feeds
