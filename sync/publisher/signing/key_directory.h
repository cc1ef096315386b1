// A folder of signing keys, one file each, named after the role that it signs for and, where a role
// has several, a name or number of its own:
//
//   root.pem, root-alice.pem …   private keys; likewise targets, snapshot, timestamp
//   root-alice.pub.pem           the public half, for those who have to know the key
//   targets.pkcs11               a key on a token: one line, its pkcs11: URI
//
// Roles may lie in different folders: a root key belongs on a medium that is kept locked away.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

struct CreateKeysOptions {
  std::vector<trust::Role> roles = {trust::Role::kRoot, trust::Role::kTargets,
                                    trust::Role::kSnapshot, trust::Role::kTimestamp};
  uint32_t root_keys = 1;  // 1 to 16; "root-1" and so on where there are several
  std::string name;        // appended to each role's name with a hyphen; letters, digits, '-', '_'
  KeyAlgorithm algorithm = KeyAlgorithm::kEd25519;
  std::set<trust::Role> unencrypted;  // roles whose keys are written in the clear
  SecretSource secrets;               // passphrases for the others
};

struct MadeKey {
  std::string path;  // of the private key
  bool encrypted = true;
};

// Makes the keys with mode 0600, and their public halves with mode 0644, in `directory` (made with
// mode 0700 if missing). AlreadyExists, before anything is written, if one is there.
absl::StatusOr<std::vector<MadeKey>> CreateKeys(const std::string& directory,
                                                const CreateKeysOptions& options);

// Every private key of `role` in `directory`, tokens included, in the order of their file names.
// NotFound if there is none.
absl::StatusOr<std::vector<SigningKey>> LoadKeys(const std::string& directory, trust::Role role,
                                                 const SecretSource& secrets = nullptr);

// Every public half (*.pub.pem) of `role` in `directory`. May be empty.
absl::StatusOr<std::vector<trust::PublicKey>> LoadPublicKeys(const std::string& directory,
                                                             trust::Role role);

}  // namespace cloister::publisher
