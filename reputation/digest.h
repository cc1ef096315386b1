// File digests, and the SHA-256 that every hashed lookup key is made with.
//
// Values only: every function here is pure and safe to call from any thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::reputation {

// The numbers are stored in lookup keys and sent over the wire: never renumber.
enum class DigestAlgorithm : uint8_t { kSha256 = 1, kSha1 = 2, kMd5 = 3 };

// Bytes in a digest: 32, 20 or 16.
size_t DigestSize(DigestAlgorithm algorithm);

// "sha256", "sha1" or "md5".
absl::string_view DigestAlgorithmName(DigestAlgorithm algorithm);

// The digest of one file. Always holds exactly DigestSize(algorithm()) bytes.
class Digest {
 public:
  // Takes raw bytes. InvalidArgument if their number is not that of `algorithm`.
  static absl::StatusOr<Digest> FromBytes(DigestAlgorithm algorithm, absl::string_view bytes);

  // Takes 64, 40 or 32 hexadecimal digits of either case; the length tells the algorithm.
  // InvalidArgument names the length found, or the first character that is not a digit.
  static absl::StatusOr<Digest> FromHex(absl::string_view hex);

  DigestAlgorithm algorithm() const { return algorithm_; }

  // Borrows from this object.
  absl::string_view bytes() const;

  // Lower-case hexadecimal.
  std::string ToHex() const;

  friend bool operator==(const Digest& a, const Digest& b) = default;

 private:
  explicit Digest(DigestAlgorithm algorithm) : algorithm_(algorithm) {}

  DigestAlgorithm algorithm_;
  std::array<char, 32> bytes_{};
};

using Sha256Bytes = std::array<uint8_t, 32>;

// FIPS 180-4 SHA-256 of `data`, through OpenSSL.
Sha256Bytes Sha256(absl::string_view data);

}  // namespace cloister::reputation
