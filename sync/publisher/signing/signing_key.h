// Keys that can sign, through OpenSSL: in a PEM file or on a PKCS#11 token.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/publisher/signing/private_key_pem.h"
#include "sync/publisher/signing/secret.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// Kinds of keys that can be made here. RSA keys can be brought along, too.
enum class KeyAlgorithm { kEd25519, kEcdsaP256 };

// Movable; Sign is safe to call from any thread for keys in files, from one for keys on tokens.
class SigningKey {
 public:
  // A fresh key from the operating system's randomness.
  static absl::StatusOr<SigningKey> Generate(KeyAlgorithm algorithm = KeyAlgorithm::kEd25519);

  // Reads a PKCS#8 PEM file, as Save or `openssl genpkey` writes it: Ed25519, ECDSA P-256, or RSA
  // with 2048 to 8192 bits. Errors as ReadPrivateKey says; InvalidArgument for other kinds.
  static absl::StatusOr<SigningKey> Load(const std::string& path,
                                         const SecretSource& secrets = nullptr);

  // A file's path or a pkcs11: URI.
  static absl::StatusOr<SigningKey> Open(const std::string& path_or_uri,
                                         const SecretSource& secrets);

  // Writes a PKCS#8 PEM file that only the owner can read, encrypted unless `passphrase` is null.
  // AlreadyExists if `path` is there: a key is never overwritten.
  absl::Status Save(const std::string& path, const Secret* passphrase = nullptr) const;

  const trust::PublicKey& public_key() const { return public_key_; }
  // Name of the key in metadata: trust::KeyId of the public key.
  const std::string& key_id() const { return key_id_; }
  // The public half as the text of a PEM file.
  absl::StatusOr<std::string> PublicPem() const;

  // Ed25519: 64 bytes (RFC 8032). ECDSA: DER (RFC 3279). RSA: PSS with SHA-256 and a salt of 32
  // bytes (RFC 8017).
  absl::StatusOr<std::string> Sign(absl::string_view message) const;

 private:
  explicit SigningKey(KeyHandle pair) : pair_(std::move(pair)) {}
  static absl::StatusOr<SigningKey> FromPair(KeyHandle pair);

  KeyHandle pair_;
  trust::PublicKey public_key_;
  std::string key_id_;
};

}  // namespace cloister::publisher
