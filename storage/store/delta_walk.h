// Walks a delta beside the version that it changes. Internal to storage/store.

#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/database.h"

namespace cloister::storage {

// `before` is what the version has under `key`, null where it has nothing; `after` what the delta
// says, null where it removes. An error ends the walk, and is its outcome.
using DeltaVisitor = std::function<absl::Status(
    absl::string_view key, const absl::string_view* before, const absl::string_view* after)>;

// `family` holds the version. Reads only what the delta touches, and leaves the block cache to
// lookups. Where something on the disk is damaged, the family is marked so.
absl::Status WalkDelta(const Database& database, const ColumnFamily& family, EntryCursor& delta,
                       const DeltaVisitor& visit);

}  // namespace cloister::storage
