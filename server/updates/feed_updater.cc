#include "server/updates/feed_updater.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/pack_target.h"

namespace cloister::server {
namespace {

using reputation::Rejected;
using reputation::RejectReason;
using trust::PackTarget;

constexpr absl::Duration kFirstPause = absl::Seconds(1);
constexpr absl::Duration kLongestPause = absl::Minutes(1);
// More are folded by this machine once they serve.
constexpr uint32_t kMaxDeltas = 24;

// Whether trying the same entry again later may help.
bool IsTransient(const absl::Status& status) {
  const std::optional<RejectReason> reason = reputation::ReasonOf(status);
  if (!reason) return true;
  switch (*reason) {
    case RejectReason::kNoSpace:
    case RejectReason::kIoError:
    case RejectReason::kRootRotationLimit:  // it goes on from the last root passed
    case RejectReason::kPackRotten:         // once the rotten pack is in quarantine
      return true;
    default:
      return false;
  }
}

// Whether a snapshot may help where deltas did not.
bool IsDrift(const absl::Status& status) {
  const std::optional<RejectReason> reason = reputation::ReasonOf(status);
  return reason == RejectReason::kBaseMismatch || reason == RejectReason::kDigestMismatch;
}

absl::Status InFeed(const absl::Status& status, const std::string& feed) {
  return absl::Status(status.code(), absl::StrCat("feed ", feed, ": ", status.message()));
}

// What the packs that lead to `version` say of its sources; they agree.
std::vector<reputation::SourceNote> NotesOf(uint64_t version,
                                            const std::vector<PackTarget>& offered) {
  for (const PackTarget& pack : offered) {
    if (pack.to_version == version) return pack.sources;
  }
  return {};
}

// The state that is trusted cannot be read: nothing less than an operator may begin anew with it,
// since it is what forbids a rollback.
absl::Status Damaged(const absl::Status& status, const FeedUpdater::Options& options) {
  return Rejected(
      reputation::ReasonOf(status).value_or(RejectReason::kMetadataMalformed),
      absl::StrCat("feed ", options.feed, ": ", reputation::MessageWithoutReason(status),
                   ". Its trusted metadata in ", options.state_directory, ", or the first root ",
                   options.root,
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

}  // namespace

absl::StatusOr<std::unique_ptr<FeedUpdater>> FeedUpdater::Create(const Options& options) {
  auto feed = std::unique_ptr<FeedUpdater>(new FeedUpdater(options));
  const absl::Status opened = feed->OpenState();
  struct stat info;
  const bool has_state =
      lstat(absl::StrCat(options.state_directory, "/root.json").c_str(), &info) == 0;
  if (!opened.ok() && !has_state) return opened;  // the configuration's first root is wrong
  const absl::StatusOr<std::vector<storage::ServedFeed>> kept =
      options.intake.store->KeptVersions(options.feed);
  if (!kept.ok()) return kept.status();
  for (const storage::ServedFeed& one : *kept) {
    options.chains->Recover(one, *options.intake.store);
  }
  return feed;
}

absl::Status FeedUpdater::OpenState() {
  absl::StatusOr<trust::TrustStateDirectory> state =
      trust::TrustStateDirectory::Open(options_.state_directory, options_.root, options_.limits);
  if (absl::IsNotFound(state.status())) return InFeed(state.status(), options_.feed);
  if (!state.ok()) return Damaged(state.status(), options_);
  absl::StatusOr<std::unique_ptr<trust::Updater>> updater =
      trust::Updater::Create(state->state(), options_.limits);
  if (!updater.ok()) return Damaged(updater.status(), options_);
  expires_ = Expiry(**updater);
  state_.emplace(*std::move(state));
  return absl::OkStatus();
}

UpdateOutcome FeedUpdater::Nothing() const {
  UpdateOutcome outcome;
  outcome.expires = expires_;
  return outcome;
}

void FeedUpdater::TakeAgain() {
  taken_.reset();
  refusals_.clear();  // what could not be compared with damaged data may be now
}

UpdateOutcome FeedUpdater::Poll(absl::Time now) {
  now_ = now;
  options_.gate->Tick(now);
  if (options_.gate->TakeAgainRequested()) TakeAgain();
  const absl::StatusOr<std::vector<SpoolEntryId>> entries = Entries();
  if (!entries.ok()) {
    Refusal* known = FindRefusal(SpoolEntryId());
    if (known == nullptr || known->status != entries.status()) {
      return Refused(SpoolEntryId(), entries.status(), now);
    }
    if (IsDue(*known, now)) {
      known->pause = std::min(known->pause * 2, kLongestPause);
      known->next_attempt = now + known->pause;
    }
    return Nothing();
  }
  for (const SpoolEntryId& id : *entries) {
    if (taken_ == id) break;
    const Refusal* refusal = FindRefusal(id);
    if (refusal == nullptr || IsDue(*refusal, now)) return TakeEntry(id, now);
    if (IsTransient(refusal->status)) return Nothing();
  }
  return Unchanged();
}

// Forgets refusals of what is there no longer.
absl::StatusOr<std::vector<SpoolEntryId>> FeedUpdater::Entries() {
  if (!state_) {
    const Refusal* known = FindRefusal(SpoolEntryId());
    if (known != nullptr && !IsDue(*known, now_)) return known->status;
    if (absl::Status s = OpenState(); !s.ok()) return s;
  }
  absl::StatusOr<std::vector<SpoolEntryId>> entries =
      SpoolEntries(options_.spool_directory, options_.feed);
  if (!entries.ok()) return entries;
  const auto gone = [&entries](const Refusal& refusal) {
    return std::find(entries->begin(), entries->end(), refusal.entry) == entries->end();
  };
  refusals_.erase(std::remove_if(refusals_.begin(), refusals_.end(), gone), refusals_.end());
  return entries;
}

FeedUpdater::Refusal* FeedUpdater::FindRefusal(const SpoolEntryId& entry) {
  for (Refusal& refusal : refusals_) {
    if (refusal.entry == entry) return &refusal;
  }
  return nullptr;
}

bool FeedUpdater::IsDue(const Refusal& refusal, absl::Time now) const {
  if (refusal.entry != SpoolEntryId() && !IsTransient(refusal.status)) return false;
  // A clock set back must not stretch the pause.
  return now >= refusal.next_attempt || refusal.next_attempt - now > refusal.pause;
}

absl::Status FeedUpdater::Standing() const {
  const Refusal* highest = nullptr;
  for (const Refusal& refusal : refusals_) {
    if (taken_ && refusal.entry.version < taken_->version) continue;
    if (highest == nullptr || refusal.entry.version > highest->entry.version) highest = &refusal;
  }
  return highest == nullptr ? absl::OkStatus() : highest->status;
}

UpdateOutcome FeedUpdater::Unchanged() {
  UpdateOutcome outcome = Nothing();
  if (!told_refusal_ || !Standing().ok()) return outcome;
  told_refusal_ = false;
  outcome.kind = UpdateOutcome::Kind::kMended;
  return outcome;
}

UpdateOutcome FeedUpdater::Refused(const SpoolEntryId& entry, absl::Status status, absl::Time now) {
  // Where a forged entry stands above it, one that was taken long ago is no news.
  const bool is_news =
      Standing().ok() || reputation::ReasonOf(status) != RejectReason::kMetadataRollback;
  absl::Duration pause = kFirstPause;
  if (Refusal* known = FindRefusal(entry); known != nullptr) {
    pause = std::min(known->pause * 2, kLongestPause);
    refusals_.erase(refusals_.begin() + (known - refusals_.data()));
  }
  refusals_.push_back(
      Refusal{.entry = entry, .status = status, .next_attempt = now + pause, .pause = pause});
  UpdateOutcome outcome = Nothing();
  if (!is_news) return outcome;
  told_refusal_ = true;
  outcome.kind = UpdateOutcome::Kind::kRefused;
  outcome.status = std::move(status);
  return outcome;
}

UpdateOutcome FeedUpdater::TakeEntry(const SpoolEntryId& id, absl::Time now) {
  UpdateOutcome outcome;
  absl::Status status = Take(id, now, &outcome);
  if (absl::IsAborted(status)) return Nothing();  // a decision or a fold came first: the next look
  if (!status.ok()) {
    UpdateOutcome refused = Refused(id, std::move(status), now);
    refused.setbacks = std::move(outcome.setbacks);
    return refused;
  }
  taken_ = id;
  const auto is_passed = [&id](const Refusal& refusal) {
    return refusal.entry.version <= id.version;
  };
  refusals_.erase(std::remove_if(refusals_.begin(), refusals_.end(), is_passed), refusals_.end());
  if (outcome.kind == UpdateOutcome::Kind::kNothing) return Unchanged();
  outcome.expires = expires_;
  outcome.standing = Standing();
  told_refusal_ = !outcome.standing.ok();
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
      trust::Updater::Create(state_->state(), options_.limits);
  if (!updater.ok()) return updater.status();
  const std::string trusted_timestamp = state_->state().timestamp;
  absl::StatusOr<absl::Time> reference = state_->MonotonicTime(now);
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
  const bool is_new_word = (*updater)->state().timestamp != trusted_timestamp;
  const absl::Time published = Published(*(*updater)->timestamp(), is_new_word, *reference);
  absl::Status offered = OfferNewest(**entry, *(*updater)->targets(), published, outcome);
  if (!offered.ok()) return offered;
  outcome->expired = (*updater)->expired();
  const bool held = outcome->reason != HoldReason::kNone;
  if (!held) options_.gate->SetExpired(outcome->expired);
  if (is_new_word || outcome->is_new || !outcome->setbacks.empty()) {
    outcome->kind = held ? UpdateOutcome::Kind::kHeld : UpdateOutcome::Kind::kAccepted;
  }
  return absl::OkStatus();
}

// Whatever was verified is kept, also where a later step fails: nothing older is ever taken again.
absl::Status FeedUpdater::Verify(SpoolEntry& entry, absl::Time now, trust::Updater* updater) {
  const absl::Duration within =
      entry.offline() ? options_.accept_expired_within : absl::ZeroDuration();
  absl::Status refreshed = updater->Refresh(entry, {.now = now, .accept_expired_within = within});
  absl::Status saved = state_->Save(updater->state(), updater->new_roots());
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

absl::Status FeedUpdater::OfferNewest(SpoolEntry& entry, const trust::Targets& targets,
                                      absl::Time published, UpdateOutcome* outcome) {
  absl::StatusOr<std::vector<PackTarget>> offered = PacksOnOffer(targets, options_.feed);
  if (!offered.ok()) return offered.status();
  outcome->version = NewestVersion(*offered);
  if (options_.gate->Defers(outcome->version, now_)) {
    outcome->reason = HoldReason::kHoldOff;
    return absl::OkStatus();
  }
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
    // A pack that was folded here does not know what the publisher says now.
    chain->back().sources = NotesOf(outcome->version, *offered);
    status = OfferChain(entry, targets, *chain, published, outcome);
    if (!status.ok() && !StillThere(held)) {
      return absl::AbortedError("what the update goes on from was folded, or removed, meanwhile");
    }
    if (!IsDrift(status) || !chain->back().is_delta()) return status;
    outcome->setbacks.push_back(status);
  }
  return status;
}

bool FeedUpdater::StillThere(const std::vector<PackTarget>& packs) const {
  return std::all_of(packs.begin(), packs.end(), [this](const PackTarget& pack) {
    return options_.intake.store->HasPack(pack.sha256);
  });
}

absl::Status FeedUpdater::OfferChain(SpoolEntry& entry, const trust::Targets& targets,
                                     const std::vector<PackTarget>& chain, absl::Time published,
                                     UpdateOutcome* outcome) {
  absl::StatusOr<storage::VersionSpec> spec = VersionOf(chain, published);
  if (!spec.ok()) return spec.status();
  std::vector<std::string> copied;
  absl::Status status = TakePacks(entry, targets, chain, options_.intake, &copied);
  if (status.ok()) {
    const absl::StatusOr<Offered> offered = options_.gate->Offer(*spec, now_);
    status = offered.status();
    if (offered.ok()) {
      outcome->reason = offered->reason;
      outcome->is_new = offered->is_new;
    }
  }
  if (status.ok()) return RememberChain(chain);
  // What may go better later need not be copied twice; what was refused must not pile up.
  if (!IsTransient(status)) DropPacks(*options_.intake.store, copied);
  return status;
}

absl::Status FeedUpdater::RememberChain(const std::vector<PackTarget>& chain) {
  const uint64_t version = chain.back().to_version;
  if (!options_.chains->Knows(version, chain)) {
    if (absl::Status s = options_.chains->Remember(version, chain); !s.ok()) return s;
  }
  const absl::StatusOr<std::vector<storage::ServedFeed>> kept =
      options_.intake.store->KeptVersions(options_.feed);
  if (!kept.ok()) return kept.status();
  std::set<uint64_t> versions;
  for (const storage::ServedFeed& one : *kept) versions.insert(one.version);
  options_.chains->KeepOnly(versions);
  return absl::OkStatus();
}

// What need not be copied: packs of the versions kept, whether still on offer or not, and others
// that an earlier attempt brought.
std::vector<PackTarget> FeedUpdater::HeldPacks(const std::vector<PackTarget>& at_hand) const {
  std::vector<PackTarget> held = options_.chains->Held(*options_.intake.store);
  for (const PackTarget& pack : at_hand) {
    if (options_.intake.store->HasPack(pack.sha256)) held.push_back(pack);
  }
  return held;
}

}  // namespace cloister::server
