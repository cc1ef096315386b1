// What the child of the kill test does, step by step, so that the test can tell from its report
// what must be found afterwards.
//
// Each step is reported by two lines, "begin STEP" before and "done STEP" once it is acknowledged:
//   serve V       the feed now serves version V, whose entries are VersionEntries(V)
//   keep V        version V waits
//   serve_kept V  the feed now serves version V again, or version V that waited
//   fold V        version V now serves from a folded snapshot
//   rebuild V     version V was built anew
//   directive N   the directive accepts N
//   set N         override N was set
//   import N      overrides N to N + kImported - 1 were set, all at once
//   delete N      override N was deleted

#pragma once

#include <cstdint>
#include <string>

#include "reputation/lookup_key.h"
#include "storage/store/generation.h"
#include "storage/store/reputation_store.h"
#include "tests/unit/storage/sample_packs.h"

namespace cloister::storage {

inline constexpr char kFaultFeed[] = "threats";

inline ReputationStore::Options FaultStoreOptions(const std::string& directory) {
  ReputationStore::Options options;
  options.directory = directory;
  options.feeds = {kFaultFeed};
  options.reserve_bytes = 0;
  options.kept_versions = 2;
  return options;
}

inline Entries VersionEntries(uint64_t version) {
  return SampleEntries(version * 30, 300, static_cast<uint8_t>(version % 101));
}

inline reputation::LookupKey OverrideKey(uint64_t number) { return SampleKey(1'000'000 + number); }

inline Override NumberedOverride(uint64_t number) {
  Override value;
  value.text = std::to_string(number);
  value.reason = "kill test";
  value.actor = "ingest_child";
  value.set_at = absl::FromUnixSeconds(1'700'000'000);
  return value;
}

inline constexpr uint64_t kImported = 200;

}  // namespace cloister::storage
