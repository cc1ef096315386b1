#include "sync/publisher/signing/signing_key.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/publisher/signing/crypto_error.h"
#include "sync/publisher/signing/pkcs11_key.h"
#include "sync/publisher/signing/public_key_pem.h"

namespace cloister::publisher {
namespace {

EVP_PKEY* Pair(const KeyHandle& pair) { return static_cast<EVP_PKEY*>(pair.get()); }

bool UsePss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

}  // namespace

absl::StatusOr<SigningKey> SigningKey::FromPair(KeyHandle pair) {
  absl::StatusOr<trust::PublicKey> half = PublicHalf(pair);
  if (!half.ok()) return half.status();
  SigningKey key(std::move(pair));
  key.public_key_ = *std::move(half);
  key.key_id_ = trust::KeyId(key.public_key_);
  return key;
}

absl::StatusOr<SigningKey> SigningKey::Generate(KeyAlgorithm algorithm) {
  EVP_PKEY* pair = algorithm == KeyAlgorithm::kEd25519
                       ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                       : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  if (pair == nullptr) return CryptoError("making a key");
  return FromPair({pair, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }});
}

absl::StatusOr<SigningKey> SigningKey::Load(const std::string& path, const SecretSource& secrets) {
  absl::StatusOr<KeyHandle> pair = ReadPrivateKey(path, secrets);
  if (!pair.ok()) return pair.status();
  absl::StatusOr<SigningKey> key = FromPair(*std::move(pair));
  if (key.ok()) return key;
  return absl::Status(key.status().code(), absl::StrCat(path, ": ", key.status().message()));
}

absl::StatusOr<SigningKey> SigningKey::Open(const std::string& path_or_uri,
                                            const SecretSource& secrets) {
  if (!IsPkcs11Uri(path_or_uri)) return Load(path_or_uri, secrets);
  absl::StatusOr<KeyHandle> pair = OpenPkcs11Key(path_or_uri, secrets);
  if (!pair.ok()) return pair.status();
  return FromPair(*std::move(pair));
}

absl::Status SigningKey::Save(const std::string& path, const Secret* passphrase) const {
  return WritePrivateKey(path, pair_, passphrase);
}

absl::StatusOr<std::string> SigningKey::PublicPem() const { return PublicHalfPem(pair_); }

absl::StatusOr<std::string> SigningKey::Sign(absl::string_view message) const {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* details = nullptr;  // owned by the context
  const EVP_MD* hash = public_key_.key_type == "ed25519" ? nullptr : EVP_sha256();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), &details, hash, nullptr, Pair(pair_)) != 1 ||
      (public_key_.key_type == "rsa" && !UsePss(details))) {
    return CryptoError("starting a signature");
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(message.data());
  size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) != 1) {
    return CryptoError("signing");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size, bytes,
                     message.size()) != 1) {
    return CryptoError("signing");
  }
  signature.resize(size);
  return signature;
}

}  // namespace cloister::publisher
