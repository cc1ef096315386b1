// Tables of test vectors: tests/vectors/*.txt, shared by every program that has to agree on them.
//
// One row a line, fields separated by one TAB, C escapes (\t, \n, \\, \x80) undone in each. Empty
// lines and lines that start with '#' are comments.

#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cloister::testing {

struct VectorRow {
  std::string place;  // "url_canonical.txt:12", for SCOPED_TRACE
  std::vector<std::string> fields;
};

// The rows of tests/vectors/<name>. A test failure, and no rows, if the file cannot be read or has
// none, or a row has fewer than `least_fields` fields or a bad escape.
std::vector<VectorRow> ReadVectors(absl::string_view name, size_t least_fields);

}  // namespace cloister::testing
