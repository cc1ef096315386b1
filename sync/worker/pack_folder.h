// The packs that one feed's worker holds: only such as were fetched whole, agree with signed
// metadata and passed CheckPack. Beside them lie downloads that broke off, to be gone on with.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pack/pack_format.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"

namespace cloister::worker {

// Whether the file at `path` can be read and has that SHA-256, in hexadecimal.
bool HasSha256(const std::string& path, absl::string_view hex);

struct PackFolderOptions {
  std::string directory;        // made if missing
  std::string spool_directory;  // whose group may read the packs
  storage::PackLimits limits;
};

// Files <sha256>.sst, of the group that owns the spool, and <sha256>.part. Not thread-safe.
class PackFolder {
 public:
  // Gives the folder the group of the spool, so that links there can be read by whom the spool is
  // for. Removes whatever else lies there.
  static absl::StatusOr<PackFolder> Open(PackFolderOptions options);

  std::string PathOf(const trust::PackTarget& pack) const;

  // Those of `packs` that are here with the length signed.
  std::vector<trust::PackTarget> Held(const std::vector<trust::PackTarget>& packs) const;

  // Reads the file again: false, and the file is removed, if it has rotted or is not the pack
  // that `pack` describes.
  absl::StatusOr<bool> StillGood(const trust::PackTarget& pack);

  // Reads every pack that is here, removes those that have rotted, and returns their SHA-256, in
  // hexadecimal.
  absl::StatusOr<std::vector<std::string>> RemoveRotten();

  // Fetches and checks one pack, going on where an earlier fetch of it broke off. What ResumeTarget
  // and CheckPack say. On error only such bytes stay as may yet become what is signed.
  absl::StatusOr<storage::ContentDigest> Fetch(trust::Fetcher& fetcher,
                                               const trust::PackTarget& pack,
                                               const trust::TargetFile& target);

  // Reads a pack that is here as CheckPack does.
  absl::StatusOr<storage::ContentDigest> Check(const trust::PackTarget& pack) const;

  // Bytes of it that an earlier fetch left here.
  uint64_t PartialBytes(const trust::PackTarget& pack) const;

  // Keeps the broken downloads of at most four of `packs`, those with the most bytes; removes all
  // others.
  absl::Status KeepPartials(const std::vector<trust::PackTarget>& packs);

  // Removes all other packs.
  absl::Status KeepOnly(const std::vector<trust::PackTarget>& packs);

  const std::string& directory() const { return options_.directory; }

 private:
  explicit PackFolder(PackFolderOptions options) : options_(std::move(options)) {}

  std::string PartialPathOf(const trust::PackTarget& pack) const;
  absl::Status RemoveOthers(absl::string_view suffix, const std::set<std::string>& kept);

  PackFolderOptions options_;
};

}  // namespace cloister::worker
