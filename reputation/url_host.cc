#include <algorithm>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reputation/host_form.h"

namespace cloister::reputation::internal {
namespace {

int DigitValue(char c) {
  if (absl::ascii_isdigit(static_cast<unsigned char>(c))) return c - '0';
  char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

// One number of an address; "0x" alone is zero. Values beyond 32 bits stay beyond them.
std::optional<uint64_t> ParseNumber(absl::string_view text) {
  if (text.empty()) return std::nullopt;
  int base = 10;
  if (text.size() >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() >= 2 && text[0] == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  uint64_t value = 0;
  for (char c : text) {
    int digit = DigitValue(c);
    if (digit >= base) return std::nullopt;
    value = std::min<uint64_t>(value * base + digit, uint64_t{1} << 40);
  }
  return value;
}

absl::Status BadPort(absl::string_view digits) {
  return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(digits.substr(0, 20)),
                                                 "\" is not a port of a URL, which is 1-65535"));
}

// Canonical text of a port is none for the default one. Port 80 counts as the default of every
// scheme: the canonical text names no scheme, so it has to mean the same with any.
absl::StatusOr<uint16_t> ParsePort(absl::string_view digits, uint16_t default_port) {
  if (digits.empty()) return uint16_t{0};
  uint32_t port = 0;
  for (char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return BadPort(digits);
    port = std::min<uint32_t>(10 * port + static_cast<uint32_t>(c - '0'), 1u << 16);
  }
  if (port == 0 || port >= 1u << 16) return BadPort(digits);
  return port == 80 || port == default_port ? uint16_t{0} : static_cast<uint16_t>(port);
}

void SetAddress(const IpAddress& address, CanonicalUrl* url) {
  url->ip = address;
  url->host = address.ToString();
}

// Escapes mean nothing inside brackets, except the one that starts a zone (RFC 6874).
absl::Status SetBracketedHost(absl::string_view text, CanonicalUrl* url) {
  size_t percent = text.find('%');
  if (percent != absl::string_view::npos && text.substr(percent, 3) != "%25") {
    return absl::InvalidArgumentError("an escape stands between its brackets");
  }
  if (absl::EndsWith(text, "%25]")) return absl::InvalidArgumentError("its zone is empty");
  absl::StatusOr<IpAddress> address = IpAddress::Parse(text);
  if (!address.ok()) return address.status();
  SetAddress(*address, url);
  return absl::OkStatus();
}

absl::Status SetHost(absl::string_view escaped, CanonicalUrl* url) {
  if (!escaped.empty() && escaped.front() == '[') return SetBracketedHost(escaped, url);
  std::string text = Unescape(escaped);
  absl::StatusOr<std::string> name = CanonicalLabels(text, HostCharacters::kUrlHost);
  if (!name.ok()) return name.status();
  if (EndsInNumber(*name)) {
    absl::StatusOr<uint32_t> address = ParseUrlIpv4(*name);
    if (!address.ok()) return address.status();
    SetAddress(IpAddress::FromV4(*address), url);
    return absl::OkStatus();
  }
  url->host = *std::move(name);
  return absl::OkStatus();
}

absl::Status NotIpv4(absl::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name.substr(0, 80),
                   "\" ends in a number, so it has to be an IPv4 address, and is not a valid one"));
}

}  // namespace

bool EndsInNumber(absl::string_view name) {
  size_t dot = name.rfind('.');
  absl::string_view last = dot == absl::string_view::npos ? name : name.substr(dot + 1);
  if (last.empty()) return false;
  return std::all_of(last.begin(), last.end(), absl::ascii_isdigit) ||
         (last.size() >= 2 && last[0] == '0' && ParseNumber(last).has_value());
}

absl::StatusOr<uint32_t> ParseUrlIpv4(absl::string_view name) {
  std::vector<absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits('.', 4));
  if (parts.size() > 4) return NotIpv4(name);
  uint64_t address = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    std::optional<uint64_t> number = ParseNumber(parts[i]);
    if (!number.has_value()) return NotIpv4(name);
    bool last = i + 1 == parts.size();
    if (!last && *number > 255) return NotIpv4(name);
    if (last && *number >= uint64_t{1} << (8 * (4 - i))) return NotIpv4(name);
    address |= last ? *number : *number << (8 * (3 - i));
  }
  return static_cast<uint32_t>(address);
}

absl::Status ParseAuthority(absl::string_view authority, uint16_t default_port, CanonicalUrl* url) {
  size_t at = authority.rfind('@');
  if (at != absl::string_view::npos) authority.remove_prefix(at + 1);

  size_t bracket = authority.rfind(']');
  size_t colon = authority.rfind(':');
  absl::string_view port;
  if (colon != absl::string_view::npos && (bracket == absl::string_view::npos || colon > bracket)) {
    port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  absl::StatusOr<uint16_t> number = ParsePort(port, default_port);
  if (!number.ok()) return number.status();
  url->port = *number;
  return SetHost(authority, url);
}

}  // namespace cloister::reputation::internal
