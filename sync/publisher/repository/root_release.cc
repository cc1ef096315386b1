#include "sync/publisher/repository/root_release.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/publisher/repository/metadata_fetcher.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/signing/signed_file.h"
#include "sync/trust/checks.h"
#include "sync/trust/limits.h"
#include "sync/trust/updater.h"

namespace cloister::publisher {
namespace {

using nlohmann::json;
using trust::Role;
using trust::RoleName;

constexpr uint32_t kPublicFile = 0644;
constexpr Role kSignedRoles[] = {Role::kTargets, Role::kSnapshot, Role::kTimestamp};

// The three files that clients find, parsed and verified under one root.
struct Documents {
  std::map<Role, trust::SignedFile> files;  // empty before the first version is published
};

absl::Status ParseInto(const std::string& bytes, Role role, Documents* documents) {
  absl::StatusOr<trust::SignedFile> file = trust::ParseSigned(bytes, role, trust::Limits());
  if (!file.ok()) return file.status();
  documents->files.emplace(role, *std::move(file));
  return absl::OkStatus();
}

// What is published, as a client that has exactly this root sees it.
absl::StatusOr<Documents> ReadUnder(const Repository& repository, const std::string& root) {
  Documents documents;
  absl::StatusOr<std::string> timestamp =
      storage::ReadFile(repository.metadata_directory() + "/timestamp.json", UINT16_MAX);
  if (absl::IsNotFound(timestamp.status())) return documents;
  trust::TrustedState state;
  state.root = root;
  absl::StatusOr<std::unique_ptr<trust::Updater>> updater =
      trust::Updater::Create(state, trust::Limits());
  if (!updater.ok()) return updater.status();
  MetadataFetcher fetcher(repository.metadata_directory(), MetadataFetcher::Roots::kNone);
  absl::Status refreshed = (*updater)->Refresh(
      fetcher, {.now = absl::UnixEpoch(), .accept_expired_within = absl::InfiniteDuration()});
  if (!refreshed.ok()) return refreshed;
  const trust::TrustedState& found = (*updater)->state();
  const std::pair<Role, const std::string*> files[] = {{Role::kTargets, &found.targets},
                                                       {Role::kSnapshot, &found.snapshot},
                                                       {Role::kTimestamp, &found.timestamp}};
  for (const auto& [role, bytes] : files) {
    if (absl::Status parsed = ParseInto(*bytes, role, &documents); !parsed.ok()) return parsed;
  }
  return documents;
}

bool IsSignedUnder(const trust::SignedFile& file, const trust::Root& root) {
  return trust::CheckThreshold(RoleName(file.role), file, trust::RootFor(root, file.role)).ok();
}

// Targets, snapshot, timestamp: from the first that `root` does not accept on, because each names
// the one before.
std::vector<Role> FromFirstUnaccepted(const Documents& documents, const trust::Root& root) {
  std::vector<Role> roles;
  for (const Role role : kSignedRoles) {
    const auto file = documents.files.find(role);
    if (file == documents.files.end()) continue;
    if (!roles.empty() || !IsSignedUnder(file->second, root)) roles.push_back(role);
  }
  return roles;
}

std::vector<SigningKey> KeysOf(const trust::Root& root, Role role, const RoleKeyMap& keys) {
  std::vector<SigningKey> found;
  const auto given = keys.find(role);
  if (given == keys.end()) return found;
  std::set<std::string> taken;  // a file with two signatures by one key is refused
  for (const SigningKey& key : given->second) {
    const bool named = absl::c_linear_search(root.roles.at(role).key_ids, key.key_id());
    if (named && taken.insert(key.key_id()).second) found.push_back(key);
  }
  return found;
}

// Signs the published files again, each with the keys that the two roots name.
class Resigner {
 public:
  Resigner(const Repository& repository, const StagedRoot& staged, const RoleKeyMap& keys,
           absl::Time now)
      : repository_(repository), staged_(staged), keys_(keys), now_(now) {}

  absl::Status Sign(const Documents& documents, const std::vector<Role>& roles) {
    for (const Role role : roles) {
      if (absl::Status gathered = Gather(role); !gathered.ok()) return gathered;
      json part = documents.files.at(role).signed_part;
      absl::StatusOr<uint64_t> version = NextVersion(role, part);
      if (!version.ok()) return version.status();
      part["version"] = *version;
      part["expires"] = MetadataTime(now_ + Lifetime(role));
      PointToFileBelow(role, &part);
      absl::StatusOr<std::string> bytes = SignedFileBytes(part, signers_);
      if (!bytes.ok()) return bytes.status();
      if (absl::Status good = Check(*bytes, role); !good.ok()) return good;
      written_version_ = *version;
      written_bytes_ = *bytes;
      files_.push_back({role == Role::kTimestamp
                            ? "timestamp.json"
                            : absl::StrCat(*version, ".", RoleName(role), ".json"),
                        *std::move(bytes)});
    }
    return absl::OkStatus();
  }

  const std::vector<FileToPlace>& files() const { return files_; }
  // Whether each file holds under the root in force, too.
  bool holds_under_both() const { return holds_under_both_; }

 private:
  // Sets signers_ to the keys of the new root, and those of the old one.
  absl::Status Gather(Role role) {
    signers_ = KeysOf(staged_.next(), role, keys_);
    const uint32_t wanted = staged_.next().roles.at(role).threshold;
    if (signers_.size() < wanted) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the new root asks for ", wanted, " ", RoleName(role), " signatures, and ",
          signers_.size(), " of its ", RoleName(role), " keys were given; ", RoleName(role),
          " metadata has to be signed again together with it. Give them with --keys or --key"));
    }
    if (!staged_.current().has_value()) return absl::OkStatus();
    const trust::Root& current = *staged_.current();
    const std::vector<SigningKey> old_keys = KeysOf(current, role, keys_);
    if (old_keys.size() < current.roles.at(role).threshold) {
      holds_under_both_ = false;
      return absl::OkStatus();
    }
    for (const SigningKey& key : old_keys) {
      const bool there = absl::c_any_of(
          signers_, [&key](const SigningKey& other) { return other.key_id() == key.key_id(); });
      if (!there) signers_.push_back(key);
    }
    return absl::OkStatus();
  }

  // Whether the new root accepts what was signed just now: nothing is written that it would refuse.
  absl::Status Check(const std::string& bytes, Role role) const {
    absl::StatusOr<trust::SignedFile> file = trust::ParseSigned(bytes, role, trust::Limits());
    if (!file.ok()) return file.status();
    if (IsSignedUnder(*file, staged_.next())) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("the new root does not accept the new ", RoleName(role), " metadata"));
  }

  absl::StatusOr<uint64_t> NextVersion(Role role, const json& part) const {
    const uint64_t now = part.value("version", uint64_t{0});
    const uint64_t counted = now < kMaxCountedVersion ? now : 0;
    if (role == Role::kTimestamp) return VersionAfter(role, counted);
    return repository_.NextMetadataVersion(role, counted);
  }

  absl::Duration Lifetime(Role role) const {
    const Lifetimes& lifetimes = repository_.settings().lifetimes;
    if (role == Role::kTargets) return lifetimes.targets;
    return role == Role::kSnapshot ? lifetimes.snapshot : lifetimes.timestamp;
  }

  // A snapshot names the targets file, a timestamp the snapshot, if that was signed just now.
  void PointToFileBelow(Role role, json* part) const {
    if (written_bytes_.empty()) return;
    const char* below = role == Role::kSnapshot ? "targets.json" : "snapshot.json";
    const trust::FileMeta meta = FileMetaOf(written_version_, written_bytes_);
    (*part)["meta"][below] = {
        {"version", meta.version}, {"length", meta.length}, {"hashes", meta.hashes}};
  }

  const Repository& repository_;
  const StagedRoot& staged_;
  const RoleKeyMap& keys_;
  const absl::Time now_;
  std::vector<SigningKey> signers_;
  std::vector<FileToPlace> files_;
  uint64_t written_version_ = 0;
  std::string written_bytes_;
  bool holds_under_both_ = true;
};

std::string NextRootName(const StagedRoot& staged) {
  return absl::StrCat(staged.next().version, ".root.json");
}

absl::StatusOr<std::string> CanonicalRoot(const std::string& bytes) {
  absl::StatusOr<trust::SignedFile> file = trust::ParseSigned(bytes, Role::kRoot, trust::Limits());
  if (!file.ok()) return file.status();
  return file->canonical;
}

// Whether the staged root comes right after the one in force here, or is the one in force. A root
// that was published is never replaced: clients that have it would be lost.
absl::Status CheckPlaceInChain(const Repository& repository, const StagedRoot& staged) {
  absl::StatusOr<std::string> newest = NewestRootFile(repository);
  if (absl::IsNotFound(newest.status()) && !staged.current().has_value()) return absl::OkStatus();
  if (!newest.ok()) return newest.status();
  absl::StatusOr<std::string> in_force = CanonicalRoot(*newest);
  if (!in_force.ok()) return in_force.status();
  if (*in_force == staged.SignedBytes()) return absl::OkStatus();
  absl::StatusOr<std::string> before = absl::NotFoundError("none");
  if (staged.current().has_value()) before = CanonicalRoot(staged.current_bytes());
  if (before.ok() && *in_force == *before) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the staged root, version ", staged.next().version, ", does not follow the one ",
      "in force here: another one came in force since it was staged. Stage the change ", "anew"));
}

// What is published, and which part of it the staged root would not accept.
struct Situation {
  Documents documents;
  std::vector<Role> to_sign;
};

absl::StatusOr<Situation> Look(const Repository& repository, const StagedRoot& staged) {
  Situation situation;
  if (!staged.current().has_value()) return situation;
  absl::StatusOr<Documents> documents = ReadUnder(repository, staged.current_bytes());
  if (!documents.ok()) {
    // After a release that broke off, only the new root may accept them; if so, all is done.
    absl::StatusOr<std::string> next = staged.Complete();
    if (!next.ok() || !ReadUnder(repository, *next).ok()) return documents.status();
    return situation;
  }
  situation.documents = *std::move(documents);
  situation.to_sign = FromFirstUnaccepted(situation.documents, staged.next());
  return situation;
}

}  // namespace

absl::StatusOr<std::string> NewestRootFile(const Repository& repository) {
  absl::StatusOr<uint64_t> next = repository.NextMetadataVersion(Role::kRoot, 0);
  if (!next.ok()) return next.status();
  if (*next == 1) {
    return absl::NotFoundError(absl::StrCat(repository.path(),
                                            ": the first root is not in force yet; it waits for "
                                            "signatures (sign-root), then run: keys apply"));
  }
  return storage::ReadFile(
      absl::StrCat(repository.metadata_directory(), "/", *next - 1, ".root.json"),
      trust::Limits().max_root_bytes);
}

absl::StatusOr<std::vector<Role>> RolesToSignAgain(const Repository& repository,
                                                   const StagedRoot& staged) {
  absl::StatusOr<Situation> situation = Look(repository, staged);
  if (!situation.ok()) return situation.status();
  return situation->to_sign;
}

absl::StatusOr<RootRelease> PlanRootRelease(const Repository& repository, const StagedRoot& staged,
                                            const RoleKeyMap& keys, absl::Time now) {
  absl::StatusOr<std::string> root = staged.Complete();
  if (!root.ok()) return root.status();
  if (absl::Status fits = CheckPlaceInChain(repository, staged); !fits.ok()) return fits;
  absl::StatusOr<Situation> situation = Look(repository, staged);
  if (!situation.ok()) return situation.status();
  Resigner resigner(repository, staged, keys, now);
  absl::Status signed_again = resigner.Sign(situation->documents, situation->to_sign);
  if (!signed_again.ok()) return signed_again;

  RootRelease release;
  release.signed_again = situation->to_sign;
  release.gapless = resigner.holds_under_both();
  release.files = resigner.files();
  const FileToPlace root_file{NextRootName(staged), *std::move(root)};
  if (release.gapless) {
    release.files.push_back(root_file);
  } else {
    // Before the timestamp, which is the only file that others do not name.
    release.files.insert(release.files.end() - 1, root_file);
  }
  return release;
}

absl::Status CarryOut(const Repository& repository, const RootRelease& release) {
  for (const FileToPlace& file : release.files) {
    absl::Status written = storage::WriteFileAtomically(
        absl::StrCat(repository.metadata_directory(), "/", file.name), file.bytes, kPublicFile);
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

}  // namespace cloister::publisher
