// The deltas that the publisher merges by itself: over aligned powers of two.

#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "sync/publisher/repository/held_versions.h"
#include "sync/publisher/repository/version_packs.h"
#include "sync/trust/pack_target.h"

namespace cloister::publisher {

// For each k from 1 on for which 2^k divides the version N that `newest_step` leads to, the delta
// from N - 2^k to N, merged from its two halves; so a client that is M versions behind needs some
// 2 log2(M) files. `newest_step` is the delta from N - 1, already in `options.directory`, where the
// merged ones are written, too; `offered` are the packs of older versions, which `held` opens.
//
// Ends at the first that cannot be made (a half is missing, or no snapshot from before it is held,
// so that nobody is there) or would be larger than `options.max_delta_bytes`.
absl::StatusOr<std::vector<trust::PackTarget>> MergeAligned(
    const std::vector<trust::PackTarget>& offered, const trust::PackTarget& newest_step,
    HeldVersions* held, const PackOptions& options);

}  // namespace cloister::publisher
