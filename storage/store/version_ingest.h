// Brings the packs of a version into a column family. Internal to storage/store.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/database.h"
#include "storage/store/pack_directory.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// kVersionGap if the packs of `spec` do not lead from nothing to its version, parts first.
absl::Status CheckChain(const VersionSpec& spec);

// kPackUnreadable if one of `wanted` is not there with its length.
absl::Status CheckPresent(const PackDirectory& packs, const std::vector<VersionPack>& wanted);

// Whether the packs of `spec` begin with all of what is served.
bool Continues(const VersionSpec& spec, const ServedFeed& served);

// One attempt to bring a version into a column family. Not thread-safe.
//
// Packs are linked under names of their own into the staging folder and ingested from there by
// moving, so that the pack's own file is neither altered nor removed. Each delta is ingested by
// itself, which puts it into a level above what it changes. The last call also carries the record
// of the version: before it nothing refers to the column family, after it everything is there.
class VersionIngest {
 public:
  struct Options {
    std::shared_ptr<Database> database;
    std::shared_ptr<ColumnFamily> family;  // empty, new
    const PackDirectory* packs;            // outlives this object
    std::string staging_directory;
    // How many leading packs of the version are served already, and so were checked before.
    size_t known_packs = 0;
  };

  // What meta is to hold of the version.
  struct Record {
    std::string key;
    std::string value;
  };

  explicit VersionIngest(Options options) : options_(std::move(options)) {}
  // Removes what is left in the staging folder.
  ~VersionIngest();

  // `record` goes into meta in the last step; without one the version is only proved. On failure
  // nothing refers to the column family.
  absl::Status Run(const VersionSpec& spec, const std::optional<Record>& record);

 private:
  absl::StatusOr<std::string> Stage(const std::string& sha256);
  absl::StatusOr<std::string> StageRecord(const Record& record);
  absl::Status CheckHeader(const VersionSpec& spec, size_t index, size_t parts) const;
  absl::Status CheckDelta(const VersionSpec& spec, size_t index) const;
  absl::Status Ingest(const std::vector<std::string>& files, const std::string& record_file);

  const Options options_;
  std::vector<std::string> staged_;
};

}  // namespace cloister::storage
