// What the disk fault test and its child agree on.

#pragma once

#include <filesystem>
#include <string>

#include "reputation/lookup_key.h"
#include "reputation/object.h"
#include "storage/store/reputation_store.h"

namespace cloister::fault {

inline constexpr char kFeed[] = "threats";
inline constexpr uint64_t kOldVersion = 1;
inline constexpr uint64_t kNewVersion = 2;

// Makes the folder; returns its path.
inline std::string MadeFolder(const std::string& path) {
  std::filesystem::create_directories(path);
  return path;
}

inline storage::ReputationStore::Options StoreOptions(const std::string& directory) {
  storage::ReputationStore::Options options;
  options.directory = directory + "/data";
  options.feeds = {kFeed};
  options.reserve_bytes = 0;
  return options;
}

inline reputation::LookupKey OverriddenKey() {
  return reputation::Object::FileHex(std::string(64, 'e'))->Keys(false).keys.front();
}

inline storage::Override SampleOverride() {
  storage::Override value;
  value.record.verdict = reputation::Verdict::kTrusted;
  value.text = std::string(64, 'e');
  value.reason = "fault test";
  value.actor = "fault test";
  value.set_at = absl::FromUnixSeconds(1'700'000'000);
  return value;
}

}  // namespace cloister::fault
