// One look at one feed: refresh what is trusted, choose packs, fetch and check them, hand over.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/pack/pack_format.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/limits.h"
#include "sync/trust/pack_target.h"
#include "sync/trust/updater.h"
#include "sync/trust_state/spool.h"
#include "sync/worker/pack_folder.h"
#include "sync/worker/spool_folder.h"

namespace cloister::worker {

struct CycleOptions {
  std::string feed;
  std::string root;             // path of the root.json to start trusting from
  std::string spool_directory;  // must exist
  std::string state_directory;  // of this feed; made if missing; on the spool's file system
  uint64_t reserve_bytes = 0;   // disk space that fetching must leave free
  uint32_t max_deltas = 8;
  // How the feed comes, as the spool tells it (sync/trust_state/spool.h), and how long ago what
  // comes so may have expired.
  std::string origin = trust::kOriginOnline;
  absl::Duration accept_expired_within = absl::ZeroDuration();
  trust::Limits limits;
  storage::PackLimits pack_limits;
};

struct CycleResult {
  enum class Outcome {
    kUnchanged,   // the newest signed state is in the spool already
    kRefreshed,   // the same packs were handed over under newer metadata
    kHandedOver,  // other packs were handed over
  };

  Outcome outcome = Outcome::kUnchanged;
  uint64_t version = 0;            // of the feed
  uint64_t timestamp_version = 0;  // of the entry in the spool
  absl::Time issued;               // when the publisher vouched for it
  uint64_t packs_fetched = 0;
  uint64_t bytes_fetched = 0;
  absl::Duration minimum_poll_interval;  // that the feed asks for
  bool expired = false;                  // authentic, but its metadata had expired
};

// "unchanged", "refreshed", "handed_over".
absl::string_view OutcomeName(CycleResult::Outcome outcome);

// Everything lies on disk between runs, so a crash at any point is mended by the next run. What is
// requested depends on the signed metadata and on what was fetched before, on nothing else.
//
// Not thread-safe; one process at a time for each state directory. Two cycles over one state
// directory, such as the feed's own and a bundle's, wait for each other.
class FeedCycle {
 public:
  explicit FeedCycle(CycleOptions options) : options_(std::move(options)) {}

  // On error the spool is as it was. Errors carry a RejectReason where the cause is what was
  // fetched or this machine; Unavailable where the source cannot be reached; Cancelled where the
  // fetcher was stopped.
  absl::StatusOr<CycleResult> Run(trust::Fetcher& fetcher, absl::Time now);

 private:
  using Packs = std::vector<trust::PackTarget>;
  struct Trusted;

  absl::StatusOr<Trusted> Refresh(trust::Fetcher& fetcher, absl::Time now);
  // Has every pack of the cheapest chain in `folder` and returns the chain.
  absl::StatusOr<Packs> BringChain(const Trusted& trusted, trust::Fetcher& fetcher,
                                   PackFolder& folder, CycleResult* result);
  Packs ToBeHad(const Trusted& trusted, trust::Fetcher& fetcher, const PackFolder& folder);
  absl::StatusOr<Packs> Missing(const Packs& chain, PackFolder& folder);
  absl::Status CheckSpace(const Packs& missing, const PackFolder& folder);

  CycleOptions options_;
};

}  // namespace cloister::worker
