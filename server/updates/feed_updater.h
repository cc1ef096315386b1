// Takes what cloister-sync hands over for one feed: verifies it again by itself, copies its packs
// and has the store serve them. What is served stays served when anything is refused.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/updates/pack_intake.h"
#include "server/updates/spool_entry.h"
#include "storage/store/reputation_store.h"
#include "sync/trust/limits.h"
#include "sync/trust/updater.h"
#include "sync/trust_state/trust_state.h"

namespace cloister::server {

// What one look at the spool came to.
struct UpdateOutcome {
  enum class Kind {
    kNothing,   // nothing new, or a refused entry that need not be tried again yet
    kAccepted,  // the feed serves what the entry says
    kRefused,   // see `status`
  };

  Kind kind = Kind::kNothing;
  absl::Status status;   // if refused: why, with a RejectReason
  uint64_t version = 0;  // if accepted: the version served
  absl::Time expires;    // when the publisher's word lapses; InfinitePast if there is none
  bool expired = false;  // accepted though expired, as configured
  std::vector<absl::Status> setbacks = {};  // refusals on the way that a snapshot made good
};

// Not thread-safe.
class FeedUpdater {
 public:
  struct Options {
    std::string feed;
    std::string root;             // path of the root.json to start trusting from
    std::string spool_directory;  // of all feeds
    std::string state_directory;  // of this feed's trusted metadata
    absl::Duration accept_expired_within = absl::ZeroDuration();
    trust::Limits limits;
    PackIntakeOptions intake;
  };

  // Opens the trusted state. Errors name the feed and the files.
  static absl::StatusOr<std::unique_ptr<FeedUpdater>> Create(const Options& options);

  // Takes the newest entry of the spool unless that was done before. One older than what is trusted
  // is looked at as well, for a new timestamp key may have begun anew. An entry that was refused is
  // tried again only when another folder has taken its place or, if the cause was this machine's
  // (kNoSpace, kIoError), after a pause that doubles up to a minute.
  UpdateOutcome Poll(absl::Time now);

  const std::string& feed() const { return options_.feed; }
  // When the publisher's word lapses, as trusted now; InfinitePast if there is none.
  absl::Time expires() const { return expires_; }

 private:
  struct Refusal {
    SpoolEntryId entry;  // all zero: the folder itself
    absl::Status status;
    absl::Time next_attempt;
    absl::Duration pause;
  };

  FeedUpdater(const Options& options, trust::TrustStateDirectory state)
      : options_(options), state_(std::move(state)) {}

  UpdateOutcome Refused(const SpoolEntryId& entry, absl::Status status, absl::Time now);
  bool IsKnown(const SpoolEntryId& entry, absl::Time now) const;
  absl::Status Take(const SpoolEntryId& id, absl::Time now, UpdateOutcome* outcome);
  absl::Status Verify(SpoolEntry& entry, absl::Time now, trust::Updater* updater);
  // When the publisher vouched for what is served; `is_new` if its word came just now.
  absl::Time Published(const trust::Timestamp& timestamp, bool is_new, absl::Time now) const;
  absl::Status ServeNewest(SpoolEntry& entry, const trust::Updater& updater, absl::Time published,
                           UpdateOutcome* outcome);
  absl::Status ServeChain(SpoolEntry& entry, const trust::Targets& targets,
                          const std::vector<trust::PackTarget>& chain, absl::Time published);
  std::vector<trust::PackTarget> HeldPacks(const std::vector<trust::PackTarget>& at_hand) const;
  std::string ChainPath() const { return options_.state_directory + "/served-chain.json"; }

  Options options_;
  trust::TrustStateDirectory state_;
  absl::Time expires_ = absl::InfinitePast();
  std::vector<trust::PackTarget> served_chain_;  // last accepted, as on disk
  std::optional<SpoolEntryId> taken_;
  std::optional<Refusal> refusal_;
};

}  // namespace cloister::server
