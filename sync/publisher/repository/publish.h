// Publishes versions of a feed.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "reputation/coverage.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/repository/sorted_entries.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/source_note.h"

namespace cloister::publisher {

// Who signs. Only what the call needs has to be there.
struct RoleSigners {
  std::vector<SigningKey> targets;
  std::vector<SigningKey> snapshot;
  std::vector<SigningKey> timestamp;
};

struct PublishOptions {
  absl::Time now;
  Lifetimes lifetimes;
  // How often clients may ask at most; stated in the metadata.
  absl::Duration minimum_poll_interval = absl::Minutes(5);
  bool snapshot = false;  // publish a snapshot, too, where a delta would do
  // What the feed covers besides the kinds that it lists just now.
  reputation::Coverage also_covers;
  // Where the entries come from; stated in the metadata (see reputation/source_note.h).
  std::vector<trust::SourceNote> sources;

  uint64_t max_part_bytes = uint64_t{64} << 20;    // of a snapshot
  uint64_t max_delta_bytes = uint64_t{256} << 20;  // larger changes come as snapshots only
  // Told now and then how many entries of how many passes over them are done.
  std::function<void(uint64_t entries)> progress;
};

struct PublishResult {
  // False: the entries are those of the version that is there, and no version was made.
  bool new_version = false;
  // All was signed again though no entry changed: signatures were past half of their lives, or
  // the notes of the sources are others.
  bool renewed = false;
  uint64_t version = 0;  // newest after the call
  uint64_t records = 0;
  uint64_t labels = 0;
  std::string content_digest;
  uint64_t added = 0;  // entries that the delta adds, changes, removes
  uint64_t changed = 0;
  uint64_t removed = 0;
  uint64_t delta_bytes = 0;         // from the version before; 0: no delta was published
  uint64_t merged_delta_bytes = 0;  // of the deltas merged with it
  uint64_t snapshot_bytes = 0;      // 0: no snapshot was published
  uint32_t snapshot_parts = 0;
  absl::Time expires;       // of the timestamp: publish or refresh before
  absl::Time root_expires;  // of the root: renew it before
};

// Makes a version of `entries` and publishes it: the first as snapshot, later ones as delta from
// the version before, merged with older deltas over aligned powers of two (merged_deltas.h). Also
// as snapshot where asked for, where the delta would be larger than that, and where who starts from
// nothing would fetch deltas of more than half of a snapshot's bytes (and more than 1 MiB). What
// stays on offer and on disk besides is retention.h's.
//
// Nothing is visible before timestamp.json is renamed into place, which happens last; what a run
// that broke off left behind is removed by the next. If nothing changed, no version is made: then
// nothing is written at all, unless a snapshot was asked for, signatures are past half of their
// lives, or `options.sources` differ from what is stated.
//
// InvalidArgument if `options.sources` are not as reputation/source_note.h has it.
// FailedPrecondition if `entries` is empty (a feed that lost its source would empty every
// appliance), if a key is not one that the root names, or with a RejectReason if what is published
// is damaged. ResourceExhausted if the disk is full.
absl::StatusOr<PublishResult> Publish(Repository& repository, const RoleSigners& signers,
                                      const SortedEntries& entries, const PublishOptions& options);

struct RefreshResult {
  uint64_t version = 0;  // that the timestamp vouches for
  absl::Time expires;
  // When the signatures that only Publish makes lapse: the earlier of snapshot and targets.
  absl::Time publish_before;
};

// Signs timestamp.json again: the publisher vouches for its data as of `options.now`.
// FailedPrecondition if nothing has been published. Needs the timestamp key only.
absl::StatusOr<RefreshResult> RefreshTimestamp(Repository& repository, const RoleSigners& signers,
                                               const PublishOptions& options);

}  // namespace cloister::publisher
