// What the store keeps beside packs/ so that a lost database can be built anew. Internal to
// storage/store.

#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store/stored_version.h"

namespace cloister::storage {

// A folder with a file for each kept version, <feed>.<version in 20 digits>.version: a line
// "cloister-version 1", SHA-256 of the rest (32 bytes), and what meta records of the version. It
// may lag behind the database, which alone says what is served as long as it is there.
// Thread-safe: it holds nothing but a path.
class VersionManifests {
 public:
  explicit VersionManifests(std::string directory) : directory_(std::move(directory)) {}

  absl::Status Write(const StoredVersion& version) const;
  // Best effort: one that stays is removed by Reconcile.
  void Remove(const StoredVersion& version) const;

  // All that can be read; damaged and foreign files are passed over.
  absl::StatusOr<std::vector<StoredVersion>> ReadAll() const;

  // Makes the folder hold these versions and no others.
  absl::Status Reconcile(const std::vector<StoredVersion>& versions) const;

 private:
  const std::string directory_;
};

}  // namespace cloister::storage
