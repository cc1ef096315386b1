#include "reputation/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace cloister::reputation {
namespace {

constexpr size_t kMaxBytes = 32;

// What each character stands for; -1 if it is not a hexadecimal digit. Lists of digests are long.
constexpr std::array<int8_t, 256> kHexValues = [] {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = -1;
  for (int i = 0; i < 16; ++i) {
    values["0123456789abcdef"[i]] = static_cast<int8_t>(i);
    values["0123456789ABCDEF"[i]] = static_cast<int8_t>(i);
  }
  return values;
}();

int HexValue(char c) { return kHexValues[static_cast<unsigned char>(c)]; }

// What one thread needs to hash: fetching the algorithm and allocating a context both cost more
// than hashing a short key.
class Sha256Context {
 public:
  Sha256Context() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || Algorithm() == nullptr) std::abort();
  }

  void Hash(absl::string_view data, uint8_t* out) {
    // These fail only without memory or without the algorithm; no caller could go on.
    if (EVP_DigestInit_ex2(context_.get(), Algorithm(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), data.data(), data.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), out, nullptr) != 1) {
      std::abort();
    }
  }

 private:
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  static const EVP_MD* Algorithm() {
    static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return kAlgorithm;
  }

  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

}  // namespace

size_t DigestSize(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kSha256:
      return 32;
    case DigestAlgorithm::kSha1:
      return 20;
    case DigestAlgorithm::kMd5:
      return 16;
  }
  return 0;
}

absl::string_view DigestAlgorithmName(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kSha256:
      return "sha256";
    case DigestAlgorithm::kSha1:
      return "sha1";
    case DigestAlgorithm::kMd5:
      return "md5";
  }
  return "unknown";
}

absl::StatusOr<Digest> Digest::FromBytes(DigestAlgorithm algorithm, absl::string_view bytes) {
  size_t size = DigestSize(algorithm);
  if (size == 0 || bytes.size() != size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a ", DigestAlgorithmName(algorithm), " digest has ", size, " bytes, not ", bytes.size()));
  }
  Digest digest(algorithm);
  std::copy(bytes.begin(), bytes.end(), digest.bytes_.begin());
  return digest;
}

absl::StatusOr<Digest> Digest::FromHex(absl::string_view hex) {
  std::array<char, kMaxBytes> bytes;
  for (size_t i = 0; i < hex.size() && i < 2 * bytes.size(); ++i) {
    const int value = HexValue(hex[i]);
    if (value < 0) {
      return absl::InvalidArgumentError(absl::StrCat("character ", i + 1, " ('",
                                                     absl::CHexEscape(hex.substr(i, 1)),
                                                     "') of a digest is not a hexadecimal digit"));
    }
    bytes[i / 2] = static_cast<char>(i % 2 == 0 ? value << 4 : (bytes[i / 2] & 0xf0) | value);
  }
  for (DigestAlgorithm algorithm :
       {DigestAlgorithm::kSha256, DigestAlgorithm::kSha1, DigestAlgorithm::kMd5}) {
    if (hex.size() == 2 * DigestSize(algorithm)) {
      return FromBytes(algorithm, absl::string_view(bytes.data(), DigestSize(algorithm)));
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a digest has 64 (SHA-256), 40 (SHA-1) or 32 (MD5) hexadecimal digits, not ", hex.size()));
}

absl::string_view Digest::bytes() const { return {bytes_.data(), DigestSize(algorithm_)}; }

std::string Digest::ToHex() const { return absl::BytesToHexString(bytes()); }

Sha256Bytes Sha256(absl::string_view data) {
  thread_local Sha256Context context;
  Sha256Bytes result;
  context.Hash(data, result.data());
  return result;
}

}  // namespace cloister::reputation
