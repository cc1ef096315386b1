// Versions in memory and the packs that hold them, for tests of storage.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "storage/pack/pack_format.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// The entries of a version, by key, without removals.
using Entries = std::map<std::string, std::string>;

// A file's key; each number gives another.
reputation::LookupKey SampleKey(uint64_t number);

// MALICIOUS with `confidence` and `label_id`, encoded.
std::string SampleValue(uint8_t confidence, uint32_t label_id = 0);

// `entries` records with numbers from `first` on and one label, whose id is 7.
Entries SampleEntries(uint64_t first, uint64_t entries, uint8_t confidence = 50);

ContentDigest DigestOf(const Entries& entries);

// Writes `entries` as a pack.
absl::StatusOr<PackSummary> WriteSnapshot(const std::string& path, const PackHeader& header,
                                          const Entries& entries);
// Writes what leads from `before` to `after` as a pack.
absl::StatusOr<PackSummary> WriteDelta(const std::string& path, const PackHeader& header,
                                       const Entries& before, const Entries& after);

// Makes the packs of one feed's versions, straight into a store's pack folder.
class SampleFeed {
 public:
  SampleFeed(const ReputationStore& store, absl::string_view feed) : store_(store), feed_(feed) {}

  // Version `version` as a snapshot in `parts` parts.
  VersionSpec Snapshot(uint64_t version, const Entries& entries, uint32_t parts = 1) const;

  // `base`, which holds `before`, and a delta from there to `version`, which holds `after`.
  VersionSpec Delta(const VersionSpec& base, const Entries& before, uint64_t version,
                    const Entries& after) const;

  // Moves a finished pack to its place in the store.
  VersionPack Adopt(const std::string& path, const PackHeader& header,
                    const ContentDigest& result) const;

 private:
  const ReputationStore& store_;
  const std::string feed_;
};

}  // namespace cloister::storage
