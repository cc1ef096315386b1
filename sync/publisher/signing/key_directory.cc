#include "sync/publisher/signing/key_directory.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/files/files.h"
#include "sync/publisher/signing/public_key_pem.h"

namespace cloister::publisher {
namespace {

using trust::Role;
using trust::RoleName;

constexpr uint32_t kMaxRootKeys = 16;
constexpr size_t kMaxNameBytes = 64;
constexpr uint64_t kMaxUriBytes = 4096;
constexpr uint32_t kPublicFile = 0644;
constexpr absl::string_view kPublicEnding = ".pub.pem";
constexpr absl::string_view kPrivateEnding = ".pem";
constexpr absl::string_view kTokenEnding = ".pkcs11";

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && absl::c_all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

// The part of `file` before `ending`, if that is "<role>" or "<role>-<name>"; otherwise "".
absl::string_view StemFor(absl::string_view file, Role role, absl::string_view ending) {
  absl::string_view stem = file;
  if (!absl::ConsumeSuffix(&stem, ending)) return "";
  absl::string_view rest = stem;
  if (!absl::ConsumePrefix(&rest, RoleName(role))) return "";
  return rest.empty() || (absl::ConsumePrefix(&rest, "-") && IsName(rest)) ? stem : "";
}

// The private key that the file `name` is, or stands for; none if it is neither.
absl::StatusOr<std::vector<SigningKey>> OpenKeyFile(const std::string& directory,
                                                    const std::string& name, Role role,
                                                    const SecretSource& secrets) {
  std::vector<SigningKey> keys;
  const std::string path = absl::StrCat(directory, "/", name);
  absl::StatusOr<SigningKey> key = absl::NotFoundError("");
  if (!StemFor(name, role, kTokenEnding).empty()) {
    absl::StatusOr<std::string> uri = storage::ReadFile(path, kMaxUriBytes);
    if (!uri.ok()) return uri.status();
    key = SigningKey::Open(std::string(absl::StripAsciiWhitespace(*uri)), secrets);
  } else if (!StemFor(name, role, kPrivateEnding).empty()) {
    key = SigningKey::Load(path, secrets);
  } else {
    return keys;
  }
  if (!key.ok()) return key.status();
  keys.push_back(*std::move(key));
  return keys;
}

struct NewKey {
  Role role;
  std::string stem;
};

std::vector<NewKey> KeysToMake(const CreateKeysOptions& options) {
  std::vector<NewKey> keys;
  const std::string name = options.name.empty() ? "" : absl::StrCat("-", options.name);
  for (const Role role : options.roles) {
    const std::string stem = absl::StrCat(RoleName(role), name);
    const uint32_t count = role == Role::kRoot ? options.root_keys : 1;
    for (uint32_t i = 1; i <= count; ++i) {
      keys.push_back({role, count == 1 ? stem : absl::StrCat(stem, "-", i)});
    }
  }
  return keys;
}

absl::Status CheckOptions(const CreateKeysOptions& options) {
  if (options.root_keys == 0 || options.root_keys > kMaxRootKeys) {
    return absl::InvalidArgumentError(absl::StrCat("the number of root keys must be 1 to ",
                                                   kMaxRootKeys, ", not ", options.root_keys));
  }
  if (!options.name.empty() && !IsName(options.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", options.name, "' cannot name a key: letters, digits, '-' and '_'"));
  }
  return absl::OkStatus();
}

absl::Status MakeKey(const std::string& directory, const NewKey& wanted,
                     const CreateKeysOptions& options) {
  const std::string stem = absl::StrCat(directory, "/", wanted.stem);
  const std::string path = absl::StrCat(stem, kPrivateEnding);
  absl::StatusOr<SigningKey> key = SigningKey::Generate(options.algorithm);
  if (!key.ok()) return key.status();
  absl::Status saved;
  if (options.unencrypted.count(wanted.role) > 0) {
    saved = key->Save(path);
  } else {
    absl::StatusOr<Secret> passphrase = absl::NotFoundError("no passphrase for new keys");
    if (options.secrets) {
      passphrase = options.secrets({.name = wanted.stem, .where = path, .fresh = true});
    }
    if (!passphrase.ok()) return passphrase.status();
    saved = key->Save(path, &*passphrase);
  }
  absl::StatusOr<std::string> half = key->PublicPem();
  if (!saved.ok() || !half.ok()) return saved.ok() ? half.status() : saved;
  return storage::WriteFileAtomically(absl::StrCat(stem, kPublicEnding), *half, kPublicFile);
}

}  // namespace

absl::StatusOr<std::vector<MadeKey>> CreateKeys(const std::string& directory,
                                                const CreateKeysOptions& options) {
  if (absl::Status good = CheckOptions(options); !good.ok()) return good;
  absl::Status made = storage::MakeDirectories(directory, 0700);
  if (!made.ok()) return made;

  const std::vector<NewKey> keys = KeysToMake(options);
  std::vector<MadeKey> made_keys;
  for (const NewKey& key : keys) {
    const std::string path = absl::StrCat(directory, "/", key.stem, kPrivateEnding);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
      return absl::AlreadyExistsError(
          absl::StrCat(path, " exists; keys are never overwritten. Choose another folder"));
    }
    made_keys.push_back({path, options.unencrypted.count(key.role) == 0});
  }
  for (const NewKey& key : keys) {
    if (absl::Status status = MakeKey(directory, key, options); !status.ok()) return status;
  }
  return made_keys;
}

absl::StatusOr<std::vector<SigningKey>> LoadKeys(const std::string& directory, Role role,
                                                 const SecretSource& secrets) {
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  std::vector<SigningKey> keys;
  for (const std::string& name : *names) {
    absl::StatusOr<std::vector<SigningKey>> opened = OpenKeyFile(directory, name, role, secrets);
    if (!opened.ok()) return opened.status();
    for (SigningKey& key : *opened) keys.push_back(std::move(key));
  }
  if (keys.empty()) {
    return absl::NotFoundError(absl::StrCat(directory, ": no key for the role ", RoleName(role),
                                            " (", RoleName(role),
                                            ".pem); 'cloister-publish keys create' makes a set"));
  }
  return keys;
}

absl::StatusOr<std::vector<trust::PublicKey>> LoadPublicKeys(const std::string& directory,
                                                             Role role) {
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  std::vector<trust::PublicKey> keys;
  for (const std::string& name : *names) {
    if (StemFor(name, role, kPublicEnding).empty()) continue;
    absl::StatusOr<trust::PublicKey> key = ReadPublicKey(absl::StrCat(directory, "/", name));
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace cloister::publisher
