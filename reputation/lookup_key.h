// Lookup keys: what storage is keyed by and what travels in a packed batch.
//
// A lookup key is kind (1 byte), form (1 byte), body. (kind, form) fixes the length of the body,
// so keys can be concatenated without separators, and kinds can never collide:
//
//   kind           form                        body
//   1 FILE         1 SHA-256                   32 B digest
//                  2 SHA-1                     20 B digest
//                  3 MD5                       16 B digest
//   2 URL          1 expression                32 B SHA-256 of "host/path[?query]"
//                  2 expression with port      32 B SHA-256 of "host:port/path[?query]"
//   3 HOST         1 name                      32 B SHA-256 of the lower-case A-label name
//   4 IP           4 IPv4 prefix                4 B network address, 1 B prefix length
//                  6 IPv6 prefix               16 B network address, 1 B prefix length
//   5 SOFTWARE     1 package URL               32 B SHA-256 of the canonical purl
//                  2 signer                    32 B SHA-256 thumbprint of the certificate
//
// Kinds 0x00 and 0x06-0xff are not lookup keys; packs use 0x00 for their own entries.

#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/digest.h"

namespace cloister::reputation {

class IpPrefix;

enum class ObjectKind : uint8_t { kFile = 1, kUrl = 2, kHost = 3, kIp = 4, kSoftware = 5 };

// kind << 8 | form.
enum class LookupForm : uint16_t {
  kFileSha256 = 0x0101,
  kFileSha1 = 0x0102,
  kFileMd5 = 0x0103,
  kUrlExpression = 0x0201,
  kUrlExpressionWithPort = 0x0202,
  kHostName = 0x0301,
  kIpv4Prefix = 0x0404,
  kIpv6Prefix = 0x0406,
  kSoftwarePurl = 0x0501,
  kSoftwareSigner = 0x0502,
};

// "file", "url", "host", "ip" or "software".
absl::string_view ObjectKindName(ObjectKind kind);
std::optional<ObjectKind> ObjectKindFromName(absl::string_view name);

// Bytes of a whole key of this form, kind and form bytes included; 0 if there is no such form.
size_t LookupKeySize(uint8_t kind, uint8_t form);

// An immutable value without heap memory, ordered by its bytes as storage orders them.
class LookupKey {
 public:
  static constexpr size_t kMaxSize = 34;

  static LookupKey ForFile(const Digest& digest);
  // `expression` as UrlExpressions makes it; `with_port` says whether it names its port.
  static LookupKey ForUrlExpression(absl::string_view expression, bool with_port);
  // `name` in lower-case A-label form without a trailing dot.
  static LookupKey ForHost(absl::string_view name);
  static LookupKey ForIpPrefix(const IpPrefix& prefix);
  // `purl` in canonical form.
  static LookupKey ForPurl(absl::string_view purl);
  static LookupKey ForSigner(const Sha256Bytes& thumbprint);

  // Reads exactly one key. InvalidArgument if the form is unknown, the length differs, or the
  // body is not one that the functions above can make (a prefix with host bits set).
  static absl::StatusOr<LookupKey> Parse(absl::string_view bytes);

  // Reads one key from the front of `*concatenated` and drops it from there. InvalidArgument as
  // for Parse; `*concatenated` is then unchanged.
  static absl::StatusOr<LookupKey> Consume(absl::string_view* concatenated);

  ObjectKind kind() const { return static_cast<ObjectKind>(bytes_[0]); }
  LookupForm form() const {
    return static_cast<LookupForm>(uint16_t{bytes_[0]} << 8 | uint16_t{bytes_[1]});
  }

  // The whole key, kind and form included. Borrows from this object.
  absl::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }
  // The part after kind and form.
  absl::string_view body() const { return bytes().substr(2); }

  friend bool operator==(const LookupKey& a, const LookupKey& b) { return a.bytes() == b.bytes(); }
  friend std::strong_ordering operator<=>(const LookupKey& a, const LookupKey& b) {
    return a.bytes().compare(b.bytes()) <=> 0;
  }

 private:
  LookupKey() = default;
  static LookupKey Make(LookupForm form, absl::string_view body);

  std::array<uint8_t, kMaxSize> bytes_{};
  uint8_t size_ = 0;
};

}  // namespace cloister::reputation
