#include "sync/worker/handed_over.h"

#include <sys/stat.h>

#include <map>
#include <set>
#include <string>

namespace cloister::worker {
namespace {

using trust::PackTarget;

struct stat Examine(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) info = {};
  return info;
}

bool SameFile(const std::string& a, const std::string& b) {
  const struct stat first = Examine(a);
  const struct stat second = Examine(b);
  return first.st_ino != 0 && first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

}  // namespace

Packs PacksHandedOver(const TrustedFeed& feed, const EntryContents& contents,
                      const SpoolFolder& spool, const PackFolder& folder) {
  if (!spool.Holds(contents.timestamp_version, contents.metadata)) return {};
  // What expired is taken from entries marked offline only.
  if (feed.updater->expired() && spool.OriginOf(contents.timestamp_version) != contents.origin) {
    return {};
  }
  const std::map<std::string, std::string> files = spool.PacksOf(contents.timestamp_version);
  Packs there;
  for (const PackTarget& pack : feed.offered) {
    const auto file = files.find(feed.NameOf(pack));
    if (file == files.end()) continue;
    if (static_cast<uint64_t>(Examine(file->second).st_size) == pack.bytes) there.push_back(pack);
  }
  if (there.size() != files.size() || folder.Held(there).size() != there.size()) return {};
  if (trust::NewestVersion(there) != trust::NewestVersion(feed.offered)) return {};
  const auto all = static_cast<uint32_t>(there.size());
  return trust::CheapestChain(there, there, all).ok() ? there : Packs();
}

absl::StatusOr<uint64_t> CountRotten(const TrustedFeed& feed, const Packs& packs,
                                     const EntryContents& contents, const SpoolFolder& spool,
                                     PackFolder& folder) {
  const std::map<std::string, std::string> files = spool.PacksOf(contents.timestamp_version);
  uint64_t rotten = 0;
  for (const PackTarget& pack : packs) {
    // Both are one file, unless somebody replaced one of them.
    const std::string& handed_over = files.at(feed.NameOf(pack));
    const bool linked = SameFile(handed_over, folder.PathOf(pack));
    const auto good = folder.StillGood(pack);
    if (!good.ok()) return good.status();
    if (!*good || (!linked && !HasSha256(handed_over, pack.sha256))) rotten += 1;
  }
  for (const PackTarget& pack : folder.Held(feed.offered)) {
    if (files.count(feed.NameOf(pack)) > 0) continue;
    if (const auto good = folder.StillGood(pack); !good.ok()) return good.status();
  }
  return rotten;
}

absl::StatusOr<uint64_t> RemoveRotten(const SpoolFolder& spool, PackFolder& folder) {
  auto removed = folder.RemoveRotten();
  if (!removed.ok()) return removed.status();
  std::set<std::string> rotten(removed->begin(), removed->end());
  constexpr size_t kHexDigits = 64;
  for (const auto& [name, path] : spool.NewestPacks()) {
    const std::string signed_hash = name.substr(0, kHexDigits);
    if (!HasSha256(path, signed_hash)) rotten.insert(signed_hash);
  }
  return rotten.size();
}

}  // namespace cloister::worker
