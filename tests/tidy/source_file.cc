#include "tests/tidy/source_file.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

namespace cloister::tidy {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Walks C++ text once and blanks what is not code.
class Blanker {
 public:
  explicit Blanker(std::string_view in) : in_(in), out_(in) {}

  std::string Run() {
    while (at_ < in_.size()) Step();
    return std::move(out_);
  }

 private:
  bool At(std::string_view what) const { return in_.substr(at_, what.size()) == what; }

  void Blank(size_t end) {
    for (end = std::min(end, in_.size()); at_ < end; ++at_) {
      if (in_[at_] != '\n') out_[at_] = ' ';
    }
  }

  // The end of the line, continuation lines included.
  size_t EndOfDirective() const {
    size_t end = in_.find('\n', at_);
    while (end != std::string_view::npos && end > 0 && in_[end - 1] == '\\') {
      end = in_.find('\n', end + 1);
    }
    return end;
  }

  size_t EndAfter(std::string_view what, size_t from) const {
    const size_t found = in_.find(what, from);
    return found == std::string_view::npos ? in_.size() : found + what.size();
  }

  // Keeps the quotes, blanks what is between them.
  void Literal(char quote) {
    ++at_;
    while (at_ < in_.size() && in_[at_] != quote && in_[at_] != '\n') {
      Blank(at_ + (in_[at_] == '\\' ? 2 : 1));
    }
    if (at_ < in_.size()) ++at_;
  }

  void RawLiteral() {
    const size_t open = in_.find('(', at_);
    if (open == std::string_view::npos) return Blank(in_.size());
    std::string close = ")";
    close.append(in_.substr(at_ + 2, open - at_ - 2)).push_back('"');
    Blank(EndAfter(close, open));
  }

  // Whether the quote at `at_` separates digits, as in 1'000.
  bool SeparatesDigits() const {
    size_t start = at_;
    while (start > 0 && (IsWord(in_[start - 1]) || in_[start - 1] == '\'')) --start;
    return start < at_ && std::isdigit(static_cast<unsigned char>(in_[start]));
  }

  bool AtStartOfLine() const {
    const size_t start = at_ == 0 ? 0 : in_.rfind('\n', at_ - 1) + 1;
    return in_.substr(start, at_ - start).find_first_not_of(" \t") == std::string_view::npos;
  }

  void Step() {
    if (At("//")) return Blank(in_.find('\n', at_));
    if (At("/*")) return Blank(EndAfter("*/", at_ + 2));
    if (At("R\"") && (at_ == 0 || !IsWord(in_[at_ - 1]))) return RawLiteral();
    if (in_[at_] == '#' && AtStartOfLine()) return Blank(EndOfDirective());
    if (in_[at_] == '"') return Literal('"');
    if (in_[at_] == '\'' && !SeparatesDigits()) return Literal('\'');
    ++at_;
  }

  std::string_view in_;
  std::string out_;
  size_t at_ = 0;
};

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

SourceFile::SourceFile(std::string path_in, std::string text_in)
    : path(std::move(path_in)), text(std::move(text_in)), lines(SplitLines(text)) {
  if (IsCpp(path)) code = BlankCommentsAndLiterals(text);
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool IsHeader(std::string_view path) { return EndsWith(path, ".h"); }
bool IsCpp(std::string_view path) { return IsHeader(path) || EndsWith(path, ".cc"); }
bool IsTest(std::string_view path) { return StartsWith(path, "tests/"); }

size_t LineOf(std::string_view text, size_t offset) {
  return 1 + static_cast<size_t>(std::count(text.begin(), text.begin() + offset, '\n'));
}

std::string BlankCommentsAndLiterals(std::string_view cpp) { return Blanker(cpp).Run(); }

std::vector<std::string> ListFiles(const std::string& root) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string path = it->path().lexically_relative(root).generic_string();
    const bool skipped = path == "build" || path == ".git" || path == ".cache" ||
                         EndsWith(path, "node_modules") || EndsWith(path, ".swp");
    if (skipped) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() || it->is_symlink()) {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace cloister::tidy
