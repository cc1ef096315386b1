#include "sync/publisher/repository/held_versions.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::publisher {

using trust::PackTarget;

absl::StatusOr<std::vector<PackTarget>> ChainTo(uint64_t version,
                                                const std::vector<PackTarget>& packs) {
  std::vector<PackTarget> older;
  for (const PackTarget& pack : packs) {
    if (pack.to_version <= version) older.push_back(pack);
  }
  if (trust::NewestVersion(older) == version) {
    return trust::CheapestChain(older, /*held=*/{}, kMaxChainDeltas);
  }
  return reputation::Rejected(reputation::RejectReason::kVersionGap,
                              absl::StrCat("no pack leads to version ", version));
}

absl::StatusOr<std::vector<const storage::PackReader*>> HeldVersions::Open(uint64_t version) {
  absl::StatusOr<std::vector<PackTarget>> chain = ChainTo(version, packs_);
  if (!chain.ok()) return chain.status();
  std::vector<const storage::PackReader*> readers;
  for (const PackTarget& pack : *chain) {
    absl::StatusOr<const storage::PackReader*> reader = OpenPack(pack);
    if (!reader.ok()) return reader.status();
    readers.push_back(*reader);
  }
  return readers;
}

absl::StatusOr<const storage::PackReader*> HeldVersions::OpenPack(const PackTarget& pack) {
  std::unique_ptr<storage::PackReader>& place = readers_[pack.sha256];
  if (place != nullptr) return place.get();
  if (absl::Status good = repository_.CheckPack(pack); !good.ok()) return good;
  absl::StatusOr<std::unique_ptr<storage::PackReader>> reader =
      storage::PackReader::Open(repository_.PackPath(pack), storage::PackLimits());
  if (!reader.ok()) return reader.status();
  place = *std::move(reader);
  return place.get();
}

}  // namespace cloister::publisher
