// One look at one feed: refresh what is trusted, choose packs, fetch and check them, hand over.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/pack/pack_format.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/limits.h"
#include "sync/trust_state/spool.h"

namespace cloister::worker {

struct CycleOptions {
  std::string feed;
  std::string root;             // path of the root.json to start trusting from
  std::string spool_directory;  // must exist
  std::string state_directory;  // of this feed; made if missing; on the spool's file system
  uint64_t reserve_bytes = 0;   // disk space that fetching must leave free
  uint32_t max_deltas = 24;
  // How the feed comes, as the spool tells it (sync/trust_state/spool.h), and how long ago what
  // comes so may have expired.
  std::string origin = trust::kOriginOnline;
  absl::Duration accept_expired_within = absl::ZeroDuration();
  // How often what was handed over is read again, from the first run of a FeedCycle on; packs that
  // rotted on the disk are fetched and handed over anew. Zero: never.
  absl::Duration scrub_interval = absl::ZeroDuration();
  // Where a repository for others is kept (mirror_folder.h); must exist, on the spool's file
  // system. "": nowhere.
  std::string mirror_directory;
  bool mirror_all = true;  // every pack on offer, not just those of the chain
  trust::Limits limits;
  storage::PackLimits pack_limits;
};

struct CycleResult {
  enum class Outcome {
    kUnchanged,   // the newest signed state is in the spool already
    kRefreshed,   // the same packs were handed over under newer metadata
    kHandedOver,  // other packs were handed over, or the same ones anew after some had rotted
  };

  Outcome outcome = Outcome::kUnchanged;
  uint64_t version = 0;            // of the feed
  uint64_t timestamp_version = 0;  // of the entry in the spool
  absl::Time issued;               // when the publisher vouched for it
  uint64_t packs_fetched = 0;
  uint64_t bytes_fetched = 0;
  absl::Duration minimum_poll_interval;  // that the feed asks for
  bool expired = false;                  // authentic, but its metadata had expired
  uint64_t packs_rotten = 0;             // found by a scrub, and replaced
  absl::Status mirrored;                 // why the mirror could not be brought up to date
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
  // fetcher was stopped. The mirror follows the hand-over and cannot make it fail.
  absl::StatusOr<CycleResult> Run(trust::Fetcher& fetcher, absl::Time now);

  // For a feed that has no source to run with: reads what is held and the newest entry of the
  // spool, and returns how many packs have rotted. Those are removed from the state directory, so
  // that the next bundle that has them mends the entry.
  absl::StatusOr<uint64_t> Scrub();

 private:
  // Everything that one run works with.
  struct Work;

  absl::StatusOr<bool> IsHandedOver(Work& work, absl::Time now);
  absl::Status HandOver(Work& work);
  absl::Status Mirror(Work& work);

  CycleOptions options_;
  absl::Time last_scrub_ = absl::InfinitePast();
};

}  // namespace cloister::worker
