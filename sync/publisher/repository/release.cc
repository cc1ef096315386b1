#include "sync/publisher/repository/release.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/signing/signed_file.h"

namespace cloister::publisher {
namespace {

using trust::Role;

constexpr uint32_t kPublicFile = 0644;

struct Document {
  nlohmann::json signed_part;
  std::string file_name;
};

// Signs and writes one file below metadata/, and returns its bytes.
absl::StatusOr<std::string> Write(const Repository& repository, const Document& document,
                                  const std::vector<SigningKey>& keys) {
  absl::StatusOr<std::string> bytes = SignedFileBytes(document.signed_part, keys);
  if (!bytes.ok()) return bytes.status();
  absl::Status written = storage::WriteFileAtomically(
      absl::StrCat(repository.metadata_directory(), "/", document.file_name), *bytes, kPublicFile);
  if (!written.ok()) return written;
  return bytes;
}

// Whether clients take `packs`: what they refuse must never be signed.
absl::Status CheckAsClientsDo(const std::string& feed,
                              const std::vector<trust::PackTarget>& packs) {
  if (packs.size() > trust::Limits().max_targets) {
    return absl::FailedPreconditionError(
        absl::StrCat(packs.size(), " packs are more than clients accept in one list"));
  }
  trust::Targets targets;
  for (const trust::PackTarget& pack : packs) {
    targets.targets[pack.path] = {
        pack.bytes, {{"sha256", pack.sha256}}, trust::PackTargetToCustom(pack)};
  }
  return trust::PacksOnOffer(targets, feed).status();
}

}  // namespace

absl::Status CheckSigners(const trust::Root& root, Role role, const std::vector<SigningKey>& keys) {
  const trust::RoleKeys& wanted = root.roles.at(role);
  std::set<std::string> good;
  for (const SigningKey& key : keys) {
    if (std::count(wanted.key_ids.begin(), wanted.key_ids.end(), key.key_id()) == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("key ", key.key_id(), " is not one that the repository's root names for ",
                       trust::RoleName(role), "; use the keys that it was initialised with"));
    }
    good.insert(key.key_id());
  }
  if (good.size() >= wanted.threshold) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the role ", trust::RoleName(role), " needs ",
                                                    wanted.threshold, " signatures, and ",
                                                    good.size(), " of its keys are there"));
}

absl::Status CheckAllSigners(const trust::Root& root, const RoleSigners& signers) {
  const std::pair<Role, const std::vector<SigningKey>*> roles[] = {
      {Role::kTargets, &signers.targets},
      {Role::kSnapshot, &signers.snapshot},
      {Role::kTimestamp, &signers.timestamp}};
  for (const auto& [role, keys] : roles) {
    absl::Status good = CheckSigners(root, role, *keys);
    if (!good.ok()) return good;
  }
  return absl::OkStatus();
}

absl::Status PlacePacks(const Repository& repository, const std::vector<trust::PackTarget>& packs) {
  for (const trust::PackTarget& pack : packs) {
    const std::string built = absl::StrCat(repository.building_directory(), "/", pack.path);
    const std::string place = repository.PackPath(pack);
    if (chmod(built.c_str(), kPublicFile) != 0 || rename(built.c_str(), place.c_str()) != 0) {
      return absl::InternalError(absl::StrCat(place, ": ", strerror(errno)));
    }
  }
  return storage::SyncDirectory(repository.targets_directory());
}

absl::Status Release(const Repository& repository, const Published& before,
                     const std::vector<trust::PackTarget>& packs, const RoleSigners& signers,
                     const PublishOptions& options) {
  absl::Status accepted = CheckAsClientsDo(repository.settings().feed, packs);
  if (!accepted.ok()) return accepted;
  absl::StatusOr<uint64_t> targets_version = repository.NextMetadataVersion(
      Role::kTargets, before.targets.has_value() ? before.targets->version : 0);
  if (!targets_version.ok()) return targets_version.status();
  absl::StatusOr<uint64_t> snapshot_version = repository.NextMetadataVersion(
      Role::kSnapshot, before.snapshot.has_value() ? before.snapshot->version : 0);
  if (!snapshot_version.ok()) return snapshot_version.status();

  Common common{*targets_version, options.now + options.lifetimes.targets};
  absl::StatusOr<std::string> targets = Write(
      repository, {TargetsJson(common, packs), absl::StrCat(*targets_version, ".targets.json")},
      signers.targets);
  if (!targets.ok()) return targets.status();
  if (targets->size() > trust::Limits().max_targets_bytes) {
    return absl::FailedPreconditionError(
        "targets.json is longer than clients accept: too many packs are listed");
  }

  common = {*snapshot_version, options.now + options.lifetimes.snapshot};
  absl::StatusOr<std::string> snapshot = Write(repository,
                                               {SnapshotJson(common, *targets_version, *targets),
                                                absl::StrCat(*snapshot_version, ".snapshot.json")},
                                               signers.snapshot);
  if (!snapshot.ok()) return snapshot.status();
  return ReleaseTimestamp(repository, before, FileMetaOf(*snapshot_version, *snapshot), signers,
                          options);
}

absl::Status ReleaseTimestamp(const Repository& repository, const Published& before,
                              const trust::FileMeta& snapshot, const RoleSigners& signers,
                              const PublishOptions& options) {
  absl::StatusOr<uint64_t> version =
      VersionAfter(Role::kTimestamp, before.timestamp.has_value() ? before.timestamp->version : 0);
  if (!version.ok()) return version.status();
  const Common common{*version, options.now + options.lifetimes.timestamp};
  return Write(repository, {TimestampJson(common, options.now, snapshot), "timestamp.json"},
               signers.timestamp)
      .status();
}

}  // namespace cloister::publisher
