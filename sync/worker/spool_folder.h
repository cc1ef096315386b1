// The writing side of the hand-over (sync/trust_state/spool.h) for one feed.

#pragma once

#include <cstdint>
#include <map>
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

  // What PacksOf says of the newest entry; nothing if there is no entry.
  std::map<std::string, std::string> NewestPacks() const;

  // The packs in the entry of that version, by name: paths of regular files.
  std::map<std::string, std::string> PacksOf(uint64_t timestamp_version) const;
  // What its file `origin` says; "" if there is none.
  std::string OriginOf(uint64_t timestamp_version) const;

  // Makes the entry appear whole, in place of one of the same version if there is one, then does
  // what RemoveOthers does. kIoError or kNoSpace; FailedPrecondition where the packs lie on another
  // file system.
  absl::Status HandOver(const EntryContents& contents);

  // Removes all entries but that one and the newest older one, whoever put them there: the server
  // looks at the highest one only, and one that somebody else put above hides the genuine one.
  absl::Status RemoveOthers(uint64_t current) const;

 private:
  explicit SpoolFolder(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<std::vector<uint64_t>> Versions() const;  // rising
  absl::Status Build(const std::string& path, const EntryContents& contents) const;
  absl::Status Publish(const std::string& incoming, const std::string& path) const;
  std::string EntryPath(uint64_t timestamp_version) const;

  std::string directory_;
};

}  // namespace cloister::worker
