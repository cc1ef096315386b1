// Ed25519 key pairs (RFC 8032), through OpenSSL.

#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// A key pair that can sign. Movable; Sign is safe to call from any thread.
class SigningKey {
 public:
  // A fresh key from the operating system's randomness.
  static absl::StatusOr<SigningKey> Generate();

  // Reads a PKCS#8 PEM file, as Save or `openssl genpkey -algorithm ed25519` writes it. NotFound
  // if there is none; PermissionDenied if anybody but the owner may read it; InvalidArgument if
  // it holds anything but an unencrypted Ed25519 private key.
  static absl::StatusOr<SigningKey> Load(const std::string& path);

  // Writes a PKCS#8 PEM file that only the owner can read. AlreadyExists if `path` is there: a
  // key is never overwritten.
  absl::Status Save(const std::string& path) const;

  const trust::PublicKey& public_key() const { return public_key_; }
  // Name of the key in metadata: trust::KeyId of the public key.
  const std::string& key_id() const { return key_id_; }

  // 64 bytes.
  absl::StatusOr<std::string> Sign(absl::string_view message) const;

 private:
  explicit SigningKey(std::shared_ptr<void> pair) : pair_(std::move(pair)) {}
  static absl::StatusOr<SigningKey> FromPair(std::shared_ptr<void> pair);

  std::shared_ptr<void> pair_;  // EVP_PKEY
  trust::PublicKey public_key_;
  std::string key_id_;
};

}  // namespace cloister::publisher
