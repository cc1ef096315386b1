// Writes what a column family serves as one snapshot. Internal to storage/store.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store/database.h"
#include "storage/store/pack_directory.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// What a folded part should have at most.
inline constexpr uint64_t kFoldedPartBytes = 60ull << 20;

struct FoldOptions {
  const Database* database = nullptr;
  const ColumnFamily* family = nullptr;
  const PackDirectory* packs = nullptr;
  ServedFeed served;  // what `family` holds
  uint64_t part_bytes = kFoldedPartBytes;
  uint64_t bytes_per_second = 0;  // 0: no limit
  StoreProgressCallback progress;
};

// The parts, in the pack folder. kDigestMismatch if they do not hold what was signed. After an
// error none is left there; files of a fold that a crash ended are temporary ones.
absl::StatusOr<std::vector<VersionPack>> FoldVersion(const FoldOptions& options);

}  // namespace cloister::storage
