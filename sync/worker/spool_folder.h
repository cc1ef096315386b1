// The writing side of the hand-over (sync/trust_state/spool.h) for one feed.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloister::worker {

// What an entry is made of.
struct EntryContents {
  uint64_t timestamp_version = 0;
  std::map<std::string, std::string> metadata;  // file name to bytes
  std::map<std::string, std::string> packs;     // file name to the path that is linked
  std::string origin;                           // how it came, see sync/trust_state/spool.h
};

// Folders have the mode 2750 and files 0640, so that the group of the spool can read them. Not
// thread-safe.
class SpoolFolder {
 public:
  // Makes <spool_directory>/<feed> if it is missing; the spool itself must exist. Removes what a
  // crash left behind.
  static absl::StatusOr<SpoolFolder> Open(const std::string& spool_directory,
                                          const std::string& feed);

  // Whether there is a complete entry of that version with exactly these signed files.
  bool Holds(uint64_t timestamp_version, const std::map<std::string, std::string>& metadata) const;

  // Names of the packs in the newest entry; nothing if there is no entry.
  std::optional<std::set<std::string>> NewestPacks() const;

  // Makes the entry appear whole, in place of one of the same version if there is one, then removes
  // all others but the newest older one. kIoError or kNoSpace; FailedPrecondition where the packs
  // lie on another file system.
  absl::Status HandOver(const EntryContents& contents);

 private:
  explicit SpoolFolder(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<std::vector<uint64_t>> Versions() const;  // rising
  absl::Status Build(const std::string& path, const EntryContents& contents) const;
  absl::Status Publish(const std::string& incoming, const std::string& path) const;
  absl::Status RemoveOthers(uint64_t current) const;

  std::string directory_;
};

}  // namespace cloister::worker
