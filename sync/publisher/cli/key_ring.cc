#include "sync/publisher/cli/key_ring.h"

#include <cstdlib>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "sync/publisher/signing/key_directory.h"

namespace cloister::publisher {

using trust::Role;

SecretSource SecretsFor(const KeyOptions& options) {
  std::vector<SecretSource> sources = {SecretsFromFiles(options.passphrase_file, options.pin_file)};
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT: one thread
  if (credentials != nullptr) sources.push_back(SecretsFromDirectory(credentials));
  sources.push_back(SecretsFromTerminal());
  return FirstOf(std::move(sources));
}

KeyRing::KeyRing(const KeyOptions& options) : options_(options), secrets_(SecretsFor(options)) {}

absl::Status KeyRing::OpenSingle() {
  if (single_.has_value()) return absl::OkStatus();
  std::vector<SigningKey> opened;
  for (const std::string& name : options_.single) {
    absl::StatusOr<SigningKey> key = SigningKey::Open(name, secrets_);
    if (!key.ok()) return key.status();
    opened.push_back(*std::move(key));
  }
  single_ = std::move(opened);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SigningKey>> KeyRing::LoadIfAny(Role role, const trust::Root& root) {
  if (absl::Status opened = OpenSingle(); !opened.ok()) return opened;
  std::vector<SigningKey> keys;
  const auto known = [&keys](const SigningKey& key) {
    return absl::c_any_of(
        keys, [&key](const SigningKey& other) { return other.key_id() == key.key_id(); });
  };
  for (const std::string& folder : options_.folders) {
    absl::StatusOr<std::vector<SigningKey>> loaded = LoadKeys(folder, role, secrets_);
    if (absl::IsNotFound(loaded.status())) continue;
    if (!loaded.ok()) return loaded.status();
    for (SigningKey& key : *loaded) {
      if (!known(key)) keys.push_back(std::move(key));
    }
  }
  const auto wanted = root.roles.find(role);
  for (const SigningKey& key : *single_) {
    if (wanted != root.roles.end() && absl::c_linear_search(wanted->second.key_ids, key.key_id()) &&
        !known(key)) {
      keys.push_back(key);
    }
  }
  return keys;
}

absl::StatusOr<std::vector<SigningKey>> KeyRing::Load(Role role, const trust::Root& root) {
  absl::StatusOr<std::vector<SigningKey>> keys = LoadIfAny(role, root);
  if (!keys.ok() || !keys->empty()) return keys;
  return absl::NotFoundError(absl::StrCat("no key for the role ", trust::RoleName(role),
                                          ": neither ", trust::RoleName(role),
                                          ".pem in a folder given by --keys, nor given by --key"));
}

absl::StatusOr<RoleSigners> KeyRing::LoadSigners(const trust::Root& root) {
  RoleSigners signers;
  const std::pair<Role, std::vector<SigningKey>*> roles[] = {
      {Role::kTargets, &signers.targets},
      {Role::kSnapshot, &signers.snapshot},
      {Role::kTimestamp, &signers.timestamp}};
  for (const auto& [role, keys] : roles) {
    absl::StatusOr<std::vector<SigningKey>> loaded = Load(role, root);
    if (!loaded.ok()) return loaded.status();
    *keys = *std::move(loaded);
  }
  return signers;
}

}  // namespace cloister::publisher
