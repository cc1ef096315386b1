// Folding of RocksReputationStore.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/store/rocks_reputation_store.h"
#include "storage/store/version_fold.h"

namespace cloister::storage {

absl::StatusOr<std::vector<VersionPack>> RocksReputationStore::Fold(
    absl::string_view feed, uint64_t bytes_per_second, const StoreProgressCallback& progress) {
  absl::StatusOr<size_t> layer = LayerOf(feed);
  if (!layer.ok()) return layer.status();
  const std::shared_ptr<const GenerationView> view = View();
  const std::shared_ptr<ColumnFamily>& family = view->family(*layer);
  std::optional<StoredVersion> version = FindServed(feed);
  if (family == nullptr || !version) {
    return absl::FailedPreconditionError(absl::StrCat("feed ", feed, " serves nothing to fold"));
  }
  if (ServedDeltas(feed) == 0) return version->packs;
  const uint64_t room =
      std::max(options_.reserve_bytes, kLogRoomBytes) + version->served.pack_bytes;
  if (absl::Status s = CheckSpace(options_.directory, room); !s.ok()) return s;
  FoldOptions fold;
  fold.database = database_.get();
  fold.family = family.get();
  fold.packs = &packs_;
  fold.served = view->feeds()[*layer];
  fold.bytes_per_second = bytes_per_second;
  fold.progress = [&](const StoreProgress& at) {
    absl::Status wanted = StillServes(*layer, *family);
    return wanted.ok() && progress ? progress(at) : wanted;
  };
  absl::StatusOr<std::vector<VersionPack>> packs = FoldVersion(fold);
  if (!packs.ok()) return packs.status();
  absl::Status served = ServeFolded(*layer, *family, *packs);
  if (served.ok()) return packs;
  StoredVersion unwanted;
  for (const VersionPack& pack : *packs) unwanted.served.packs.push_back(pack.sha256);
  absl::MutexLock lock(&writer_);
  RemoveUnneeded(unwanted);
  return served;
}

absl::Status RocksReputationStore::StillServes(size_t layer, const ColumnFamily& family) const {
  if (View()->family(layer).get() == &family) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(
      "feed ", options_.feeds[layer], " was served anew meanwhile; there may be nothing to fold"));
}

absl::Status RocksReputationStore::ServeFolded(size_t layer, const ColumnFamily& family,
                                               const std::vector<VersionPack>& packs) {
  absl::MutexLock lock(&writer_);
  if (absl::Status s = StillServes(layer, family); !s.ok()) return s;
  StoredVersion version = *FindServed(options_.feeds[layer]);
  version.packs = packs;
  version.served.packs.clear();
  version.served.pack_bytes = 0;
  for (const VersionPack& pack : packs) {
    version.served.packs.push_back(pack.sha256);
    version.served.pack_bytes += pack.bytes;
  }
  return Import(layer, std::move(version), packs.size());
}

}  // namespace cloister::storage
