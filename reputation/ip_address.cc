#include "reputation/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cloister::reputation {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<uint8_t, 12> kNat64Prefix = {0, 0x64, 0xff, 0x9b};
constexpr int kEmbeddedV4Bits = 96;

// Longest text inet_pton takes.
constexpr size_t kMaxText = INET6_ADDRSTRLEN;

bool EmbedsV4(const std::array<uint8_t, 16>& bytes) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()) ||
         std::equal(kNat64Prefix.begin(), kNat64Prefix.end(), bytes.begin());
}

absl::Status NotAnAddress(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(text.substr(0, 60)),
                   "\" is not an IP address; write 192.0.2.1 or 2001:db8::1"));
}

// The four bytes of a dotted quad, nothing for any other text.
std::optional<uint32_t> ParseV4(const std::string& text) {
  in_addr address;
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::optional<std::array<uint8_t, 16>> ParseV6(const std::string& text) {
  std::array<uint8_t, 16> bytes;
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

// Text without square brackets and without a zone; nothing if the brackets do not match.
std::optional<std::string> BareText(absl::string_view text) {
  bool bracketed = !text.empty() && text.front() == '[';
  if (bracketed) {
    if (text.size() < 2 || text.back() != ']') return std::nullopt;
    text = text.substr(1, text.size() - 2);
  }
  size_t percent = text.find('%');
  if (percent != absl::string_view::npos) {
    if (percent + 1 == text.size()) return std::nullopt;
    text = text.substr(0, percent);
    if (text.find(':') == absl::string_view::npos) return std::nullopt;
  }
  if (bracketed && text.find(':') == absl::string_view::npos) return std::nullopt;
  if (text.size() > kMaxText || text.find('\0') != absl::string_view::npos) return std::nullopt;
  return std::string(text);
}

// Where a run of at least two zero groups starts and how long it is; the longest, the first of
// equals (RFC 5952 section 4.2).
struct ZeroRun {
  int start = -1;
  int length = 1;
};

ZeroRun LongestZeroRun(const std::array<uint16_t, 8>& groups) {
  ZeroRun best;
  for (int i = 0; i < 8; ++i) {
    int end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best.length) best = {i, end - i};
    if (end > i) i = end;
  }
  return best;
}

std::string V6Text(absl::string_view bytes) {
  std::array<uint16_t, 8> groups;
  for (int i = 0; i < 8; ++i) {
    groups[i] = static_cast<uint16_t>(static_cast<uint8_t>(bytes[2 * i]) << 8 |
                                      static_cast<uint8_t>(bytes[2 * i + 1]));
  }
  ZeroRun zeros = LongestZeroRun(groups);
  std::string text;
  for (int i = 0; i < 8; ++i) {
    if (i == zeros.start) {
      text += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    absl::StrAppend(&text, absl::Hex(groups[i]));
  }
  return text;
}

}  // namespace

IpAddress IpAddress::FromV4(uint32_t host_order) {
  IpAddress address;
  address.is_v4_ = true;
  for (int i = 0; i < 4; ++i) {
    address.bytes_[i] = static_cast<uint8_t>(host_order >> (24 - 8 * i));
  }
  return address;
}

IpAddress IpAddress::FromV6(const std::array<uint8_t, 16>& bytes) {
  IpAddress address = Unfolded(bytes);
  if (!EmbedsV4(bytes)) return address;
  address.is_v4_ = true;
  address.bytes_ = {bytes[12], bytes[13], bytes[14], bytes[15]};
  return address;
}

IpAddress IpAddress::Unfolded(const std::array<uint8_t, 16>& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  std::optional<std::string> bare = BareText(text);
  if (!bare.has_value()) return NotAnAddress(text);
  if (std::optional<uint32_t> v4 = ParseV4(*bare)) return FromV4(*v4);
  if (std::optional<std::array<uint8_t, 16>> v6 = ParseV6(*bare)) return FromV6(*v6);
  return NotAnAddress(text);
}

absl::string_view IpAddress::bytes() const {
  return {reinterpret_cast<const char*>(bytes_.data()), size_t{is_v4_ ? 4u : 16u}};
}

std::string IpAddress::ToString() const {
  if (is_v4_) return absl::StrCat(bytes_[0], ".", bytes_[1], ".", bytes_[2], ".", bytes_[3]);
  return V6Text(bytes());
}

absl::StatusOr<IpPrefix> IpPrefix::Make(const IpAddress& address, int length) {
  if (length < 0 || length > address.bits()) {
    return absl::InvalidArgumentError(absl::StrCat("a prefix of ", address.ToString(), " has 0 to ",
                                                   address.bits(), " bits, not ", length));
  }
  IpAddress network = address;
  for (int i = 0; 8 * i < address.bits(); ++i) {
    int kept = std::clamp(length - 8 * i, 0, 8);
    network.bytes_[i] &= static_cast<uint8_t>(0xff << (8 - kept));
  }
  return IpPrefix(network, length);
}

absl::StatusOr<IpPrefix> IpPrefix::Parse(absl::string_view text) {
  size_t slash = text.find('/');
  absl::string_view address_text = text.substr(0, slash);
  absl::StatusOr<IpAddress> address = IpAddress::Parse(address_text);
  if (!address.ok()) return address.status();
  if (slash == absl::string_view::npos) return IpPrefix(*address, address->bits());

  absl::string_view digits = text.substr(slash + 1);
  int length = 0;
  if (digits.empty() || digits.size() > 3 ||
      !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &length)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(digits.substr(0, 20)),
                                                   "\" is not a prefix length; write /24"));
  }
  if (address->is_v4() && address_text.find(':') != absl::string_view::npos) {
    if (length >= kEmbeddedV4Bits) {
      length -= kEmbeddedV4Bits;
    } else {
      address = IpAddress::Unfolded(*ParseV6(*BareText(address_text)));
    }
  }
  absl::StatusOr<IpPrefix> prefix = Make(*address, length);
  if (!prefix.ok()) return prefix.status();
  if (prefix->address() != *address) {
    return absl::InvalidArgumentError(absl::StrCat(address->ToString(), "/", length,
                                                   " has bits beyond its length; write ",
                                                   prefix->ToString()));
  }
  return prefix;
}

std::string IpPrefix::ToString() const { return absl::StrCat(address_.ToString(), "/", length_); }

void PrefixLengths::Add(const IpPrefix& prefix) {
  if (prefix.address().is_v4()) {
    v4.set(static_cast<size_t>(prefix.length()));
  } else {
    v6.set(static_cast<size_t>(prefix.length()));
  }
}

void PrefixLengths::Add(const PrefixLengths& other) {
  v4 |= other.v4;
  v6 |= other.v6;
}

}  // namespace cloister::reputation
