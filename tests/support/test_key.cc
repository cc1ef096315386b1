#include "tests/support/test_key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace cloister::testing {
namespace {

constexpr size_t kRsaBits = 2048;

void Require(bool done) {
  if (!done) abort();
}

EVP_PKEY* NewKey(KeyKind kind) {
  switch (kind) {
    case KeyKind::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyKind::kEcdsaP256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case KeyKind::kRsaPss:
      break;
  }
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", kRsaBits);
}

std::string PemOf(EVP_PKEY* key) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  Require(PEM_write_bio_PUBKEY(bio.get(), key) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

struct TestKey::State {
  explicit State(KeyKind a_kind) : kind(a_kind), key(NewKey(kind)) { Require(key != nullptr); }
  ~State() { EVP_PKEY_free(key); }

  KeyKind kind;
  EVP_PKEY* key;
  std::map<std::string, std::string> signatures;  // by message
};

TestKey::TestKey(KeyKind kind) : state_(std::make_shared<State>(kind)) {}

trust::PublicKey TestKey::public_key() const {
  if (state_->kind == KeyKind::kEcdsaP256) {
    return {"ecdsa", "ecdsa-sha2-nistp256", PemOf(state_->key)};
  }
  if (state_->kind == KeyKind::kRsaPss) return {"rsa", "rsassa-pss-sha256", PemOf(state_->key)};
  std::string bytes(32, '\0');
  size_t size = bytes.size();
  Require(EVP_PKEY_get_raw_public_key(state_->key, reinterpret_cast<unsigned char*>(bytes.data()),
                                      &size) == 1);
  return {"ed25519", "ed25519", absl::BytesToHexString(bytes)};
}

std::string TestKey::SignHex(absl::string_view message) const {
  auto [place, is_new] = state_->signatures.emplace(message, "");
  if (!is_new) return place->second;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  EVP_PKEY_CTX* details = nullptr;
  const bool ed25519 = state_->kind == KeyKind::kEd25519;
  Require(EVP_DigestSignInit(context.get(), &details, ed25519 ? nullptr : EVP_sha256(), nullptr,
                             state_->key) == 1);
  if (state_->kind == KeyKind::kRsaPss) {
    Require(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  std::string signature(1024, '\0');
  size_t size = signature.size();
  Require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         reinterpret_cast<const unsigned char*>(message.data()),
                         message.size()) == 1);
  signature.resize(size);
  place->second = absl::BytesToHexString(signature);
  return place->second;
}

}  // namespace cloister::testing
