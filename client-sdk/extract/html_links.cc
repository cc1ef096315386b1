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

// As the URL standard has it: controls and spaces around it, tabs and line breaks within go. For
// most controls the parser of HTML gives U+FFFD.
std::string Cleaned(std::string_view link) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!link.empty()) {
    const size_t gone = is_blank(link.front())                                ? 1
                        : link.substr(0, kReplacement.size()) == kReplacement ? kReplacement.size()
                                                                              : 0;
    if (gone == 0) break;
    link.remove_prefix(gone);
  }
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

// "https://a.example" of a base.
std::string_view OriginOf(std::string_view base) {
  const size_t host = base.find("//") + 2;
  return base.substr(0, std::min(base.find_first_of("/\\?#", host), base.size()));
}

// "\75 rl" is "url" (CSS Syntax, section 4.3.7): ASCII alone, names outside it are not looked for.
std::string WithoutCssEscapes(std::string_view css) {
  constexpr size_t kMaxDigits = 6;
  std::string plain;
  for (size_t i = 0; i < css.size();) {
    if (css.substr(i, 2) == "/*") {
      i = std::min(css.find("*/", i + 2), css.size() - 2) + 2;
      continue;
    }
    if (css[i] != '\\') {
      plain += css[i++];
      continue;
    }
    size_t end = ++i;
    while (end < css.size() && end - i < kMaxDigits &&
           absl::ascii_isxdigit(static_cast<unsigned char>(css[end]))) {
      ++end;
    }
    if (end == i) continue;
    const unsigned long code = std::stoul(std::string(css.substr(i, end - i)), nullptr, 16);
    if (code < 0x80) plain += static_cast<char>(code);
    i = end < css.size() && absl::ascii_isspace(static_cast<unsigned char>(css[end])) ? end + 1
                                                                                      : end;
  }
  return plain;
}

void ForEachPlainCssUrl(std::string_view css, const std::function<void(std::string_view)>& visit) {
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

}  // namespace

std::string AbsoluteBase(std::string_view href) {
  const std::string url = ResolveLink(href, "");
  if (url.empty()) return {};
  const size_t colon = url.find(':');
  const size_t rest = url.find_first_not_of("/\\", colon + 1);
  if (rest == std::string::npos) return {};
  return url.substr(0, colon) + "://" + url.substr(rest);
}

std::optional<CarriedText> TextCarriedBy(std::string_view link) {
  const std::string clean = Cleaned(link);
  const std::string_view scheme = SchemeOf(clean);
  if (scheme.empty()) return std::nullopt;
  const std::string_view rest = std::string_view(clean).substr(scheme.size() + 1);
  if (!EqualsIgnoringCase(scheme, "data")) return CarriedText{PercentDecoded(rest)};
  const size_t comma = rest.find(',');
  const std::string kind = absl::AsciiStrToLower({rest.data(), std::min(comma, rest.size())});
  // Images are most of them, and hold nothing that is followed.
  if (comma == std::string_view::npos ||
      (!absl::StartsWith(kind, "text/html") && !absl::StrContains(kind, "xml"))) {
    return std::nullopt;
  }
  std::string document = PercentDecoded(rest.substr(comma + 1));
  if (!absl::EndsWith(kind, "base64")) return CarriedText{std::move(document), true};
  std::optional<std::string> decoded = Base64Decoded(document);
  if (!decoded.has_value()) return std::nullopt;
  return CarriedText{*std::move(decoded), true};
}

std::string ResolveLink(std::string_view link, std::string_view base) {
  std::string clean = Cleaned(link);
  const std::string_view scheme = SchemeOf(clean);
  if (!scheme.empty()) return IsWebScheme(scheme) ? clean : std::string();
  if (clean.empty() || clean.front() == '#') return {};
  if (clean.size() >= 2 && IsSlash(clean[0]) && IsSlash(clean[1])) {
    return std::string(base.empty() ? "http" : SchemeOf(base)) + ":" + clean;
  }
  if (base.empty()) return {};
  const std::string_view origin = OriginOf(base);
  if (IsSlash(clean.front())) return std::string(origin) + clean;
  const std::string_view path = base.substr(origin.size());
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
  ForEachPlainCssUrl(css, visit);
  if (css.find('\\') == std::string_view::npos && css.find("/*") == std::string_view::npos) return;
  ForEachPlainCssUrl(WithoutCssEscapes(css), visit);
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
  const std::string_view rest =
      content.substr(std::min(content.find_first_not_of("0123456789.;, \t\r\n\f"), content.size()));
  if (rest.empty() || rest.size() == content.size()) return std::nullopt;
  return rest;
}

}  // namespace cloister::extract
