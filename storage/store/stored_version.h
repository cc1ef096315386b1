// What the column family meta holds about versions. Internal to storage/store.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/store/generation.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// A kept version of a feed. Of those of one feed that do not wait, the one with the highest
// generation is served: a rollback writes the older version again with a newer generation.
struct StoredVersion {
  ServedFeed served;
  std::vector<VersionPack> packs;  // what served.packs names; empty if an old database has no more
  std::string column_family;       // empty if it waits
  uint64_t generation = 0;         // at which it began to serve; 0 if it waits
  bool waits = false;              // kept, but never served
};

// Every key of a version begins with this.
inline constexpr char kVersionKeyPrefix[] = "version/";

// Where meta holds the number of the newest generation that an override began.
inline constexpr char kGenerationKey[] = "generation";

// kVersionKeyPrefix, feed, '/', version in 20 digits.
std::string VersionKey(absl::string_view feed, uint64_t version);

// A version that waits, and back.
StoredVersion VersionFromSpec(const VersionSpec& spec);
VersionSpec SpecOfVersion(const StoredVersion& version);

std::string EncodeVersion(const StoredVersion& version);
// DataLoss if `bytes` is not what EncodeVersion makes, now or in an older release.
absl::StatusOr<StoredVersion> DecodeVersion(absl::string_view bytes);

// Every key of a directive begins with this; the feed's name follows.
inline constexpr char kDirectiveKeyPrefix[] = "directive/";

std::string EncodeDirective(const FeedDirective& directive);
absl::StatusOr<FeedDirective> DecodeDirective(absl::string_view bytes);

// Eight bytes, big-endian: numbers in keys and values that sort and compare as bytes.
std::string EncodeNumber(uint64_t number);
// DataLoss if there are not eight bytes.
absl::StatusOr<uint64_t> DecodeNumber(absl::string_view bytes);

}  // namespace cloister::storage
