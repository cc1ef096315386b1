// Many overrides that become one write. Internal to storage/store.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/store/database.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

struct OverrideBatch {
  std::map<std::string, std::string> encoded;  // by lookup key; of equal keys the last one
  // SHA-256, in hexadecimal, of what they say: for each in the order of the keys, the key and its
  // StoredOverride without reason, actor and time, either preceded by its length (4 B BE).
  std::string sha256;
};

// InvalidArgument names the first one that cannot be stored, as EncodeOverride does, or says that
// there is none.
absl::StatusOr<OverrideBatch> EncodeOverrideBatch(std::span<const KeyedOverride> overrides);

// How many of `keys`, which are in order, have an override.
absl::StatusOr<uint64_t> CountOverrides(const Database& database,
                                        const std::vector<rocksdb::Slice>& keys);

}  // namespace cloister::storage
