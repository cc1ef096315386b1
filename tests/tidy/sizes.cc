// Limits on sizes: what fits on a screen is read, what does not is skimmed.

#include <algorithm>

#include "tests/tidy/rules.h"

namespace cloister::tidy {
namespace {

constexpr size_t kFileLines = 400;
constexpr size_t kTestFileLines = 600;
constexpr size_t kHeaderLines = 150;
constexpr size_t kFunctionLines = 70;
constexpr size_t kColumns = 100;
constexpr size_t kParameters = 5;

// Characters, not bytes, of UTF-8.
size_t Columns(std::string_view line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

struct Measure {
  const char* rule;
  const char* unit;
  size_t limit;
};

void Compare(const SourceFile& file, size_t line, size_t found, const Measure& measure,
             Findings* findings) {
  if (found <= measure.limit) return;
  findings->push_back(
      {measure.rule, file.path, line, found - measure.limit,
       std::to_string(found) + " " + measure.unit + ", at most " + std::to_string(measure.limit)});
}

bool HasColumns(std::string_view path) {
  return IsCpp(path) || EndsWith(path, ".proto") || EndsWith(path, "CMakeLists.txt") ||
         EndsWith(path, ".cmake");
}

}  // namespace

Findings CheckSizes(const SourceFile& file) {
  Findings findings;
  if (HasColumns(file.path)) {
    for (size_t i = 0; i < file.lines.size(); ++i) {
      Compare(file, i + 1, Columns(file.lines[i]), {"line-columns", "columns", kColumns},
              &findings);
    }
  }
  if (!IsCpp(file.path)) return findings;

  const size_t file_lines = IsTest(file.path) ? kTestFileLines : kFileLines;
  Compare(file, 0, file.lines.size(), {"file-lines", "lines", file_lines}, &findings);
  if (IsHeader(file.path) && !IsTest(file.path)) {
    Compare(file, 0, file.lines.size(), {"header-lines", "lines", kHeaderLines}, &findings);
  }
  for (const Function& function : FindFunctions(file.code)) {
    Compare(file, function.line, function.lines, {"function-lines", "lines", kFunctionLines},
            &findings);
    Compare(file, function.line, function.parameters,
            {"parameters", "parameters (take an Options struct)", kParameters}, &findings);
  }
  return findings;
}

}  // namespace cloister::tidy
