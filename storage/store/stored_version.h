// What the column family meta holds about versions. Internal to storage/store.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/store/generation.h"

namespace cloister::storage {

// A kept version of a feed. Of those of one feed the one with the highest generation is served.
struct StoredVersion {
  ServedFeed served;  // pack_bytes is not stored
  std::string column_family;
  uint64_t generation = 0;
};

// Every key of a version begins with this.
inline constexpr char kVersionKeyPrefix[] = "version/";

// Where meta holds the number of the newest generation that an override began.
inline constexpr char kGenerationKey[] = "generation";

// kVersionKeyPrefix, feed, '/', version in 20 digits.
std::string VersionKey(absl::string_view feed, uint64_t version);

std::string EncodeVersion(const StoredVersion& version);
// DataLoss if `bytes` is not what EncodeVersion makes.
absl::StatusOr<StoredVersion> DecodeVersion(absl::string_view bytes);

// Eight bytes, big-endian: numbers in keys and values that sort and compare as bytes.
std::string EncodeNumber(uint64_t number);
// DataLoss if there are not eight bytes.
absl::StatusOr<uint64_t> DecodeNumber(absl::string_view bytes);

}  // namespace cloister::storage
