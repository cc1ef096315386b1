// Canonical URLs and their lookup expressions.
//
// Follows Google Safe Browsing, "URLs and hashing" (v4 and v5 documentation) and, where that is
// silent, Chromium's behaviour. docs/architecture.md lists the choices made.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/ip_address.h"

namespace cloister::reputation {

// Longest URL text that is looked at, in bytes.
inline constexpr size_t kMaxUrlBytes = 128 * 1024;

// A URL reduced to what identifies it. A value type.
struct CanonicalUrl {
  std::string host;                  // A-labels, or an IP address as in `ip`'s text
  std::optional<IpAddress> ip;       // set if the host is an address
  uint16_t port = 0;                 // 0 = the scheme's default
  std::string path;                  // starts with '/', escaped with upper-case hexadecimal
  std::optional<std::string> query;  // without '?'; set though empty where the URL has a '?'

  // "host[:port]/path[?query]": what expressions hash, and what an answer shows.
  std::string ToString() const;

  friend bool operator==(const CanonicalUrl&, const CanonicalUrl&) = default;
};

// Reduces a URL as found in mail: white space around it and tab/CR/LF inside it removed, a
// missing scheme taken as http, fragment and userinfo dropped, percent escapes undone until none
// is left, host and path normalised, bytes outside 0x21-0x7e and '#', '%' escaped again.
// InvalidArgument if it has no host, a scheme without one ("mailto:"), a port out of range, a
// host that is neither name nor address, or is longer than kMaxUrlBytes.
absl::StatusOr<CanonicalUrl> CanonicalizeUrl(absl::string_view url);

// One expression of a URL: a host suffix with a path prefix.
struct UrlExpression {
  std::string text;        // "host[:port]/path[?query]"
  bool with_port = false;  // the text names the port
  bool exact = false;      // names the URL itself (with or without its query), not a parent
};

// All expressions, most specific first: for each host suffix (the exact host, then up to 4 from
// its last 5 labels; an address has only itself) each path prefix (with query, without, then the
// directories from deepest of the first 4 to the root), the form with the port first where the
// URL names a non-default one. At most 30, or 60 with a port; exact ones lead.
std::vector<UrlExpression> UrlExpressions(const CanonicalUrl& url);

}  // namespace cloister::reputation
