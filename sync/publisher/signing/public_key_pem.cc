#include "sync/publisher/signing/public_key_pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/signing/crypto_error.h"

namespace cloister::publisher {
namespace {

constexpr uint64_t kMaxPemBytes = 16 * 1024;
constexpr size_t kEd25519Bytes = 32;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;  // what clients verify: sync/trust/key.h

EVP_PKEY* Get(const KeyHandle& key) { return static_cast<EVP_PKEY*>(key.get()); }

KeyHandle Own(EVP_PKEY* key) {
  return {key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }};
}

// The public half alone, apart from whatever engine holds the private one.
absl::StatusOr<KeyHandle> Separate(const KeyHandle& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(Get(key), &der);
  if (size <= 0) return CryptoError("reading the public half of a key");
  const unsigned char* place = der;
  EVP_PKEY* half = d2i_PUBKEY(nullptr, &place, size);
  OPENSSL_free(der);
  if (half == nullptr) return CryptoError("reading the public half of a key");
  return Own(half);
}

absl::StatusOr<trust::PublicKey> Ed25519(const KeyHandle& half) {
  std::array<uint8_t, kEd25519Bytes> raw{};
  size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(Get(half), raw.data(), &size) != 1 || size != raw.size()) {
    return CryptoError("reading the public half of a key");
  }
  return trust::PublicKey{"ed25519", "ed25519",
                          absl::BytesToHexString(absl::string_view(
                              reinterpret_cast<const char*>(raw.data()), raw.size()))};
}

bool IsP256(const KeyHandle& half) {
  std::array<char, 32> group{};
  return EVP_PKEY_get_group_name(Get(half), group.data(), group.size(), nullptr) == 1 &&
         absl::string_view(group.data()) == "prime256v1";
}

}  // namespace

absl::StatusOr<std::string> PublicHalfPem(const KeyHandle& key) {
  std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
  if (memory == nullptr || PEM_write_bio_PUBKEY(memory.get(), Get(key)) != 1) {
    return CryptoError("encoding a public key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

absl::StatusOr<trust::PublicKey> PublicHalf(const KeyHandle& key) {
  absl::StatusOr<KeyHandle> half = Separate(key);
  if (!half.ok()) return half.status();
  const int type = EVP_PKEY_get_base_id(Get(*half));
  if (type == EVP_PKEY_ED25519) return Ed25519(*half);
  absl::StatusOr<std::string> pem = PublicHalfPem(*half);
  if (!pem.ok()) return pem.status();
  if (type == EVP_PKEY_EC && IsP256(*half)) {
    return trust::PublicKey{"ecdsa", "ecdsa-sha2-nistp256", *std::move(pem)};
  }
  const int bits = EVP_PKEY_get_bits(Get(*half));
  if (type == EVP_PKEY_RSA && bits >= kMinRsaBits && bits <= kMaxRsaBits) {
    return trust::PublicKey{"rsa", "rsassa-pss-sha256", *std::move(pem)};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the key is none that clients verify: Ed25519, ECDSA on P-256, or RSA with ",
                   kMinRsaBits, " to ", kMaxRsaBits, " bits"));
}

absl::StatusOr<trust::PublicKey> ReadPublicKey(const std::string& path) {
  absl::StatusOr<std::string> text = storage::ReadFile(path, kMaxPemBytes);
  if (!text.ok()) return text.status();
  std::unique_ptr<BIO, int (*)(BIO*)> memory(
      BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), BIO_free);
  EVP_PKEY* key = memory == nullptr ? nullptr
                                    : PEM_read_bio_PUBKEY(
                                          memory.get(), nullptr,
                                          [](char*, int, int, void*) { return -1; }, nullptr);
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": not a public key in PEM; 'cloister-publish keys show --key KEY "
                     "--public-out FILE' writes one"));
  }
  absl::StatusOr<trust::PublicKey> half = PublicHalf(Own(key));
  if (half.ok()) return half;
  return absl::Status(half.status().code(), absl::StrCat(path, ": ", half.status().message()));
}

}  // namespace cloister::publisher
