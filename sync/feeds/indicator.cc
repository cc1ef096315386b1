#include "sync/feeds/indicator.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/ip_address.h"
#include "reputation/refang.h"

namespace cloister::feeds {
namespace {

using reputation::IpAddress;
using reputation::ObjectKind;
using Outcome = std::variant<std::vector<Listing>, Fault>;

// From here on a run of hexadecimal digits is a digest that was cut or mistyped, not a name.
constexpr size_t kDigestLike = 24;

Outcome One(const Listing& base, ObjectKind kind, absl::string_view value) {
  Listing listing = base;
  listing.kind = kind;
  listing.value = std::string(value);
  return std::vector<Listing>{std::move(listing)};
}

Outcome Bad(absl::string_view why) { return Fault{RowFault::kBadValue, std::string(why)}; }

// What stands around a colon and a port: "name:80", "192.0.2.1:80", "[2001:db8::1]:80".
struct HostAndPort {
  absl::string_view host;
  absl::string_view port;
};

std::optional<HostAndPort> SplitPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return std::nullopt;
  const HostAndPort split{text.substr(0, colon), text.substr(colon + 1)};
  uint32_t port = 0;
  if (!absl::SimpleAtoi(split.port, &port) || port == 0 || port > 65535) return std::nullopt;
  // A colon that is left over belongs to an IPv6 address, which needs brackets.
  if (absl::StrContains(split.host, ':') && split.host.front() != '[') return std::nullopt;
  if (split.host.find_first_of("/?#@") != absl::string_view::npos) return std::nullopt;
  return split;
}

Outcome WithPort(const HostAndPort& split, const Listing& base) {
  Listing pages = base;
  pages.kind = ObjectKind::kUrl;
  const absl::string_view scheme = split.port == "443" ? "https" : "http";
  pages.value = absl::StrCat(scheme, "://", split.host, ":", split.port, "/");
  pages.scope = reputation::Scope::kSubtree;
  std::vector<Listing> listings = {std::move(pages)};
  if (IpAddress::Parse(split.host).ok()) {
    Listing peer = base;
    peer.kind = ObjectKind::kIp;
    peer.value = std::string(split.host);
    peer.record.applies_to |= reputation::ContextBit(reputation::LookupContext::kC2);
    listings.push_back(std::move(peer));
  }
  return listings;
}

// Whether it is an address or a network, be it a faulty one.
bool LooksLikeNetwork(absl::string_view text) {
  const size_t slash = text.find('/');
  const absl::string_view length = slash == absl::string_view::npos ? "0" : text.substr(slash + 1);
  const bool digits = !length.empty() && length.size() <= 3 &&
                      std::all_of(length.begin(), length.end(), absl::ascii_isdigit);
  return digits && IpAddress::Parse(text.substr(0, slash)).ok();
}

Outcome FileOf(absl::string_view text, const Listing& base) {
  for (const absl::string_view name : {"sha256:", "sha1:", "md5:"}) {
    if (absl::StartsWithIgnoreCase(text, name)) text.remove_prefix(name.size());
  }
  return One(base, ObjectKind::kFile, text);
}

Outcome IpOf(absl::string_view text, const Listing& base) {
  if (const std::optional<HostAndPort> split = SplitPort(text); split.has_value()) {
    if (IpAddress::Parse(split->host).ok()) return WithPort(*split, base);
  }
  return One(base, ObjectKind::kIp, text);
}

Outcome HostOf(absl::string_view text, const Listing& base) {
  if (IpAddress::Parse(text).ok()) return One(base, ObjectKind::kIp, text);
  if (const std::optional<HostAndPort> split = SplitPort(text); split.has_value()) {
    return WithPort(*split, base);
  }
  if (text.find_first_of("/?@:") != absl::string_view::npos) {
    return Bad("not a host name alone; read such a file as list or url");
  }
  if (!absl::ConsumePrefix(&text, ".")) return One(base, ObjectKind::kHost, text);
  Listing tree = base;
  if (!tree.scope.has_value()) tree.scope = reputation::Scope::kSubtree;
  return One(tree, ObjectKind::kHost, text);
}

Outcome UrlOf(absl::string_view text, const Listing& base) {
  if (text.front() == '/') return Fault{RowFault::kNoHost, "a path without a host"};
  return One(base, ObjectKind::kUrl, text);
}

bool IsDigestLike(absl::string_view text) {
  for (const absl::string_view name : {"sha256:", "sha1:", "md5:"}) {
    if (absl::StartsWithIgnoreCase(text, name)) return true;
  }
  return text.size() >= kDigestLike && std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

Outcome AnyOf(absl::string_view text, const Listing& base) {
  if (IsDigestLike(text)) return FileOf(text, base);
  if (absl::StrContains(text, "://")) return UrlOf(text, base);
  if (LooksLikeNetwork(text)) return IpOf(text, base);
  if (const std::optional<HostAndPort> split = SplitPort(text); split.has_value()) {
    return WithPort(*split, base);
  }
  if (text.find_first_of("/?") != absl::string_view::npos) return UrlOf(text, base);
  if (absl::StrContains(text, '@')) return Bad("an e-mail address is none of the objects here");
  if (absl::StrContains(text, '.')) return HostOf(text, base);
  return Bad("neither a digest, a URL, an address nor a name with a dot");
}

// Without no-break spaces at its end, which tables are exported with: of UTF-8, or the lone byte of
// Windows-1252 (a0) or Mac OS Roman (ca), where it cannot be part of a character.
absl::string_view WithoutNoBreakSpaces(absl::string_view text) {
  for (;;) {
    if (absl::ConsumeSuffix(&text, "\xc2\xa0")) continue;
    const size_t size = text.size();
    const bool lone = size >= 2 && (text.back() == '\xa0' || text.back() == '\xca') &&
                      absl::ascii_isprint(text[size - 2]);
    if (!lone) return absl::StripTrailingAsciiWhitespace(text);
    text.remove_suffix(1);
  }
}

}  // namespace

Outcome ListingsOf(absl::string_view text, IndicatorKind kind, const Listing& base) {
  const std::string plain = reputation::Refang(WithoutNoBreakSpaces(text));
  if (plain.empty()) return Fault{RowFault::kMissingField, "there is no value"};
  switch (kind) {
    case IndicatorKind::kAny:
      return AnyOf(plain, base);
    case IndicatorKind::kUrl:
      return UrlOf(plain, base);
    case IndicatorKind::kHost:
      return HostOf(plain, base);
    case IndicatorKind::kIp:
      return IpOf(plain, base);
    case IndicatorKind::kFile:
      return FileOf(plain, base);
  }
  return Bad("no such kind");
}

}  // namespace cloister::feeds
