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
#include "server/updates/feed_gate.h"
#include "server/updates/known_chains.h"
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
    kHeld,      // verified; it waits for `reason`
    kRefused,   // see `status`
    kMended,    // what was refused is gone, and nothing else is new
  };

  Kind kind = Kind::kNothing;
  absl::Status status = {};  // if refused: why, with a RejectReason
  uint64_t version = 0;      // if accepted or held
  HoldReason reason = HoldReason::kNone;
  bool is_new = false;  // the version is; else only the publisher's word for it was renewed
  absl::Time expires = absl::InfinitePast();  // when that word lapses; InfinitePast: there is none
  bool expired = false;                       // accepted or held though expired, as configured
  std::vector<absl::Status> setbacks = {};    // refusals on the way that a snapshot made good
  absl::Status standing = {};  // why a higher entry, which is still there, was refused; OK: none
};

// Not thread-safe.
class FeedUpdater {
 public:
  struct Options {
    std::string feed;
    std::string root;             // path of the root.json to start trusting from
    std::string spool_directory;  // of all feeds
    std::string state_directory;  // of this feed's trusted metadata
    // How long ago the metadata of an entry that came offline may have expired.
    absl::Duration accept_expired_within = absl::ZeroDuration();
    trust::Limits limits;
    PackIntakeOptions intake;
    FeedGate* gate = nullptr;       // says whether a version serves or waits
    KnownChains* chains = nullptr;  // of this feed
  };

  // Pointers must outlive the updater. Opens the trusted state. A feed without a first root is an
  // error, which names the feed and the files; one whose trusted state is damaged is not, for it
  // goes on serving: its updates are refused until the state is mended.
  static absl::StatusOr<std::unique_ptr<FeedUpdater>> Create(const Options& options);

  // Lets the gate carry out what is due; then takes the highest entry of the spool unless that was
  // done before. One older than what is trusted is looked at as well, for a new timestamp key may
  // have begun anew. An entry that was refused is tried again only when another folder has taken
  // its place or, if the cause was this machine's (kNoSpace, kIoError) or more roots are to be
  // passed, after a pause that doubles up to a minute. For any other cause the entry below it is
  // taken: a forged one must not hide a genuine one.
  UpdateOutcome Poll(absl::Time now);

  // Looks at all entries again at the next Poll, refused ones included.
  void TakeAgain();

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

  explicit FeedUpdater(const Options& options) : options_(options) {}

  absl::Status OpenState();
  absl::StatusOr<std::vector<SpoolEntryId>> Entries();
  UpdateOutcome Nothing() const;
  // What to tell where nothing is left to be taken.
  UpdateOutcome Unchanged();
  UpdateOutcome TakeEntry(const SpoolEntryId& id, absl::Time now);
  UpdateOutcome Refused(const SpoolEntryId& entry, absl::Status status, absl::Time now);
  Refusal* FindRefusal(const SpoolEntryId& entry);
  bool IsDue(const Refusal& refusal, absl::Time now) const;
  // Why the highest entry above what was taken stands refused; OK if none does.
  absl::Status Standing() const;
  absl::Status Take(const SpoolEntryId& id, absl::Time now, UpdateOutcome* outcome);
  absl::Status Verify(SpoolEntry& entry, absl::Time now, trust::Updater* updater);
  // When the publisher vouched for what is served; `is_new` if its word came just now.
  absl::Time Published(const trust::Timestamp& timestamp, bool is_new, absl::Time now) const;
  absl::Status OfferNewest(SpoolEntry& entry, const trust::Targets& targets, absl::Time published,
                           UpdateOutcome* outcome);
  bool StillThere(const std::vector<trust::PackTarget>& packs) const;
  absl::Status OfferChain(SpoolEntry& entry, const trust::Targets& targets,
                          const std::vector<trust::PackTarget>& chain, absl::Time published,
                          UpdateOutcome* outcome);
  absl::Status RememberChain(const std::vector<trust::PackTarget>& chain);
  std::vector<trust::PackTarget> HeldPacks(const std::vector<trust::PackTarget>& at_hand) const;

  Options options_;
  std::optional<trust::TrustStateDirectory> state_;  // none while it is damaged
  absl::Time expires_ = absl::InfinitePast();
  absl::Time now_ = absl::InfinitePast();  // of the poll in progress
  std::optional<SpoolEntryId> taken_;
  std::vector<Refusal> refusals_;  // of what is there
  bool told_refusal_ = false;      // and not that it was mended
};

}  // namespace cloister::server
