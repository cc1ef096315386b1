// Objects that can be asked about, and the lookup keys they become.

#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/digest.h"
#include "reputation/ip_address.h"
#include "reputation/lookup_key.h"
#include "reputation/purl.h"
#include "reputation/url.h"

namespace cloister::reputation {

// The keys of one object, most specific first, of its own kind and then of the kinds it falls
// back to (a URL's host).
struct LookupKeys {
  // More than any object makes; what a server accepts for one object.
  static constexpr size_t kMaxKeys = 255;

  std::vector<LookupKey> keys;
  // As many as `keys`, in their order, where asked for: the expression, name, prefix, purl or
  // hexadecimal digest that each key stands for. Otherwise empty.
  std::vector<std::string> expressions;
  // How many leading keys name the object itself; those of its own kind that follow are its
  // parents. Of a fallback kind the first key is exact and the others are parents.
  size_t exact_count = 1;

  // Whether keys[index] names the object itself rather than a parent. index < keys.size().
  bool IsExact(size_t index) const;
};

// Which object; always canonical. A value type.
class Object {
 public:
  // Each returns InvalidArgument saying what is wrong and what a right one looks like.
  static absl::StatusOr<Object> Url(absl::string_view text);
  static absl::StatusOr<Object> Host(absl::string_view text);
  static absl::StatusOr<Object> Ip(absl::string_view text);        // an address, not a prefix
  static absl::StatusOr<Object> Software(absl::string_view text);  // purl, or "signer:" + 64 hex
  static absl::StatusOr<Object> FileHex(absl::string_view hex);
  static Object File(const Digest& digest) { return Object(digest); }

  // By kind; a file's text is its hexadecimal digest.
  static absl::StatusOr<Object> Parse(ObjectKind kind, absl::string_view text);

  ObjectKind kind() const;

  // Canonical text: hexadecimal digest, URL without scheme, name, address, purl, "signer:…".
  std::string ToString() const;

  // `with_expressions` also fills LookupKeys::expressions. IP keys hold the full-length prefix
  // only; AddIpPrefixes adds what the data holds. There is always at least one key: a host that
  // is a public suffix, which nothing may list, still has itself, so that it can be asked about;
  // it is never a key of what lies below it.
  LookupKeys Keys(bool with_expressions) const;

 private:
  struct HostName {
    std::string name;
  };
  struct Signer {
    Sha256Bytes thumbprint;
  };
  using Value = std::variant<Digest, CanonicalUrl, HostName, IpAddress, PackageUrl, Signer>;
  explicit Object(Value value) : value_(std::move(value)) {}

  Value value_;
};

// Where the last key is a full-length IP prefix, appends that address's shorter prefixes, longest
// first, of the lengths in `lengths`. Does nothing otherwise.
void AddIpPrefixes(const PrefixLengths& lengths, LookupKeys* keys);

}  // namespace cloister::reputation
