#include "sync/publisher/repository/repository.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/publisher/repository/metadata_fetcher.h"
#include "sync/publisher/repository/root_edit.h"
#include "sync/publisher/repository/root_release.h"
#include "sync/publisher/repository/staged_root.h"
#include "sync/trust/updater.h"

namespace cloister::publisher {
namespace {

using trust::Role;
using trust::RoleName;

constexpr uint32_t kPublicFile = 0644;
constexpr uint32_t kPublicDirectory = 0755;
constexpr char kStagedRoot[] = "/root-change.json";

absl::Status AddKeysOf(Role role, const InitOptions& options, trust::Root* root) {
  std::vector<trust::PublicKey> keys;
  if (const auto own = options.keys.find(role); own != options.keys.end()) {
    for (const SigningKey& key : own->second) keys.push_back(key.public_key());
  }
  if (const auto others = options.public_keys.find(role); others != options.public_keys.end()) {
    keys.insert(keys.end(), others->second.begin(), others->second.end());
  }
  if (keys.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no key for the role ", RoleName(role)));
  }
  for (const trust::PublicKey& key : keys) {
    absl::Status added = AddRoleKey(root, role, key);
    if (!added.ok() && !absl::IsAlreadyExists(added)) return added;
  }
  return absl::OkStatus();
}

// The first root, signed by the root keys that are there.
absl::StatusOr<StagedRoot> FirstRoot(const InitOptions& options) {
  trust::Root root;
  root.version = 1;
  root.expires = options.now + options.settings.lifetimes.root;
  for (const Role role : {Role::kRoot, Role::kTargets, Role::kSnapshot, Role::kTimestamp}) {
    if (absl::Status added = AddKeysOf(role, options, &root); !added.ok()) return added;
  }
  root.roles[Role::kRoot].threshold = options.root_threshold;
  absl::StatusOr<StagedRoot> staged = StagedRoot::Make(options.settings.feed, "", root);
  if (!staged.ok()) return staged;
  const auto keys = options.keys.find(Role::kRoot);
  if (keys == options.keys.end()) return staged;
  for (const SigningKey& key : keys->second) {
    if (absl::Status signed_it = staged->Sign(key); !signed_it.ok()) return signed_it;
  }
  return staged;
}

// N of "N.root.json", if `name` is that.
std::optional<uint64_t> VersionIn(absl::string_view name, Role role) {
  if (!absl::ConsumeSuffix(&name, absl::StrCat(".", RoleName(role), ".json"))) return std::nullopt;
  uint64_t version = 0;
  if (!absl::SimpleAtoi(name, &version)) return std::nullopt;
  return version;
}

// Of those that were counted.
absl::StatusOr<uint64_t> HighestVersion(const std::string& directory, Role role) {
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  uint64_t highest = 0;
  for (const std::string& name : *names) {
    const uint64_t version = VersionIn(name, role).value_or(0);
    if (version < kMaxCountedVersion) highest = std::max(highest, version);
  }
  return highest;
}

template <typename T>
std::optional<T> CopyOf(const T* value) {
  return value == nullptr ? std::nullopt : std::optional<T>(*value);
}

}  // namespace

absl::StatusOr<uint64_t> VersionAfter(Role role, uint64_t published) {
  if (published < kMaxCountedVersion) return published + 1;
  return absl::FailedPreconditionError(absl::StrCat(
      "the ", RoleName(role), " metadata have version ", published,
      ": no publisher counts that far, so somebody else has the key. Replace the snapshot and "
      "timestamp keys, so that clients forget it: docs/key-ceremony.md, runbook"));
}

absl::Status Repository::Init(const std::string& path, const InitOptions& options) {
  absl::Status name = CheckFeedName(options.settings.feed);
  if (!name.ok()) return name;
  absl::StatusOr<StagedRoot> staged = FirstRoot(options);
  if (!staged.ok()) return staged.status();
  std::error_code ignored;
  if (std::filesystem::exists(SettingsPath(path), ignored)) {
    return absl::AlreadyExistsError(absl::StrCat(path, " is a repository already"));
  }
  for (const std::string& directory : {path + "/metadata", path + "/targets"}) {
    absl::Status made = storage::MakeDirectories(directory, kPublicDirectory);
    if (!made.ok()) return made;
  }
  const absl::StatusOr<std::string> root_file = staged->Complete();
  absl::Status written =
      root_file.ok()
          ? storage::WriteFileAtomically(path + "/metadata/1.root.json", *root_file, kPublicFile)
          : storage::WriteFileAtomically(path + kStagedRoot, staged->ToText(), kPublicFile);
  if (!written.ok()) return written;
  // Last: what makes it a repository.
  return storage::WriteFileAtomically(SettingsPath(path), SettingsText(options.settings),
                                      kPublicFile);
}

absl::StatusOr<std::unique_ptr<Repository>> Repository::OpenReadOnly(const std::string& path) {
  absl::StatusOr<Settings> settings = ReadSettings(path);
  if (!settings.ok()) return settings.status();
  return std::unique_ptr<Repository>(new Repository(path, *std::move(settings)));
}

absl::StatusOr<std::unique_ptr<Repository>> Repository::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = OpenReadOnly(path);
  if (!repository.ok()) return repository;
  absl::Status locked = (*repository)->Lock();
  if (!locked.ok()) return locked;
  // What a run that broke off left behind.
  std::error_code ignored;
  std::filesystem::remove_all((*repository)->building_directory(), ignored);
  absl::Status made = storage::MakeDirectories((*repository)->building_directory(), 0700);
  if (!made.ok()) return made;
  return repository;
}

Repository::~Repository() {
  if (lock_fd_ < 0) return;
  std::error_code ignored;
  std::filesystem::remove_all(building_directory(), ignored);
  close(lock_fd_);
}

absl::Status Repository::Lock() {
  const std::string path = absl::StrCat(path_, "/.lock");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return absl::PermissionDeniedError(absl::StrCat(path, ": ", strerror(errno)));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::FailedPreconditionError(absl::StrCat(
        path_, ": another cloister-publish is at work here; try again when it is done"));
  }
  lock_fd_ = fd;
  return absl::OkStatus();
}

std::string Repository::staged_root_path() const { return path_ + kStagedRoot; }
std::string Repository::metadata_directory() const { return path_ + "/metadata"; }
std::string Repository::targets_directory() const { return path_ + "/targets"; }
std::string Repository::building_directory() const { return path_ + "/.building"; }

std::string Repository::PackPath(const trust::PackTarget& pack) const {
  return absl::StrCat(targets_directory(), "/", pack.sha256, ".", pack.path);
}

absl::Status Repository::CheckPack(const trust::PackTarget& pack) const {
  const std::string path = PackPath(pack);
  absl::StatusOr<reputation::Sha256Bytes> hash = storage::Sha256OfFile(path);
  if (!hash.ok()) return hash.status();
  const absl::string_view bytes(reinterpret_cast<const char*>(hash->data()), hash->size());
  if (absl::BytesToHexString(bytes) == pack.sha256) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path,
                   ": the file was altered since it was published; copy it back from a mirror, "
                   "or start a new repository"));
}

absl::StatusOr<Published> Repository::Load(absl::Time now) const {
  const trust::Limits limits;
  if (absl::Status there = NewestRootFile(*this).status(); !there.ok()) return there;
  // From the first root on, as clients do: a forged newest one may well be signed by its own keys.
  trust::TrustedState state;
  absl::StatusOr<std::string> root =
      storage::ReadFile(metadata_directory() + "/1.root.json", limits.max_root_bytes);
  if (!root.ok()) return root.status();
  state.root = *std::move(root);
  absl::StatusOr<std::unique_ptr<trust::Updater>> updater = trust::Updater::Create(state, limits);
  if (!updater.ok()) return updater.status();

  MetadataFetcher fetcher(metadata_directory());
  absl::Status refreshed =
      (*updater)->Refresh(fetcher, {.now = now, .accept_expired_within = absl::InfiniteDuration()});
  std::error_code ignored;
  const bool nothing_yet =
      reputation::ReasonOf(refreshed) == reputation::RejectReason::kMetadataMissing &&
      !std::filesystem::exists(metadata_directory() + "/timestamp.json", ignored);
  if (!refreshed.ok() && !nothing_yet) return refreshed;
  Published published;
  published.root = (*updater)->root();
  published.timestamp = CopyOf((*updater)->timestamp());
  published.snapshot = CopyOf((*updater)->snapshot());
  published.targets = CopyOf((*updater)->targets());
  if (published.targets.has_value()) {
    absl::StatusOr<std::vector<trust::PackTarget>> packs =
        trust::PacksOnOffer(*published.targets, settings_.feed);
    if (!packs.ok()) return packs.status();
    published.packs = *std::move(packs);
  }
  return published;
}

absl::StatusOr<uint64_t> Repository::NextMetadataVersion(Role role, uint64_t published) const {
  absl::StatusOr<uint64_t> highest = HighestVersion(metadata_directory(), role);
  if (!highest.ok()) return highest.status();
  return VersionAfter(role, std::max(*highest, published));
}

}  // namespace cloister::publisher
