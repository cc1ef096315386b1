// Finds the records in which two versions differ. Internal to storage/store.

#pragma once

#include <vector>

#include "absl/status/status.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/database.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// `family` holds the version from which `deltas` lead on, each from where the one before it ends.
// Reads only what they touch.
absl::Status CompareDeltas(const Database& database, const ColumnFamily& family,
                           const std::vector<const PackReader*>& deltas,
                           const RecordChangeVisitor& visit);

// `family` against the version that `packs` make up; null: against nothing. Reads both whole.
absl::Status CompareVersions(const Database& database, const ColumnFamily* family,
                             const std::vector<const PackReader*>& packs,
                             const RecordChangeVisitor& visit);

}  // namespace cloister::storage
