// Files of the project as the rules read them.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloister::tidy {

struct SourceFile {
  std::string path;  // from the top of the project, with '/'
  std::string text;
  std::vector<std::string_view> lines;  // of `text`

  // For C++ only: `text` with comments, the insides of string and character literals, and
  // preprocessor lines turned into spaces. Same length, same line ends.
  std::string code;

  SourceFile(std::string path, std::string text);
  SourceFile(SourceFile&&) = delete;  // `lines` points into `text`
};

bool IsHeader(std::string_view path);
bool IsCpp(std::string_view path);  // header or source
// Whether it belongs to the tests rather than to the product.
bool IsTest(std::string_view path);
bool EndsWith(std::string_view text, std::string_view end);
bool StartsWith(std::string_view text, std::string_view start);

// Number of the line, counted from 1, in which `offset` of `text` lies.
size_t LineOf(std::string_view text, size_t offset);

// `cpp` with comments, literals and preprocessor lines blanked, as described above.
std::string BlankCommentsAndLiterals(std::string_view cpp);

// Every file below `root`, sorted, without what is built, fetched or left by editors.
std::vector<std::string> ListFiles(const std::string& root);

}  // namespace cloister::tidy
