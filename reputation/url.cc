#include "reputation/url.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/host_form.h"

namespace cloister::reputation {
namespace {

constexpr absl::string_view kHexDigits = "0123456789ABCDEF";

// Schemes that browsers read leniently: any number of slashes, either way round.
struct SpecialScheme {
  absl::string_view name;
  uint16_t default_port;
};
constexpr SpecialScheme kSpecialSchemes[] = {
    {"http", 80}, {"https", 443}, {"ftp", 21}, {"ws", 80}, {"wss", 443},
};

// Schemes whose URLs can look like "host:port" ("tel:112") and never have a host.
constexpr absl::string_view kHostlessSchemes[] = {"mailto", "tel", "sms", "fax",
                                                  "cid",    "mid", "urn", "data"};

// What stands before the path, and what follows it.
struct SplitUrl {
  absl::string_view authority;
  absl::string_view rest;
  uint16_t default_port = 80;
};

absl::Status BadUrl(absl::string_view url, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(url.substr(0, 120)),
                                                 "\" is not a URL with a host: ", what));
}

bool IsSlash(char c) { return c == '/' || c == '\\'; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Controls and space around a URL are dropped, tab, CR and LF everywhere.
std::string WithoutWhitespace(absl::string_view url) {
  auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!url.empty() && is_blank(url.front())) url.remove_prefix(1);
  while (!url.empty() && is_blank(url.back())) url.remove_suffix(1);
  std::string text(url);
  text.erase(std::remove_if(text.begin(), text.end(),
                            [](char c) { return c == '\t' || c == '\r' || c == '\n'; }),
             text.end());
  return text;
}

// The scheme of `url` without its ':', or "" if it does not start as one does.
absl::string_view SchemeOf(absl::string_view url) {
  if (url.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(url.front()))) return "";
  for (size_t i = 1; i < url.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(url[i]);
    if (c == ':') return url.substr(0, i);
    if (!absl::ascii_isalnum(c) && c != '+' && c != '-' && c != '.') return "";
  }
  return "";
}

const SpecialScheme* FindSpecial(absl::string_view scheme) {
  for (const SpecialScheme& special : kSpecialSchemes) {
    if (absl::EqualsIgnoreCase(scheme, special.name)) return &special;
  }
  return nullptr;
}

// Whether what follows "name:" is a port and the name thus a host.
bool IsPortAndRest(absl::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
    ++digits;
  }
  return digits > 0 &&
         (digits == text.size() || absl::StrContains("/\\?#", text.substr(digits, 1)));
}

void DropSlashes(absl::string_view* text) {
  while (!text->empty() && IsSlash(text->front())) text->remove_prefix(1);
}

bool StartsWithTwoSlashes(absl::string_view text) {
  return text.size() >= 2 && IsSlash(text[0]) && IsSlash(text[1]);
}

// Drops the scheme and the slashes after it, and says which port is its default.
absl::StatusOr<uint16_t> DropScheme(absl::string_view* text) {
  absl::string_view scheme = SchemeOf(*text);
  absl::string_view after = scheme.empty() ? *text : text->substr(scheme.size() + 1);
  if (const SpecialScheme* special = FindSpecial(scheme)) {
    *text = after;
    DropSlashes(text);
    return special->default_port;
  }
  if (StartsWithTwoSlashes(after)) {
    *text = after.substr(2);
    return uint16_t{80};
  }
  if (scheme.empty()) return uint16_t{80};
  bool hostless = std::any_of(
      std::begin(kHostlessSchemes), std::end(kHostlessSchemes),
      [scheme](absl::string_view name) { return absl::EqualsIgnoreCase(scheme, name); });
  if (hostless || !IsPortAndRest(after)) {
    return absl::InvalidArgumentError("its scheme has none");
  }
  return uint16_t{80};
}

absl::StatusOr<SplitUrl> Split(absl::string_view text) {
  absl::StatusOr<uint16_t> default_port = DropScheme(&text);
  if (!default_port.ok()) return default_port.status();
  SplitUrl split;
  split.default_port = *default_port;
  text = text.substr(0, text.find('#'));
  size_t end = std::min(text.find_first_of("/\\?"), text.size());
  split.authority = text.substr(0, end);
  split.rest = text.substr(end);
  return split;
}

// Resolves "." and ".." as browsers do, an empty segment being one, and only then makes every run
// of slashes one.
std::string ResolvePath(absl::string_view path) {
  std::string resolved;
  resolved.reserve(path.size() + 1);
  size_t start = 0;
  while (start < path.size() && !IsSlash(path[start])) ++start;
  bool more = start < path.size();
  while (more) {
    ++start;
    size_t end = std::min(path.find_first_of("/\\", start), path.size());
    absl::string_view segment = path.substr(start, end - start);
    more = end < path.size();
    start = end;
    if (segment == "..") {
      resolved.resize(resolved.empty() ? 0 : resolved.rfind('/'));
    } else if (segment != ".") {
      absl::StrAppend(&resolved, "/", segment);
      continue;
    }
    if (!more) resolved.push_back('/');
  }
  resolved.erase(std::unique(resolved.begin(), resolved.end(),
                             [](char a, char b) { return a == '/' && b == '/'; }),
                 resolved.end());
  if (resolved.empty()) resolved.push_back('/');
  return resolved;
}

std::string Escape(absl::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (char c : text) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '#' && c != '%') {
      escaped.push_back(c);
    } else {
      escaped.push_back('%');
      escaped.push_back(kHexDigits[byte >> 4]);
      escaped.push_back(kHexDigits[byte & 15]);
    }
  }
  return escaped;
}

// A '?' that was escaped starts the query too: the canonical text cannot tell it from another.
void SetPathAndQuery(absl::string_view rest, CanonicalUrl* url) {
  std::string text = internal::Unescape(rest);
  size_t question = text.find('?');
  url->path = Escape(ResolvePath(absl::string_view(text).substr(0, question)));
  if (question != std::string::npos) {
    url->query = Escape(absl::string_view(text).substr(question + 1));
  }
}

}  // namespace

namespace internal {

std::string Unescape(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char next : text) {
    out.push_back(next);
    while (out.size() >= 3 && out[out.size() - 3] == '%') {
      int high = HexValue(out[out.size() - 2]);
      int low = HexValue(out[out.size() - 1]);
      if (high < 0 || low < 0) break;
      out.resize(out.size() - 2);
      out.back() = static_cast<char>(high << 4 | low);
    }
  }
  return out;
}

}  // namespace internal

std::string CanonicalUrl::ToString() const {
  std::string text = ip.has_value() && !ip->is_v4() ? absl::StrCat("[", host, "]") : host;
  if (port != 0) absl::StrAppend(&text, ":", port);
  text += path;
  if (query.has_value()) absl::StrAppend(&text, "?", *query);
  return text;
}

absl::StatusOr<CanonicalUrl> CanonicalizeUrl(absl::string_view url) {
  if (url.size() > kMaxUrlBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a URL has at most ", kMaxUrlBytes, " bytes, not ", url.size()));
  }
  std::string text = WithoutWhitespace(url);
  absl::StatusOr<SplitUrl> split = Split(text);
  if (!split.ok()) return BadUrl(url, split.status().message());
  CanonicalUrl canonical;
  absl::Status authority =
      internal::ParseAuthority(split->authority, split->default_port, &canonical);
  if (!authority.ok()) return BadUrl(url, authority.message());
  SetPathAndQuery(split->rest, &canonical);
  return canonical;
}

}  // namespace cloister::reputation
