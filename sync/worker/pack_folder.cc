#include "sync/worker/pack_folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/pack_check/pack_check.h"
#include "sync/trust/updater.h"

namespace cloister::worker {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;

constexpr uint32_t kFileMode = 0640;
constexpr uint32_t kFolderMode = 02750;  // files get the folder's group

absl::Status Failed(absl::string_view what, const std::string& path) {
  return Rejected(RejectReason::kIoError, absl::StrCat(what, " ", path, ": ", strerror(errno)));
}

absl::Status ShareWithReaders(const std::string& directory, const std::string& spool) {
  struct stat readers {
  }, own{};
  if (stat(spool.c_str(), &readers) != 0) return Failed("cannot examine", spool);
  if (stat(directory.c_str(), &own) != 0) return Failed("cannot examine", directory);
  if (own.st_gid == readers.st_gid) return absl::OkStatus();
  if (chown(directory.c_str(), static_cast<uid_t>(-1), readers.st_gid) != 0) {
    return Failed(absl::StrCat("make this user a member of the group that owns ", spool, " (gid ",
                               readers.st_gid, "): cannot give that group to"),
                  directory);
  }
  if (chmod(directory.c_str(), kFolderMode) != 0)
    return Failed("cannot set the mode of", directory);
  return absl::OkStatus();
}

absl::Status Remove(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return Failed("cannot remove", path);
}

std::string FileName(const PackTarget& pack) { return absl::StrCat(pack.sha256, ".sst"); }

}  // namespace

absl::StatusOr<PackFolder> PackFolder::Open(const std::string& directory,
                                            const std::string& spool_directory,
                                            const storage::PackLimits& limits) {
  absl::Status s = storage::MakeDirectories(directory, kFolderMode);
  if (s.ok()) s = ShareWithReaders(directory, spool_directory);
  if (!s.ok()) return s;
  auto names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, ".sst")) continue;
    s = Remove(absl::StrCat(directory, "/", name));
    if (!s.ok()) return s;
  }
  return PackFolder(directory, limits);
}

std::string PackFolder::PathOf(const PackTarget& pack) const {
  return absl::StrCat(directory_, "/", FileName(pack));
}

std::vector<PackTarget> PackFolder::Held(const std::vector<PackTarget>& packs) const {
  std::vector<PackTarget> held;
  for (const PackTarget& pack : packs) {
    struct stat info {};
    if (lstat(PathOf(pack).c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (static_cast<uint64_t>(info.st_size) == pack.bytes) held.push_back(pack);
  }
  return held;
}

absl::StatusOr<bool> PackFolder::StillGood(const PackTarget& pack) {
  const std::string path = PathOf(pack);
  auto sha256 = storage::Sha256OfFile(path);
  if (!sha256.ok()) return sha256.status();
  const std::string hex = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(sha256->data()), sha256->size()));
  if (hex == pack.sha256) {
    absl::Status s = packs::CheckPackHeader(path, pack, limits_);
    if (!s.ok()) return s;
    return true;
  }
  if (absl::Status s = Remove(path); !s.ok()) return s;
  return false;
}

absl::Status PackFolder::Fetch(trust::Fetcher& fetcher, const PackTarget& pack,
                               const trust::TargetFile& target) {
  auto file = storage::TemporaryFile::Create(directory_);
  if (!file.ok()) return file.status();
  absl::Status s = trust::FetchTarget(fetcher, pack.path, target,
                                      [&](absl::string_view bytes) { return file->Append(bytes); });
  if (s.ok()) s = packs::CheckPack(file->path(), pack, limits_);
  if (!s.ok()) return s;
  return file->Commit(PathOf(pack), kFileMode);
}

absl::Status PackFolder::KeepOnly(const std::vector<PackTarget>& packs) {
  std::set<std::string> kept;
  for (const PackTarget& pack : packs) kept.insert(FileName(pack));
  auto names = storage::ListDirectory(directory_);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (kept.count(name) > 0) continue;
    absl::Status s = Remove(absl::StrCat(directory_, "/", name));
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace cloister::worker
