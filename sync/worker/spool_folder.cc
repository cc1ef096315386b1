#include "sync/worker/spool_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/trust_state/spool.h"

namespace cloister::worker {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr char kIncoming[] = ".incoming-";
constexpr uint32_t kFileMode = 0640;
constexpr uint32_t kFolderMode = 02750;

absl::Status Failed(absl::string_view what, const std::string& path, int error) {
  const std::string message = absl::StrCat(what, " ", path, ": ", strerror(error));
  const bool full = error == ENOSPC || error == EDQUOT || error == EMLINK;
  return Rejected(full ? RejectReason::kNoSpace : RejectReason::kIoError, message);
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return Failed("cannot remove", path, error.value());
  return absl::OkStatus();
}

absl::Status Link(const std::string& from, const std::string& to) {
  if (link(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  if (errno == EXDEV) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot link ", from, " to ", to,
                     ": spool_directory and state_directory must lie on one file system, below "
                     "one mount"));
  }
  return Failed(absl::StrCat("cannot link ", from, " to"), to, errno);
}

}  // namespace

absl::StatusOr<SpoolFolder> SpoolFolder::Open(const std::string& spool_directory,
                                              const std::string& feed) {
  struct stat info {};
  if (stat(spool_directory.c_str(), &info) != 0) {
    return Failed("cannot open the spool", spool_directory, errno);
  }
  const std::string directory = absl::StrCat(spool_directory, "/", feed);
  absl::Status s = storage::MakeDirectories(directory, kFolderMode);
  if (!s.ok()) return s;
  auto names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!absl::StartsWith(name, kIncoming)) continue;
    s = RemoveTree(absl::StrCat(directory, "/", name));
    if (!s.ok()) return s;
  }
  return SpoolFolder(directory);
}

absl::StatusOr<std::vector<uint64_t>> SpoolFolder::Versions() const {
  auto names = storage::ListDirectory(directory_);
  if (!names.ok()) return names.status();
  std::vector<uint64_t> versions;
  for (const std::string& name : *names) {
    if (auto version = trust::SpoolEntryVersion(name)) versions.push_back(*version);
  }
  return versions;
}

bool SpoolFolder::Holds(uint64_t timestamp_version,
                        const std::map<std::string, std::string>& metadata) const {
  const std::string path = absl::StrCat(EntryPath(timestamp_version), "/metadata");
  auto names = storage::ListDirectory(path);
  if (!names.ok() || names->size() != metadata.size()) return false;
  for (const auto& [name, bytes] : metadata) {
    auto held = storage::ReadFile(absl::StrCat(path, "/", name), bytes.size());
    if (!held.ok() || *held != bytes) return false;
  }
  return true;
}

std::map<std::string, std::string> SpoolFolder::NewestPacks() const {
  const auto versions = Versions();
  if (!versions.ok() || versions->empty()) return {};
  return PacksOf(versions->back());
}

std::string SpoolFolder::EntryPath(uint64_t timestamp_version) const {
  return absl::StrCat(directory_, "/", trust::SpoolEntryName(timestamp_version));
}

std::map<std::string, std::string> SpoolFolder::PacksOf(uint64_t timestamp_version) const {
  std::map<std::string, std::string> packs;
  const std::string directory = absl::StrCat(EntryPath(timestamp_version), "/targets");
  auto names = storage::ListDirectory(directory);
  if (!names.ok()) return packs;
  for (const std::string& name : *names) {
    std::string path = absl::StrCat(directory, "/", name);
    struct stat info {};
    if (lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)) packs[name] = std::move(path);
  }
  return packs;
}

std::string SpoolFolder::OriginOf(uint64_t timestamp_version) const {
  constexpr uint64_t kMaxOriginBytes = 64;
  auto origin = storage::ReadFile(
      absl::StrCat(EntryPath(timestamp_version), "/", trust::kOriginFile), kMaxOriginBytes);
  return origin.ok() ? *std::move(origin) : "";
}

absl::Status SpoolFolder::Build(const std::string& path, const EntryContents& contents) const {
  const std::string metadata = absl::StrCat(path, "/metadata");
  const std::string targets = absl::StrCat(path, "/targets");
  absl::Status s = storage::MakeDirectories(metadata, kFolderMode);
  if (s.ok()) s = storage::MakeDirectories(targets, kFolderMode);
  for (const auto& [name, bytes] : contents.metadata) {
    if (!s.ok()) return s;
    s = storage::WriteFileAtomically(absl::StrCat(metadata, "/", name), bytes, kFileMode);
  }
  for (const auto& [name, from] : contents.packs) {
    if (!s.ok()) return s;
    s = Link(from, absl::StrCat(targets, "/", name));
  }
  if (s.ok() && !contents.origin.empty()) {
    s = storage::WriteFileAtomically(absl::StrCat(path, "/", trust::kOriginFile), contents.origin,
                                     kFileMode);
  }
  for (const std::string& directory : {metadata, targets, path}) {
    if (s.ok()) s = storage::SyncDirectory(directory);
  }
  return s;
}

absl::Status SpoolFolder::HandOver(const EntryContents& contents) {
  const std::string name = trust::SpoolEntryName(contents.timestamp_version);
  const std::string incoming = absl::StrCat(directory_, "/", kIncoming, name);
  const std::string path = absl::StrCat(directory_, "/", name);
  absl::Status s = Build(incoming, contents);
  if (s.ok()) s = Publish(incoming, path);
  if (!s.ok()) {
    // What went wrong matters, not whether its remains could be removed: the next start does it.
    RemoveTree(incoming).IgnoreError();
    return s;
  }
  s = storage::SyncDirectory(directory_);
  if (!s.ok()) return s;
  return RemoveOthers(contents.timestamp_version);
}

absl::Status SpoolFolder::Publish(const std::string& incoming, const std::string& path) const {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (rename(incoming.c_str(), path.c_str()) == 0) return absl::OkStatus();
    return Failed("cannot rename to", path, errno);
  }
  // The same version with other signed files: the publisher's keys were replaced. A folder cannot
  // be renamed over another that is not empty; the two change places in one step.
  if (renameat2(AT_FDCWD, incoming.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0) {
    return Failed("cannot replace", path, errno);
  }
  return RemoveTree(incoming);
}

// The older one stays for a server that is just reading it. Entries above the current one stem
// from a time before the publisher's timestamp keys were replaced and its versions began anew, or
// from whoever else could write here.
absl::Status SpoolFolder::RemoveOthers(uint64_t current) const {
  auto versions = Versions();
  if (!versions.ok()) return versions.status();
  uint64_t previous = 0;
  for (uint64_t version : *versions) {
    if (version < current) previous = version;
  }
  bool removed = false;
  for (uint64_t version : *versions) {
    if (version == current || version == previous) continue;
    absl::Status s = RemoveTree(EntryPath(version));
    if (!s.ok()) return s;
    removed = true;
  }
  return removed ? storage::SyncDirectory(directory_) : absl::OkStatus();
}

}  // namespace cloister::worker
