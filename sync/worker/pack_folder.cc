#include "sync/worker/pack_folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/pack_check/pack_check.h"
#include "sync/trust/updater.h"
#include "sync/worker/partial_file.h"

namespace cloister::worker {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;

constexpr uint32_t kFolderMode = 02750;  // files get the folder's group
constexpr uint32_t kFileMode = 0640;
constexpr size_t kMaxPartials = 4;
constexpr char kPack[] = ".sst";
constexpr char kPartial[] = ".part";

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

std::string FileName(const PackTarget& pack) { return absl::StrCat(pack.sha256, kPack); }

}  // namespace

bool HasSha256(const std::string& path, absl::string_view hex) {
  const auto sha256 = storage::Sha256OfFile(path);
  if (!sha256.ok()) return false;
  return hex == absl::BytesToHexString(absl::string_view(
                    reinterpret_cast<const char*>(sha256->data()), sha256->size()));
}

absl::StatusOr<PackFolder> PackFolder::Open(PackFolderOptions options) {
  absl::Status s = storage::MakeDirectories(options.directory, kFolderMode);
  if (s.ok()) s = ShareWithReaders(options.directory, options.spool_directory);
  if (!s.ok()) return s;
  auto names = storage::ListDirectory(options.directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, kPack) || absl::EndsWith(name, kPartial)) continue;
    s = Remove(absl::StrCat(options.directory, "/", name));
    if (!s.ok()) return s;
  }
  return PackFolder(std::move(options));
}

std::string PackFolder::PartialPathOf(const PackTarget& pack) const {
  return absl::StrCat(directory(), "/", pack.sha256, kPartial);
}

std::string PackFolder::PathOf(const PackTarget& pack) const {
  return absl::StrCat(directory(), "/", FileName(pack));
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
  if (HasSha256(path, pack.sha256)) {
    absl::Status s = packs::CheckPackHeader(path, pack, options_.limits);
    if (!s.ok()) return s;
    return true;
  }
  if (absl::Status s = Remove(path); !s.ok()) return s;
  return false;
}

absl::StatusOr<std::vector<std::string>> PackFolder::RemoveRotten() {
  auto names = storage::ListDirectory(directory());
  if (!names.ok()) return names.status();
  std::vector<std::string> rotten;
  for (absl::string_view name : *names) {
    const std::string path = absl::StrCat(directory(), "/", name);
    if (!absl::ConsumeSuffix(&name, kPack) || HasSha256(path, name)) continue;
    if (absl::Status s = Remove(path); !s.ok()) return s;
    rotten.emplace_back(name);
  }
  return rotten;
}

absl::StatusOr<storage::ContentDigest> PackFolder::Fetch(trust::Fetcher& fetcher,
                                                         const PackTarget& pack,
                                                         const trust::TargetFile& target) {
  auto file = PartialFile::Open(PartialPathOf(pack));
  if (!file.ok()) return file.status();
  absl::Status s = trust::ResumeTarget(fetcher, pack.path, target, *file);
  if (!s.ok()) return s;
  auto digest = packs::CheckPack(file->path(), pack, options_.limits);
  s = digest.ok() ? file->Commit(PathOf(pack), kFileMode) : file->Remove();
  if (!s.ok()) return s;
  return digest;
}

absl::StatusOr<storage::ContentDigest> PackFolder::Check(const PackTarget& pack) const {
  return packs::CheckPack(PathOf(pack), pack, options_.limits);
}

uint64_t PackFolder::PartialBytes(const PackTarget& pack) const {
  struct stat info {};
  if (lstat(PartialPathOf(pack).c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  return static_cast<uint64_t>(info.st_size);
}

absl::Status PackFolder::KeepPartials(const std::vector<PackTarget>& packs) {
  std::vector<std::pair<uint64_t, std::string>> by_size;
  for (const PackTarget& pack : packs) {
    const uint64_t bytes = PartialBytes(pack);
    if (bytes > 0 && bytes <= pack.bytes) {
      by_size.emplace_back(bytes, absl::StrCat(pack.sha256, kPartial));
    }
  }
  std::sort(by_size.rbegin(), by_size.rend());
  if (by_size.size() > kMaxPartials) by_size.resize(kMaxPartials);
  std::set<std::string> kept;
  for (const auto& [bytes, name] : by_size) kept.insert(name);
  return RemoveOthers(kPartial, kept);
}

absl::Status PackFolder::KeepOnly(const std::vector<PackTarget>& packs) {
  std::set<std::string> kept;
  for (const PackTarget& pack : packs) kept.insert(FileName(pack));
  return RemoveOthers(kPack, kept);
}

absl::Status PackFolder::RemoveOthers(absl::string_view suffix, const std::set<std::string>& kept) {
  auto names = storage::ListDirectory(directory());
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!absl::EndsWith(name, suffix) || kept.count(name) > 0) continue;
    absl::Status s = Remove(absl::StrCat(directory(), "/", name));
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace cloister::worker
