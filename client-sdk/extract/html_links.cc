#include "client-sdk/extract/html_links.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "client-sdk/extract/link_parts.h"

namespace cloister::extract {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

bool IsSlash(char c) { return c == '/' || c == '\\'; }

// As the URL standard has it: controls and spaces around it, tabs and line breaks within go.
std::string Cleaned(std::string_view link) {
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!link.empty() && is_blank(link.front())) link.remove_prefix(1);
  while (!link.empty() && is_blank(link.back())) link.remove_suffix(1);
  std::string clean(link);
  clean.erase(std::remove_if(clean.begin(), clean.end(),
                             [](char c) { return c == '\t' || c == '\r' || c == '\n'; }),
              clean.end());
  return clean;
}

// "https" of "https:…"; empty if there is no scheme.
std::string_view SchemeOf(std::string_view link) {
  const size_t colon = link.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      !absl::ascii_isalpha(static_cast<unsigned char>(link.front()))) {
    return {};
  }
  const std::string_view scheme = link.substr(0, colon);
  const bool good = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
  });
  return good ? scheme : std::string_view();
}

bool IsWebScheme(std::string_view scheme) {
  static constexpr std::string_view kSchemes[] = {"http", "https", "ftp", "ws", "wss"};
  return std::any_of(std::begin(kSchemes), std::end(kSchemes),
                     [scheme](std::string_view web) { return EqualsIgnoringCase(scheme, web); });
}

// "https://a.example" of a base; empty if that is no web URL.
std::string_view OriginOf(std::string_view base) {
  if (!IsWebUrl(base)) return {};
  const size_t host = base.find("//") + 2;
  return base.substr(0, std::min(base.find_first_of("/\\?#", host), base.size()));
}

}  // namespace

std::string ResolveLink(std::string_view link, std::string_view base) {
  std::string clean = Cleaned(link);
  const std::string_view scheme = SchemeOf(clean);
  if (!scheme.empty()) return IsWebScheme(scheme) ? clean : std::string();
  if (clean.empty() || clean.front() == '#') return {};
  const std::string clean_base = Cleaned(base);
  if (clean.size() >= 2 && IsSlash(clean[0]) && IsSlash(clean[1])) {
    const std::string_view base_scheme = SchemeOf(clean_base);
    return std::string(IsWebScheme(base_scheme) ? base_scheme : "http") + ":" + clean;
  }
  const std::string_view origin = OriginOf(clean_base);
  if (origin.empty()) return {};
  if (IsSlash(clean.front())) return std::string(origin) + clean;
  const std::string_view path = std::string_view(clean_base).substr(origin.size());
  const std::string_view plain = path.substr(0, path.find_first_of("?#"));
  if (clean.front() == '?') return std::string(origin) + std::string(plain) + clean;
  const size_t slash = plain.find_last_of("/\\");
  const std::string_view folder =
      slash == std::string_view::npos ? "/" : plain.substr(0, slash + 1);
  return std::string(origin) + std::string(folder) + clean;
}

void ForEachSourceOfSet(std::string_view set, const std::function<void(std::string_view)>& visit) {
  constexpr std::string_view kSpace = " \t\r\n\f";
  while (true) {
    const size_t begin = set.find_first_not_of(" \t\r\n\f,");
    if (begin == std::string_view::npos) return;
    set.remove_prefix(begin);
    std::string_view url = set.substr(0, set.find_first_of(kSpace));
    set.remove_prefix(url.size());
    const bool ends_here = url.back() == ',';
    while (!url.empty() && url.back() == ',') url.remove_suffix(1);
    visit(url);
    if (!ends_here) set.remove_prefix(std::min(set.find(','), set.size()));
  }
}

void ForEachCssUrl(std::string_view css, const std::function<void(std::string_view)>& visit) {
  for (size_t at = 0; at < css.size(); ++at) {
    size_t begin = 0;
    if (EqualsIgnoringCase(css.substr(at, 4), "url(")) {
      begin = at + 4;
    } else if (EqualsIgnoringCase(css.substr(at, 7), "@import")) {
      begin = at + 7;
    } else {
      continue;
    }
    begin = std::min(css.find_first_not_of(" \t\r\n\f", begin), css.size());
    if (begin == css.size()) return;
    const char quote = css[begin] == '"' || css[begin] == '\'' ? css[begin] : ')';
    if (quote != ')') {
      ++begin;
    } else if (EqualsIgnoringCase(css.substr(at, 7), "@import")) {
      at += 6;  // "@import url(…)": found by itself
      continue;
    }
    const size_t end = std::min(css.find(quote, begin), css.size());
    visit(css.substr(begin, end - begin));
    at = end;
  }
}

std::optional<std::string_view> RefreshTarget(std::string_view content) {
  for (size_t at = 0; at + 3 < content.size(); ++at) {
    if (!EqualsIgnoringCase(content.substr(at, 3), "url")) continue;
    std::string_view rest = content.substr(at + 3);
    const auto skip_space = [&rest] {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n\f"), rest.size()));
    };
    skip_space();
    if (rest.empty() || rest.front() != '=') continue;
    rest.remove_prefix(1);
    skip_space();
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
      const char quote = rest.front();
      rest.remove_prefix(1);
      rest = rest.substr(0, rest.find(quote));
    }
    return rest;
  }
  return std::nullopt;
}

}  // namespace cloister::extract
