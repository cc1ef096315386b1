#include "client-sdk/extract/text_scanner.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "client-sdk/extract/text_characters.h"
#include "reputation/host_name.h"

namespace cloister::extract {
namespace {

constexpr size_t kMaxSchemeBytes = 5;      // "https"
constexpr size_t kMaxHostBytes = 253;      // RFC 1035
constexpr size_t kMaxBracketBytes = 8192;  // of a URL in angle brackets
constexpr size_t kMaxSoftBreaks = 64;
constexpr size_t kMaxParts = 16;  // URLs without a space between them

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualsIgnoringCase(text.substr(0, prefix.size()), prefix);
}

bool IsTopLevelDomain(std::string_view label) {
  std::string lower(label);
  absl::AsciiStrToLower(&lower);
  return reputation::IsPublicSuffix(lower);
}

// Whether `host` has at least two labels and ends in a top-level domain that exists, or is an IPv4
// address.
bool LooksLikeHost(std::string_view host) {
  const size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == host.size()) return false;
  const std::string_view last = host.substr(dot + 1);
  if (std::all_of(last.begin(), last.end(), absl::ascii_isdigit)) {
    return std::count(host.begin(), host.end(), '.') == 3 &&
           std::all_of(host.begin(), host.end(),
                       [](char c) { return c == '.' || absl::ascii_isdigit(c); });
  }
  const auto canonical = reputation::CanonicalHostName({last.data(), last.size()});
  return canonical.ok() && IsTopLevelDomain(*canonical);
}

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Where what is ASCII of a URL ends, if it is a whole one until there; else its size. Where the
// host is not ASCII what follows is not judged.
size_t EndOfAscii(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t first =
      static_cast<size_t>(std::find_if_not(url.begin(), url.end(), IsAscii) - url.begin());
  if (first > url.find_first_of("/\\?#", host)) return first;
  return host <= first && LooksLikeHost(url.substr(host, first - host)) ? first : url.size();
}

// Where "http://" or "https://" begins, from `from` on.
size_t NextScheme(std::string_view url, size_t from) {
  for (size_t at = url.find("://", from); at != std::string_view::npos;
       at = url.find("://", at + 3)) {
    for (const std::string_view scheme : {"https", "http"}) {
      if (at >= from + scheme.size() &&
          EqualsIgnoringCase(url.substr(at - scheme.size(), scheme.size()), scheme)) {
        return at - scheme.size();
      }
    }
  }
  return std::string_view::npos;
}

// What is meant by text that still is quoted-printable (RFC 2045, section 6.7): "=3D" is '='.
// Nothing if there is no such escape.
std::optional<std::string> WithoutQuotedPrintable(std::string_view url) {
  if (url.find('=') == std::string_view::npos) return std::nullopt;
  std::string plain;
  bool found = false;
  for (size_t i = 0; i < url.size(); ++i) {
    const int byte = url[i] == '=' && i + 2 < url.size() ? HexPair(url.substr(i + 1, 2)) : -1;
    // Lower-case digits are not written by encoders, but "x=ab" is an ordinary query.
    const bool upper =
        byte >= 0 && !absl::ascii_islower(url[i + 1]) && !absl::ascii_islower(url[i + 2]);
    if (upper && byte > 0x20) {
      plain += static_cast<char>(byte);
      i += 2;
      found = true;
    } else {
      plain += url[i];
    }
  }
  return found ? std::optional(plain) : std::nullopt;
}

class Scanner {
 public:
  Scanner(std::string_view text, const TextUrlVisitor& visit) : text_(text), visit_(visit) {}

  void Run() {
    for (at_ = 0; at_ < text_.size();) {
      const size_t before = at_;
      switch (text_[at_]) {
        case '<':
          TryAngleBrackets();
          break;
        case ':':
          TryScheme();
          break;
        case 'w':
        case 'W':
          TryWww();
          break;
        case '/':
          TryBareHost();
          break;
        default:
          break;
      }
      if (at_ == before) ++at_;
    }
  }

 private:
  // Passes text_[begin, end) on, and goes on behind it.
  void Take(size_t begin, size_t end, UrlOrigin origin) {
    const std::string_view url = text_.substr(begin, end - begin);
    if (!url.empty()) {
      visit_(url, origin, begin);
      if (const auto plain = WithoutQuotedPrintable(url)) visit_(*plain, origin, begin);
      TakeShorter(url, origin, begin);
      TakeParts(url, begin);
    }
    TakeSoftBreaks(begin, end, origin);
    at_ = std::max(at_, end);
    taken_ = std::max(taken_, end);
  }

  // The URL that is meant where writing without spaces follows: "example.com/login，谢谢".
  void TakeShorter(std::string_view url, UrlOrigin origin, size_t offset) {
    const size_t end = EndOfAscii(url);
    if (end < url.size()) {
      visit_(url.substr(0, WithoutPunctuation(url.substr(0, end))), origin, offset);
    }
  }

  // What is meant by URLs that nothing white parts: "[http://a.example/](http://b.example/)",
  // "http://a.example/;http://b.example/". Not what one has as its parameter or path.
  void TakeParts(std::string_view url, size_t offset) {
    size_t begin = 0;
    size_t next = 0;
    for (size_t parts = 0; parts < kMaxParts; ++parts) {
      next = NextScheme(url, next + 1);
      if (next == std::string_view::npos) break;
      const char before = url[next - 1];
      if (before == '=' || before == '/') continue;
      const bool parted = std::string_view("(,;").find(before) != std::string_view::npos;
      if (begin > 0 || parted) {
        const std::string_view part = url.substr(begin, next - begin - (parted ? 1 : 0));
        visit_(part.substr(0, WithoutPunctuation(part)), UrlOrigin::kText, offset + begin);
      }
      begin = next;
    }
    if (begin == 0) return;
    const std::string_view last = url.substr(begin);
    visit_(last.substr(0, WithoutPunctuation(last)), UrlOrigin::kText, offset + begin);
  }

  // A URL that a quoted-printable soft line break ("=" at the end of a line) cuts in two.
  void TakeSoftBreaks(size_t begin, size_t end, UrlOrigin origin) {
    if (end >= text_.size() || end == begin || text_[end - 1] != '=') return;
    std::string joined(text_.substr(begin, end - begin));
    for (size_t breaks = 0; breaks < kMaxSoftBreaks && joined.back() == '='; ++breaks) {
      const size_t next = AfterLineBreak(text_, end);
      if (next == end) break;
      joined.pop_back();
      end = EndOfUrl(text_, next);
      joined.append(text_.substr(next, end - next));
      if (end == next || joined.empty()) break;
    }
    const auto plain = WithoutQuotedPrintable(joined);
    const std::string& whole = plain ? *plain : joined;
    visit_(std::string_view(whole).substr(0, WithoutPunctuation(whole)), origin, begin);
    at_ = std::max(at_, end);
    taken_ = std::max(taken_, end);
  }

  // "<http://a.example/long
  //  er>", perhaps with "URL:" before it (RFC 3986, appendix C).
  void TryAngleBrackets() {
    const size_t close = text_.substr(at_ + 1, kMaxBracketBytes).find_first_of("<>");
    if (close == std::string_view::npos || text_[at_ + 1 + close] != '>') return;
    std::string_view inside = text_.substr(at_ + 1, close);
    if (StartsWithIgnoringCase(inside, "url:")) inside.remove_prefix(4);
    if (!StartsWithIgnoringCase(inside, "http:") && !StartsWithIgnoringCase(inside, "https:") &&
        !StartsWithIgnoringCase(inside, "ftp:")) {
      return;
    }
    const std::optional<std::string> url = WithoutLineBreaks(inside);
    if (!url.has_value()) return;
    visit_(*url, UrlOrigin::kText, static_cast<size_t>(inside.data() - text_.data()));
    if (const auto plain = WithoutQuotedPrintable(*url)) {
      visit_(*plain, UrlOrigin::kText, static_cast<size_t>(inside.data() - text_.data()));
    }
    at_ = at_ + 1 + close + 1;
    taken_ = at_;
  }

  // At the ':' of "http://".
  void TryScheme() {
    const std::string_view after = text_.substr(at_ + 1, 2);
    if (after != "//" && after != "\\\\") return;
    size_t begin = at_;
    while (begin > taken_ && at_ - begin < kMaxSchemeBytes &&
           absl::ascii_isalpha(text_[begin - 1])) {
      --begin;
    }
    for (const std::string_view scheme : {"https", "http", "ftp"}) {
      const std::string_view before = text_.substr(begin, at_ - begin);
      if (before.size() < scheme.size()) continue;
      if (!EqualsIgnoringCase(before.substr(before.size() - scheme.size()), scheme)) continue;
      const size_t end = EndOfUrl(text_, at_ + 3);
      if (end > at_ + 3) Take(at_ - scheme.size(), end, UrlOrigin::kText);
      return;
    }
  }

  // At a 'w'.
  void TryWww() {
    if (!StartsWithIgnoringCase(text_.substr(at_), "www.")) return;
    if (!IsBoundary(at_) && IsAscii(text_[at_ - 1])) return;
    const size_t end = EndOfUrl(text_, at_);
    const std::string_view host = text_.substr(at_, EndOfHost(text_, at_) - at_);
    const size_t name = host.find_first_not_of('.', 4);
    if (name == std::string_view::npos || host.find('.', name) == std::string_view::npos) return;
    Take(at_, end, UrlOrigin::kBareText);
  }

  // At the '/' of "example.com/login" or "example.com:8080/".
  void TryBareHost() {
    size_t host_end = at_;
    while (host_end > taken_ && at_ - host_end < 5 && absl::ascii_isdigit(text_[host_end - 1])) {
      --host_end;
    }
    host_end =
        host_end > taken_ && host_end < at_ && text_[host_end - 1] == ':' ? host_end - 1 : at_;
    size_t begin = host_end;
    while (begin > taken_ && host_end - begin < kMaxHostBytes && IsHostByte(text_[begin - 1])) {
      --begin;
    }
    while (begin < host_end && !IsHostStart(text_[begin])) ++begin;
    if (begin == host_end || !IsBoundary(begin)) return;
    if (!LooksLikeHost(text_.substr(begin, host_end - begin))) return;
    const size_t end = EndOfUrl(text_, at_);
    if (IsPrefixLength(text_.substr(at_ + 1, end - at_ - 1))) return;
    const size_t whole_end = std::max(end, at_ + 1);
    Take(begin, whole_end, UrlOrigin::kBareText);
    // "请访问example.com/": the name, or as much of it as is ASCII.
    size_t ascii = host_end;
    while (ascii > begin && IsAscii(text_[ascii - 1])) --ascii;
    if (ascii == begin || !LooksLikeHost(text_.substr(ascii, host_end - ascii))) return;
    const std::string_view shorter = text_.substr(ascii, whole_end - ascii);
    visit_(shorter, UrlOrigin::kBareText, ascii);
    TakeShorter(shorter, UrlOrigin::kBareText, ascii);
  }

  // Not within a word, an e-mail address or a path.
  bool IsBoundary(size_t begin) const {
    if (begin == taken_ || begin == 0) return true;
    const char before = text_[begin - 1];
    return !IsHostByte(before) && before != '@' && before != '/' && before != '\\' &&
           before != ':' && before != '%';
  }

  // "10.0.0.0/8" is a network.
  static bool IsPrefixLength(std::string_view path) {
    return !path.empty() && path.size() <= 3 &&
           std::all_of(path.begin(), path.end(), absl::ascii_isdigit);
  }

  std::string_view text_;
  const TextUrlVisitor& visit_;
  size_t at_ = 0;
  size_t taken_ = 0;  // what is before belongs to a URL already
};

}  // namespace

void ScanText(std::string_view text, const TextUrlVisitor& visit) { Scanner(text, visit).Run(); }

}  // namespace cloister::extract
