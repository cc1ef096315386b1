#include "sync/trust/hash.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"

namespace cloister::trust {
namespace {

const EVP_MD* Algorithm(absl::string_view name) {
  if (name == "sha256") return EVP_sha256();
  if (name == "sha512") return EVP_sha512();
  return nullptr;
}

// OpenSSL fails here only without memory or its default provider; a wrong hash must never be
// taken for a right one.
void Require(bool done) {
  if (!done) abort();
}

}  // namespace

struct HashCheck::Running {
  Running(const EVP_MD* algorithm, std::string expected_hex)
      : context(EVP_MD_CTX_new()), expected(std::move(expected_hex)) {
    Require(context != nullptr && EVP_DigestInit_ex(context, algorithm, nullptr) == 1);
  }
  ~Running() { EVP_MD_CTX_free(context); }

  std::string FinishHex() {
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    Require(EVP_DigestFinal_ex(context, hash, &size) == 1);
    return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), size));
  }

  EVP_MD_CTX* context;
  std::string expected;
};

size_t HashBytes(absl::string_view algorithm) {
  const EVP_MD* known = Algorithm(algorithm);
  return known == nullptr ? 0 : static_cast<size_t>(EVP_MD_size(known));
}

std::string HashHex(absl::string_view algorithm, absl::string_view bytes) {
  const EVP_MD* known = Algorithm(algorithm);
  if (known == nullptr) return "";
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  Require(EVP_Digest(bytes.data(), bytes.size(), hash, &size, known, nullptr) == 1);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), size));
}

HashCheck::HashCheck(const std::map<std::string, std::string>& hashes) {
  for (const auto& [name, expected] : hashes) {
    const EVP_MD* known = Algorithm(name);
    if (known != nullptr) running_.push_back(std::make_unique<Running>(known, expected));
  }
}

HashCheck::~HashCheck() = default;

void HashCheck::Update(absl::string_view bytes) {
  for (auto& one : running_) {
    Require(EVP_DigestUpdate(one->context, bytes.data(), bytes.size()) == 1);
  }
}

bool HashCheck::Matches() {
  bool all = !running_.empty();
  for (auto& one : running_) all = one->FinishHex() == one->expected && all;
  return all;
}

}  // namespace cloister::trust
