// The signed parts of the four metadata files (The Update Framework 1.0, section 4).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"

namespace cloister::publisher {

// Version and expiry of a file to be signed.
using trust::Common;

// "2030-01-31T12:00:00Z": the only form of time in metadata.
std::string MetadataTime(absl::Time time);

nlohmann::json RootJson(const trust::Root& root);

nlohmann::json TargetsJson(const Common& common, const std::vector<trust::PackTarget>& packs);

// `targets_bytes` and `snapshot_bytes` are the files named, as they are published.
nlohmann::json SnapshotJson(const Common& common, uint64_t targets_version,
                            absl::string_view targets_bytes);
// `issued` becomes "x-issued": data age in answers counts from it.
nlohmann::json TimestampJson(const Common& common, absl::Time issued,
                             const trust::FileMeta& snapshot);

// Version, length and SHA-256 by which one file names another.
trust::FileMeta FileMetaOf(uint64_t version, absl::string_view bytes);

}  // namespace cloister::publisher
