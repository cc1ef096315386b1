#include "reputation/refang.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cloister::reputation {
namespace {

using Replacement = std::pair<absl::string_view, absl::string_view>;

constexpr Replacement kEverywhere[] = {
    {"[.]", "."}, {"[dot]", "."}, {"[://]", "://"}, {"[:]", ":"}, {"[/]", "/"}};
constexpr Replacement kBeforePath[] = {{"(.)", "."}, {"{.}", "."}, {"(dot)", "."}, {"{dot}", "."}};
constexpr Replacement kSchemes[] = {
    {"hxxps://", "https://"}, {"hxxp://", "http://"}, {"fxp://", "ftp://"}};

// All that is replaced inside a text begins with one of these; few texts have any.
bool IsBracket(char c) { return c == '[' || c == '(' || c == '{'; }

// Replaces without regard to case, from left to right, once.
template <size_t size>
std::string Replace(absl::string_view text, const Replacement (&replacements)[size]) {
  std::string result;
  for (;;) {
    const size_t plain = std::find_if(text.begin(), text.end(), IsBracket) - text.begin();
    result.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) return result;
    size_t taken = 0;
    for (const auto& [from, to] : replacements) {
      if (!absl::StartsWithIgnoreCase(text, from)) continue;
      result.append(to.data(), to.size());
      taken = from.size();
      break;
    }
    if (taken == 0) {
      result.push_back(text.front());
      taken = 1;
    }
    text.remove_prefix(taken);
  }
}

// Where scheme and authority end and path, query or fragment begin.
size_t PathStart(absl::string_view text) {
  const size_t scheme = text.find("://");
  const size_t authority = scheme == absl::string_view::npos ? 0 : scheme + 3;
  return std::min(text.find_first_of("/?#", authority), text.size());
}

}  // namespace

std::string Refang(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.size() > 2 && text.front() == '<' && text.back() == '>') {
    text = absl::StripAsciiWhitespace(text.substr(1, text.size() - 2));
  }
  const std::string plain = Replace(text, kEverywhere);
  const absl::string_view view = plain;
  const size_t path = PathStart(view);
  std::string result = Replace(view.substr(0, path), kBeforePath);
  for (const auto& [from, to] : kSchemes) {
    if (!absl::StartsWithIgnoreCase(result, from)) continue;
    result.replace(0, from.size(), to.data(), to.size());
    break;
  }
  return result.append(plain, path, std::string::npos);
}

}  // namespace cloister::reputation
