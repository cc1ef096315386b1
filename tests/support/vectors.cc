#include "tests/support/vectors.h"

#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace cloister::testing {

std::vector<VectorRow> ReadVectors(absl::string_view name, size_t least_fields) {
  std::vector<VectorRow> rows;
  std::ifstream file(absl::StrCat(CLOISTER_SOURCE_DIR "/tests/vectors/", name));
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    VectorRow row{absl::StrCat(name, ":", number), {}};
    for (absl::string_view text : absl::StrSplit(line, '\t')) {
      std::string field;
      std::string error;
      if (!absl::CUnescape(text, &field, &error)) ADD_FAILURE() << row.place << ": " << error;
      row.fields.push_back(field);
    }
    if (row.fields.size() < least_fields) {
      ADD_FAILURE() << row.place << " has fewer than " << least_fields << " fields";
      return {};
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) ADD_FAILURE() << "tests/vectors/" << name << " has no rows";
  return rows;
}

}  // namespace cloister::testing
