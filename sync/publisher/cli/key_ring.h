// The signing keys that a command line gives, opened when they are needed.

#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/signing/secret.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/metadata.h"

namespace cloister::publisher {

// Where passphrases and PINs come from: the files that were named, or else systemd's credentials
// ($CREDENTIALS_DIRECTORY), or else the terminal.
SecretSource SecretsFor(const KeyOptions& options);

// Not thread-safe.
class KeyRing {
 public:
  explicit KeyRing(const KeyOptions& options);

  // The keys of `role`: those in the folders, by their file names, and of those given one by one
  // the ones that `root` names for it. NotFound if there is none.
  absl::StatusOr<std::vector<SigningKey>> Load(trust::Role role, const trust::Root& root);
  // The same, but none is no error.
  absl::StatusOr<std::vector<SigningKey>> LoadIfAny(trust::Role role, const trust::Root& root);

  // What publishing needs.
  absl::StatusOr<RoleSigners> LoadSigners(const trust::Root& root);

 private:
  absl::Status OpenSingle();

  KeyOptions options_;
  SecretSource secrets_;
  std::optional<std::vector<SigningKey>> single_;
};

}  // namespace cloister::publisher
