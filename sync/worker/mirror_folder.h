// What was fetched of one feed as a static repository (docs/repository-format.md) that any file
// server can offer to other appliances. No signing key is needed: every file is as it came.

#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloister::worker {

struct MirrorContents {
  std::map<std::string, std::string> metadata;  // file name to bytes, timestamp.json among them
  std::map<std::string, std::string> packs;     // file name to the path that is linked
};

// Folders have the mode 0755, files 0644; as packs are linked, so are they elsewhere. Not
// thread-safe.
class MirrorFolder {
 public:
  // Makes <mirror_directory>/<feed> if it is missing; the mirror directory itself must exist.
  // `generations_path` is a file of this folder's own, elsewhere on this machine.
  static absl::StatusOr<MirrorFolder> Open(const std::string& mirror_directory,
                                           const std::string& feed,
                                           const std::string& generations_path);

  // Adds what is new, timestamp.json last, then removes what neither these contents nor those
  // before them have. A client in the middle of a download thus comes to its end; a crash at any
  // point leaves a whole repository, and the next call completes it. kIoError or kNoSpace;
  // FailedPrecondition where the packs lie on another file system.
  absl::Status Update(const MirrorContents& contents);

 private:
  MirrorFolder(std::string directory, std::string generations_path)
      : directory_(std::move(directory)), generations_path_(std::move(generations_path)) {}

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  absl::Status AddPacks(const MirrorContents& contents) const;
  absl::Status AddMetadata(const MirrorContents& contents) const;
  absl::Status WriteMetadata(const std::string& name, const std::string& bytes) const;

  std::string directory_;
  std::string generations_path_;
};

}  // namespace cloister::worker
