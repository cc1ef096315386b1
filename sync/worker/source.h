// Where a configured feed comes from.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/transport/http/http_fetcher.h"
#include "sync/trust/fetcher.h"
#include "sync/worker/configuration.h"

namespace cloister::worker {

struct SourceOptions {
  int stop_fd = -1;  // fetches end with Cancelled once it is readable; -1: never
  transport::TimestampCache* timestamp = nullptr;  // kept by the caller; null: none
  bool others_follow = false;                      // that can go on where this one is slow
};

// A fetcher for one run from `source`, one of `feed`'s: connections, and what TLS remembers of
// them, do not outlive it. Secrets are read from their files each time. FailedPrecondition, naming
// the file and the mend, where one is readable for everyone.
absl::StatusOr<std::unique_ptr<trust::Fetcher>> OpenSource(const FeedConfiguration& feed,
                                                           const SourceAddress& source,
                                                           const SourceOptions& options);

// Whether a file that holds a secret can be read, and by whom it should be only.
absl::Status CheckSecretFile(const std::string& path);

}  // namespace cloister::worker
