#include "sync/publisher/repository/retention.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"

namespace cloister::publisher {
namespace {

using trust::PackTarget;

constexpr size_t kSha256HexDigits = 64;

uint64_t NewestSnapshot(const std::vector<PackTarget>& packs) {
  uint64_t newest = 0;
  for (const PackTarget& pack : packs) {
    if (!pack.is_delta()) newest = std::max(newest, pack.to_version);
  }
  return newest;
}

// "<sha256>.full-…" or "<sha256>.delta-…".
bool IsPackFile(absl::string_view name) {
  if (name.size() <= kSha256HexDigits || !absl::EndsWith(name, ".sst")) return false;
  for (const char c : name.substr(0, kSha256HexDigits)) {
    if (!absl::ascii_isxdigit(c)) return false;
  }
  const absl::string_view rest = name.substr(kSha256HexDigits);
  return absl::StartsWith(rest, ".full-") || absl::StartsWith(rest, ".delta-");
}

// "<number>.snapshot.json" or "<number>.targets.json". Roots stay: clients walk all of them.
bool IsNumberedMetadata(absl::string_view name) {
  uint64_t number = 0;
  return (absl::EndsWith(name, ".snapshot.json") || absl::EndsWith(name, ".targets.json")) &&
         absl::SimpleAtoi(name.substr(0, name.find('.')), &number);
}

void Keep(const Published& published, std::set<std::string>* names) {
  for (const PackTarget& pack : published.packs) {
    names->insert(absl::StrCat(pack.sha256, ".", pack.path));
  }
  if (published.snapshot.has_value()) {
    names->insert(absl::StrCat(published.snapshot->version, ".snapshot.json"));
  }
  if (published.targets.has_value()) {
    names->insert(absl::StrCat(published.targets->version, ".targets.json"));
  }
}

absl::Status RemoveFrom(const std::string& directory, const std::set<std::string>& keep,
                        bool (*is_ours)(absl::string_view), Removed* removed) {
  absl::StatusOr<std::vector<std::string>> names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (keep.count(name) > 0 || !is_ours(name)) continue;
    const std::string path = absl::StrCat(directory, "/", name);
    std::error_code error;
    const uint64_t bytes = std::filesystem::file_size(path, error);
    if (!std::filesystem::remove(path, error)) continue;
    ++removed->files;
    removed->bytes += bytes;
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<PackTarget> PacksToList(const std::vector<PackTarget>& packs) {
  const uint64_t snapshot = NewestSnapshot(packs);
  const uint64_t newest = trust::NewestVersion(packs);
  std::vector<PackTarget> listed;
  for (const PackTarget& pack : packs) {
    const bool wanted = pack.is_delta() ? pack.to_version > snapshot || pack.to_version == newest
                                        : pack.to_version == snapshot;
    if (wanted) listed.push_back(pack);
  }
  return listed;
}

uint32_t DeltasAfterSnapshot(const std::vector<PackTarget>& packs) {
  const uint64_t snapshot = NewestSnapshot(packs);
  return static_cast<uint32_t>(
      std::count_if(packs.begin(), packs.end(), [snapshot](const PackTarget& pack) {
        return pack.is_delta() && pack.to_version > snapshot;
      }));
}

absl::StatusOr<Removed> RemoveUnlisted(const Repository& repository, const Published& now_listed,
                                       const Published& before) {
  std::set<std::string> keep;
  Keep(now_listed, &keep);
  Keep(before, &keep);
  Removed removed;
  absl::Status status = RemoveFrom(repository.targets_directory(), keep, IsPackFile, &removed);
  if (!status.ok()) return status;
  status = RemoveFrom(repository.metadata_directory(), keep, IsNumberedMetadata, &removed);
  if (!status.ok()) return status;
  return removed;
}

}  // namespace cloister::publisher
