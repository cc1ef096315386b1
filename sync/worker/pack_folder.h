// The packs that one feed's worker holds: only such as were fetched whole, agree with signed
// metadata and passed CheckPack.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pack/pack_format.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"

namespace cloister::worker {

// Files <sha256>.sst, mode 0640, of the group that owns the spool. Not thread-safe.
class PackFolder {
 public:
  // Makes `directory` if it is missing; gives it the group of `spool_directory`, so that links
  // there can be read by whom the spool is for. Removes what a crash left behind.
  static absl::StatusOr<PackFolder> Open(const std::string& directory,
                                         const std::string& spool_directory,
                                         const storage::PackLimits& limits);

  std::string PathOf(const trust::PackTarget& pack) const;

  // Those of `packs` that are here with the length signed.
  std::vector<trust::PackTarget> Held(const std::vector<trust::PackTarget>& packs) const;

  // Reads the file again: false, and the file is removed, if it has rotted or is not the pack
  // that `pack` describes.
  absl::StatusOr<bool> StillGood(const trust::PackTarget& pack);

  // Fetches and checks one pack. What FetchTarget and CheckPack say; nothing stays on error.
  absl::Status Fetch(trust::Fetcher& fetcher, const trust::PackTarget& pack,
                     const trust::TargetFile& target);

  // Removes all other packs.
  absl::Status KeepOnly(const std::vector<trust::PackTarget>& packs);

  const std::string& directory() const { return directory_; }

 private:
  PackFolder(std::string directory, const storage::PackLimits& limits)
      : directory_(std::move(directory)), limits_(limits) {}

  std::string directory_;
  storage::PackLimits limits_;
};

}  // namespace cloister::worker
