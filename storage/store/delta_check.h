// Proves a delta against the version it changes. Internal to storage/store.

#pragma once

#include "absl/status/statusor.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/database.h"

namespace cloister::storage {

// The content digest after `delta`, where `family` holds the version it starts from and `base` is
// that version's digest. Reads only entries that the delta touches. kBaseMismatch if it removes
// what is not there or puts what is there already.
absl::StatusOr<ContentDigest> DigestAfterDelta(const Database& database, const ColumnFamily& family,
                                               const PackReader& delta, const ContentDigest& base);

}  // namespace cloister::storage
