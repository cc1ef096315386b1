// The versions kept of one feed, in memory. Internal to storage/store.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "storage/store/stored_version.h"

namespace cloister::storage {

// Not thread-safe. Pointers are valid until the next change.
class KeptVersions {
 public:
  // By number, newest first.
  using Map = std::map<uint64_t, StoredVersion, std::greater<>>;

  const Map& all() const { return versions_; }
  // Null if there is none.
  const StoredVersion* Find(uint64_t version) const;
  // What serves: the one with the highest generation of those that do not wait. Null if none does.
  const StoredVersion* Served() const;

  // Adds `version` in place of one with the same number.
  void Put(StoredVersion version);
  void Erase(uint64_t version) { versions_.erase(version); }

  // What retention leaves out: of versions older than what serves all but the newest
  // `kept_versions` - 1 and `pinned`, and those that waited when a newer one began to serve.
  std::vector<StoredVersion> Unwanted(uint32_t kept_versions, uint64_t pinned) const;
  // Versions newer than what serves, other than `version`.
  std::vector<StoredVersion> OthersThatWait(uint64_t version) const;

 private:
  Map versions_;
};

}  // namespace cloister::storage
