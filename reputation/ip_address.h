// IP addresses and prefixes.

#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::reputation {

// An IPv4 or IPv6 address. IPv4-mapped (::ffff:0:0/96, RFC 4291) and NAT64 (64:ff9b::/96,
// RFC 6052) addresses fold to IPv4, so one host has one address.
class IpAddress {
 public:
  // Takes dotted-quad IPv4 or RFC 4291 IPv6 text, the latter also in square brackets and with a
  // zone (RFC 4007), which is dropped. InvalidArgument for anything else; forms that only URLs
  // use (octal, hexadecimal, one number) belong to CanonicalUrl.
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);

  static IpAddress FromV4(uint32_t host_order);
  // 16 bytes in network order; folds as said above.
  static IpAddress FromV6(const std::array<uint8_t, 16>& bytes);

  bool is_v4() const { return is_v4_; }
  int bits() const { return is_v4_ ? 32 : 128; }
  // 4 or 16 bytes in network order. Borrows from this object.
  absl::string_view bytes() const;

  // Dotted quad, or RFC 5952 text without brackets.
  std::string ToString() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  friend class IpPrefix;

  IpAddress() = default;
  // As FromV6, without folding: a prefix shorter than 96 bits is IPv6 whatever it starts with.
  static IpAddress Unfolded(const std::array<uint8_t, 16>& bytes);

  bool is_v4_ = false;
  std::array<uint8_t, 16> bytes_{};  // IPv4 in the first four
};

// A network: an address and how many of its leading bits count; the others are zero.
class IpPrefix {
 public:
  // `length` in 0..address.bits(); bits beyond it are cleared.
  static absl::StatusOr<IpPrefix> Make(const IpAddress& address, int length);
  // "192.0.2.0/24", "2001:db8::/32", or an address alone. A mapped prefix folds with its
  // address (::ffff:192.0.2.0/120 is 192.0.2.0/24). InvalidArgument if host bits are set, with
  // the network that was probably meant.
  static absl::StatusOr<IpPrefix> Parse(absl::string_view text);

  const IpAddress& address() const { return address_; }
  int length() const { return length_; }
  std::string ToString() const;

  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpPrefix(const IpAddress& address, int length) : address_(address), length_(length) {}

  IpAddress address_;
  int length_;
};

// Which prefix lengths a set of data holds, so that a lookup probes only those.
struct PrefixLengths {
  std::bitset<33> v4;
  std::bitset<129> v6;

  void Add(const IpPrefix& prefix);
  void Add(const PrefixLengths& other);
  friend bool operator==(const PrefixLengths&, const PrefixLengths&) = default;
};

}  // namespace cloister::reputation
