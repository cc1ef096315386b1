#include "sync/publisher/signing/key_directory.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

using trust::Role;
using trust::RoleName;

constexpr uint32_t kMaxRootKeys = 16;

// "targets.pem" or "targets-<number>.pem".
bool IsKeyFileOf(absl::string_view name, absl::string_view role) {
  if (!absl::ConsumePrefix(&name, role) || !absl::ConsumeSuffix(&name, ".pem")) return false;
  uint32_t number = 0;
  return name.empty() || (absl::ConsumePrefix(&name, "-") && absl::SimpleAtoi(name, &number));
}

std::vector<std::string> KeyFileNames(uint32_t root_keys) {
  std::vector<std::string> names;
  for (uint32_t i = 1; i <= root_keys; ++i) {
    names.push_back(root_keys == 1 ? "root.pem" : absl::StrCat("root-", i, ".pem"));
  }
  for (Role role : {Role::kTargets, Role::kSnapshot, Role::kTimestamp}) {
    names.push_back(absl::StrCat(RoleName(role), ".pem"));
  }
  return names;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> CreateKeys(const std::string& directory,
                                                    uint32_t root_keys) {
  if (root_keys == 0 || root_keys > kMaxRootKeys) {
    return absl::InvalidArgumentError(
        absl::StrCat("the number of root keys must be 1 to ", kMaxRootKeys, ", not ", root_keys));
  }
  absl::Status made = storage::MakeDirectories(directory, 0700);
  if (!made.ok()) return made;

  std::vector<std::string> paths;
  for (const std::string& name : KeyFileNames(root_keys)) {
    paths.push_back(absl::StrCat(directory, "/", name));
    std::error_code ignored;
    if (std::filesystem::exists(paths.back(), ignored)) {
      return absl::AlreadyExistsError(
          absl::StrCat(paths.back(), " exists; keys are never overwritten. Choose another folder"));
    }
  }
  for (const std::string& path : paths) {
    absl::StatusOr<SigningKey> key = SigningKey::Generate();
    if (!key.ok()) return key.status();
    absl::Status saved = key->Save(path);
    if (!saved.ok()) return saved;
  }
  return paths;
}

absl::StatusOr<std::vector<SigningKey>> LoadKeys(const std::string& directory, Role role) {
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  std::vector<SigningKey> keys;
  for (const std::string& name : *names) {
    if (!IsKeyFileOf(name, RoleName(role))) continue;
    absl::StatusOr<SigningKey> key = SigningKey::Load(absl::StrCat(directory, "/", name));
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) {
    return absl::NotFoundError(absl::StrCat(directory, ": no key for the role ", RoleName(role),
                                            " (", RoleName(role),
                                            ".pem); 'cloister-publish keys create' makes a set"));
  }
  return keys;
}

}  // namespace cloister::publisher
