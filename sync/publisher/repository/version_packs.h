// Writes the parts of a snapshot; deltas.h writes deltas.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_format.h"
#include "sync/publisher/repository/sorted_entries.h"
#include "sync/trust/pack_target.h"

namespace cloister::publisher {

struct PackOptions {
  std::string feed;
  std::string directory;  // where packs are written, under the names of their targets
  uint64_t from_version = 0;
  uint64_t to_version = 0;
  uint64_t max_part_bytes = uint64_t{64} << 20;  // at least 64 KiB
  uint64_t max_delta_bytes = uint64_t{256} << 20;
  // Told now and then how many entries are done.
  std::function<void(uint64_t)> progress;
};

// Packs written, as targets without what is said about the version they lead to.
struct WrittenPacks {
  std::vector<trust::PackTarget> packs;
  storage::ContentDigest digest;  // of the version
};

// Parts, each a range of keys, of `max_part_bytes` at most.
absl::StatusOr<WrittenPacks> WriteSnapshot(const SortedEntries& entries,
                                           const PackOptions& options);

// The pack that was written as `name` into `directory`, as a target without what is said about the
// version it leads to.
absl::StatusOr<trust::PackTarget> DescribePack(const storage::PackHeader& header,
                                               const std::string& name,
                                               const std::string& directory,
                                               const storage::PackSummary& summary);

// Tells `options.progress` now and then.
void TellProgress(const PackOptions& options, uint64_t entries);

}  // namespace cloister::publisher
