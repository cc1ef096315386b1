// Writes deltas: from one version to another, or merged from two that follow each other.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_reader.h"
#include "sync/publisher/repository/version_packs.h"
#include "sync/trust/pack_target.h"

namespace cloister::publisher {

struct WrittenDelta {
  uint64_t added = 0;  // records and labels
  uint64_t changed = 0;
  uint64_t removed = 0;
  storage::ContentDigest digest;          // of the version that it leads to
  std::optional<trust::PackTarget> pack;  // none if nothing differs, or it would be too large
  bool any() const { return added + changed + removed > 0; }
};

// What turns the version that `before` walks into the one that `after` walks. A delta beyond
// `max_delta_bytes` is given up: no client would take it.
absl::StatusOr<WrittenDelta> WriteDelta(storage::EntryCursor& before, storage::EntryCursor& after,
                                        const PackOptions& options);

// What the version that a merged delta starts from has under a key; nothing if it has no such key.
// Keys come in rising order.
using FindInBase = std::function<absl::StatusOr<std::optional<std::string>>(absl::string_view key)>;

// One delta in place of two, of which `later` starts where `earlier` ends. Both are read once, and
// the base only where both say something about one key: an entry that was added and removed again
// is left out or becomes a removal, one that was changed back is left out, so that the merged delta
// never removes what its base does not have nor adds what it has. None if it would be too large;
// where everything cancels out, a pack that holds nothing.
absl::StatusOr<std::optional<trust::PackTarget>> MergeDeltas(storage::EntryCursor& earlier,
                                                             storage::EntryCursor& later,
                                                             const FindInBase& find_in_base,
                                                             const PackOptions& options);

}  // namespace cloister::publisher
