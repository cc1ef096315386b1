#include "server/updates/feed_updater.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "server/updates/served_chain.h"
#include "sync/trust/pack_target.h"

namespace cloister::server {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;

constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Minutes(1);
constexpr uint32_t kMaxDeltas = 8;

// Whether trying the same entry again later may help.
bool IsTransient(const absl::Status& status) {
  const std::optional<RejectReason> reason = reputation::ReasonOf(status);
  return !reason || *reason == RejectReason::kNoSpace || *reason == RejectReason::kIoError;
}

// Whether a snapshot may help where deltas did not.
bool IsDrift(const absl::Status& status) {
  const std::optional<RejectReason> reason = reputation::ReasonOf(status);
  return reason == RejectReason::kBaseMismatch || reason == RejectReason::kDigestMismatch;
}

absl::Status InFeed(const absl::Status& status, const std::string& feed) {
  return absl::Status(status.code(), absl::StrCat("feed ", feed, ": ", status.message()));
}

// The state that is trusted cannot be read: nothing less than an operator may begin anew with it,
// since it is what forbids a rollback.
absl::Status Damaged(const absl::Status& status, const FeedUpdater::Options& options) {
  return absl::Status(
      status.code(),
      absl::StrCat("feed ", options.feed, ": ", status.message(), ". Its trusted metadata in ",
                   options.state_directory, ", or the first root ", options.root,
                   ", is damaged: restore it from a backup. Without one move the folder away; "
                   "trust then begins anew from the first root"));
}

absl::Time Expiry(const trust::Updater& updater) {
  if (updater.timestamp() == nullptr || updater.snapshot() == nullptr ||
      updater.targets() == nullptr) {
    return absl::InfinitePast();
  }
  return std::min({updater.root().expires, updater.timestamp()->expires,
                   updater.snapshot()->expires, updater.targets()->expires});
}

bool SamePacks(const std::vector<PackTarget>& a, const std::vector<PackTarget>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PackTarget& x, const PackTarget& y) { return x.sha256 == y.sha256; });
}

}  // namespace

absl::StatusOr<std::unique_ptr<FeedUpdater>> FeedUpdater::Create(const Options& options) {
  absl::StatusOr<trust::TrustStateDirectory> state =
      trust::TrustStateDirectory::Open(options.state_directory, options.root, options.limits);
  if (!state.ok() && reputation::ReasonOf(state.status()) != RejectReason::kMetadataMalformed) {
    return InFeed(state.status(), options.feed);
  }
  if (!state.ok()) return Damaged(state.status(), options);
  absl::StatusOr<std::unique_ptr<trust::Updater>> updater =
      trust::Updater::Create(state->state(), options.limits);
  if (!updater.ok()) return Damaged(updater.status(), options);
  auto feed = std::unique_ptr<FeedUpdater>(new FeedUpdater(options, *std::move(state)));
  feed->expires_ = Expiry(**updater);
  feed->served_chain_ = LoadServedChain(feed->ChainPath(), options.feed);
  return feed;
}

UpdateOutcome FeedUpdater::Poll(absl::Time now) {
  UpdateOutcome outcome;
  outcome.expires = expires_;
  absl::StatusOr<std::optional<SpoolEntryId>> newest =
      NewestSpoolEntry(options_.spool_directory, options_.feed);
  if (!newest.ok()) {
    if (IsKnown(SpoolEntryId(), now)) return outcome;
    return Refused(SpoolEntryId(), newest.status(), now);
  }
  if (!newest->has_value()) return outcome;
  const SpoolEntryId& id = **newest;
  if (IsKnown(id, now)) return outcome;
  absl::Status status = Take(id, now, &outcome);
  if (!status.ok()) {
    UpdateOutcome refused = Refused(id, std::move(status), now);
    refused.setbacks = std::move(outcome.setbacks);
    return refused;
  }
  outcome.kind = UpdateOutcome::Kind::kAccepted;
  outcome.expires = expires_;
  taken_ = id;
  refusal_.reset();
  return outcome;
}

bool FeedUpdater::IsKnown(const SpoolEntryId& entry, absl::Time now) const {
  if (taken_ == entry) return true;
  if (!refusal_ || refusal_->entry != entry) return false;
  if (!IsTransient(refusal_->status)) return true;
  // A clock set back must not stretch the pause.
  return now < refusal_->next_attempt && refusal_->next_attempt - now <= refusal_->pause;
}

UpdateOutcome FeedUpdater::Refused(const SpoolEntryId& entry, absl::Status status, absl::Time now) {
  absl::Duration pause = kFirstPause;
  if (refusal_ && refusal_->entry == entry) pause = std::min(refusal_->pause * 2, kLongestPause);
  refusal_ = Refusal{.entry = entry, .status = status, .next_attempt = now + pause, .pause = pause};
  taken_.reset();  // so that the good entry is taken again when the bad one is gone
  UpdateOutcome outcome;
  outcome.kind = UpdateOutcome::Kind::kRefused;
  outcome.status = std::move(status);
  outcome.expires = expires_;
  return outcome;
}

absl::Status FeedUpdater::Take(const SpoolEntryId& id, absl::Time now, UpdateOutcome* outcome) {
  absl::StatusOr<std::unique_ptr<SpoolEntry>> entry =
      SpoolEntry::Open(options_.spool_directory, options_.feed, id.version);
  if (absl::IsNotFound(entry.status())) {
    return Rejected(RejectReason::kMetadataMissing, entry.status().message());
  }
  if (!entry.ok()) return entry.status();
  absl::StatusOr<std::unique_ptr<trust::Updater>> updater =
      trust::Updater::Create(state_.state(), options_.limits);
  if (!updater.ok()) return updater.status();
  const std::string trusted_timestamp = state_.state().timestamp;
  absl::StatusOr<absl::Time> reference = state_.MonotonicTime(now);
  if (!reference.ok()) return reference.status();
  absl::Status verified = Verify(**entry, *reference, updater->get());
  expires_ = Expiry(**updater);
  if (!verified.ok()) return verified;
  if ((*updater)->timestamp()->version != id.version) {
    return Rejected(
        RejectReason::kMetadataVersionMismatch,
        absl::StrCat("the spool entry ", id.version, " holds version ",
                     (*updater)->timestamp()->version, " of timestamp.json; remove the entry"));
  }
  outcome->expired = (*updater)->expired();
  const bool is_new = (*updater)->state().timestamp != trusted_timestamp;
  const absl::Time published = Published(*(*updater)->timestamp(), is_new, *reference);
  return ServeNewest(**entry, **updater, published, outcome);
}

// Whatever was verified is kept, also where a later step fails: nothing older is ever taken again.
absl::Status FeedUpdater::Verify(SpoolEntry& entry, absl::Time now, trust::Updater* updater) {
  absl::Status refreshed = updater->Refresh(
      entry, {.now = now, .accept_expired_within = options_.accept_expired_within});
  absl::Status saved = state_.Save(updater->state(), updater->new_roots());
  return refreshed.ok() ? saved : refreshed;
}

absl::Time FeedUpdater::Published(const trust::Timestamp& timestamp, bool is_new,
                                  absl::Time now) const {
  // Data from the future would look fresh until then, whatever came or stayed away.
  if (timestamp.issued != absl::InfinitePast()) return std::min(timestamp.issued, now);
  // A publisher that does not state when it signed vouches from when its word first arrived.
  if (is_new) return now;
  const std::shared_ptr<const storage::Generation> generation = options_.intake.store->Current();
  for (const storage::ServedFeed& served : generation->feeds()) {
    if (served.feed == options_.feed && served.version != 0) return served.published;
  }
  return now;
}

absl::Status FeedUpdater::ServeNewest(SpoolEntry& entry, const trust::Updater& updater,
                                      absl::Time published, UpdateOutcome* outcome) {
  const trust::Targets& targets = *updater.targets();
  absl::StatusOr<std::vector<PackTarget>> offered = PacksOnOffer(targets, options_.feed);
  if (!offered.ok()) return offered.status();
  outcome->version = NewestVersion(*offered);
  absl::Status missing;
  const std::vector<PackTarget> at_hand =
      PacksAtHand(entry, targets, *offered, *options_.intake.store, &missing);

  const std::vector<PackTarget> held = HeldPacks(at_hand);
  absl::Status status;
  for (uint32_t max_deltas : {kMaxDeltas, 0u}) {
    absl::StatusOr<std::vector<PackTarget>> chain = CheapestChain(at_hand, held, max_deltas);
    if (!chain.ok() || chain->back().to_version != outcome->version) {
      if (!status.ok()) return status;  // the deltas' own failure
      if (absl::IsNotFound(missing)) {
        return Rejected(RejectReason::kTargetMissing, missing.message());
      }
      if (!missing.ok()) return missing;
      return chain.ok()
                 ? Rejected(RejectReason::kVersionGap,
                            absl::StrCat("no chain of packs leads to version ", outcome->version))
                 : chain.status();
    }
    status = ServeChain(entry, targets, *chain, published);
    if (!IsDrift(status) || !chain->back().is_delta()) return status;
    outcome->setbacks.push_back(status);
  }
  return status;
}

absl::Status FeedUpdater::ServeChain(SpoolEntry& entry, const trust::Targets& targets,
                                     const std::vector<PackTarget>& chain, absl::Time published) {
  absl::StatusOr<storage::VersionSpec> spec = VersionOf(chain, published);
  if (!spec.ok()) return spec.status();
  std::vector<std::string> copied;
  absl::Status served = TakePacks(entry, targets, chain, options_.intake, &copied);
  if (served.ok()) served = options_.intake.store->Serve(*spec);
  if (!served.ok()) {
    // What may go better later need not be copied twice; what was refused must not pile up.
    if (!IsTransient(served)) DropPacks(*options_.intake.store, copied);
    return served;
  }
  if (SamePacks(chain, served_chain_)) return absl::OkStatus();
  if (absl::Status s = SaveServedChain(ChainPath(), chain); !s.ok()) return s;
  served_chain_ = chain;
  return absl::OkStatus();
}

// What need not be copied: packs of the version served, whether still on offer or not, and others
// that an earlier attempt brought.
std::vector<PackTarget> FeedUpdater::HeldPacks(const std::vector<PackTarget>& at_hand) const {
  std::vector<PackTarget> held;
  for (const std::vector<PackTarget>* packs : {&served_chain_, &at_hand}) {
    for (const PackTarget& pack : *packs) {
      if (options_.intake.store->HasPack(pack.sha256)) held.push_back(pack);
    }
  }
  return held;
}

}  // namespace cloister::server
