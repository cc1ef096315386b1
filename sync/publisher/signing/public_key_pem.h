// Public keys as PEM (SubjectPublicKeyInfo, RFC 7468), as `openssl pkey -pubout` writes them: what
// holders of keys hand to each other.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "sync/publisher/signing/private_key_pem.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// The public half of `key`, as metadata carries it: Ed25519, ECDSA P-256, or RSA (2048 to 8192
// bits) for signatures by PSS with SHA-256. InvalidArgument for any other kind.
absl::StatusOr<trust::PublicKey> PublicHalf(const KeyHandle& key);

// The same as a PEM file's text.
absl::StatusOr<std::string> PublicHalfPem(const KeyHandle& key);

// Reads a PEM file. NotFound; InvalidArgument if it is none, or not of a kind that can sign here.
absl::StatusOr<trust::PublicKey> ReadPublicKey(const std::string& path);

}  // namespace cloister::publisher
