// PEM files of private keys: PKCS#8 (RFC 5958), encrypted with AES-256-CBC under a key that
// scrypt (RFC 7914) makes of a passphrase, or plain. OpenSSL's own tools read and write the same.

#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/signing/secret.h"

namespace cloister::publisher {

// A key of OpenSSL's (EVP_PKEY), owned.
using KeyHandle = std::shared_ptr<void>;

// Reads the file. NotFound if there is none; PermissionDenied if anybody but the owner may read
// it, or no passphrase that `secrets` offers is right; InvalidArgument if it holds no PKCS#8
// private key. `secrets` may be null: then only plain files are read.
absl::StatusOr<KeyHandle> ReadPrivateKey(const std::string& path, const SecretSource& secrets);

// Writes a file that only its owner can read, encrypted unless `passphrase` is null. AlreadyExists
// if `path` is there.
absl::Status WritePrivateKey(const std::string& path, const KeyHandle& key,
                             const Secret* passphrase);

}  // namespace cloister::publisher
