#include "sync/bundle/feed_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/files/files.h"
#include "sync/bundle/member_name.h"
#include "sync/trust/limits.h"
#include "sync/trust_state/spool.h"

namespace cloister::bundle {
namespace {

bool IsFolder(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool IsRepository(const std::string& path) { return IsFolder(absl::StrCat(path, "/metadata")); }

// The repository in `path`: itself, or its newest entry.
std::optional<std::string> RepositoryIn(const std::string& path) {
  if (IsRepository(path)) return path;
  auto names = storage::ListDirectory(path);
  if (!names.ok()) return std::nullopt;
  for (auto name = names->rbegin(); name != names->rend(); ++name) {
    const std::string entry = absl::StrCat(path, "/", *name);
    if (trust::SpoolEntryVersion(*name).has_value() && IsRepository(entry)) return entry;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<FeedSource>> FindFeeds(const std::string& directory) {
  if (std::optional<std::string> itself = RepositoryIn(directory)) {
    return std::vector<FeedSource>{{*itself, ""}};
  }
  auto names = storage::ListDirectory(directory);
  if (!names.ok()) return names.status();
  std::vector<FeedSource> sources;
  for (const std::string& name : *names) {
    if (!IsFeedName(name)) continue;
    auto repository = RepositoryIn(absl::StrCat(directory, "/", name));
    if (repository.has_value()) sources.push_back({*repository, name});
  }
  if (!sources.empty()) return sources;
  return absl::NotFoundError(absl::StrCat(
      directory,
      " holds no feed: neither metadata/ (a repository) nor a feed's folder with metadata/ (a "
      "mirror) or with an entry of 20 digits (a spool)"));
}

absl::StatusOr<std::string> LowestRoot(const std::string& path) {
  const std::string metadata = absl::StrCat(path, "/metadata");
  auto names = storage::ListDirectory(metadata);
  if (!names.ok()) return names.status();
  uint64_t lowest = 0;
  for (absl::string_view name : *names) {
    uint64_t version;
    if (!absl::ConsumeSuffix(&name, ".root.json") || !absl::SimpleAtoi(name, &version)) continue;
    if (version > 0 && (lowest == 0 || version < lowest)) lowest = version;
  }
  if (lowest == 0) return absl::NotFoundError(absl::StrCat(metadata, ": there is no root.json"));
  return storage::ReadFile(absl::StrCat(metadata, "/", lowest, ".root.json"),
                           trust::Limits().max_root_bytes);
}

}  // namespace cloister::bundle
