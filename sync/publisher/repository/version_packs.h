// Writes the packs of a version: the parts of a snapshot, or a delta.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_reader.h"
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

struct WrittenDelta {
  uint64_t added = 0;  // records and labels
  uint64_t changed = 0;
  uint64_t removed = 0;
  storage::ContentDigest digest;          // of the version that it leads to
  std::optional<trust::PackTarget> pack;  // none if nothing differs, or it would be too large
  bool any() const { return added + changed + removed > 0; }
};

// What turns the version that `before` walks into `entries`. A delta beyond `max_delta_bytes` is
// given up: no client would take it.
absl::StatusOr<WrittenDelta> WriteDelta(storage::EntryCursor& before, const SortedEntries& entries,
                                        const PackOptions& options);

}  // namespace cloister::publisher
