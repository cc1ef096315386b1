// The search for a target through delegations (The Update Framework 1.0, section 5.6.7).

#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/limits.h"
#include "sync/trust/trusted_metadata.h"

namespace cloister::trust {

// As Updater::FindTarget. `trusted` has snapshot and targets.
absl::StatusOr<TargetFile> SearchTarget(TrustedMetadata& trusted, Fetcher& fetcher,
                                        absl::string_view path, const RefreshOptions& options,
                                        const Limits& limits);

}  // namespace cloister::trust
