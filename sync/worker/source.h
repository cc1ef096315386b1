// Where a configured feed comes from.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/trust/fetcher.h"
#include "sync/worker/configuration.h"

namespace cloister::worker {

// A fetcher for one run: connections, and what TLS remembers of them, do not outlive it. Fetches
// end with Cancelled once `stop_fd` is readable; -1: never.
absl::StatusOr<std::unique_ptr<trust::Fetcher>> OpenSource(const FeedConfiguration& feed,
                                                           int stop_fd);

}  // namespace cloister::worker
