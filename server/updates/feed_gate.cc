#include "server/updates/feed_gate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cloister::server {
namespace {

using storage::ServedFeed;
using storage::VersionSpec;

// How long to wait after what was due failed.
constexpr absl::Duration kRetryPause = absl::Minutes(1);

}  // namespace

absl::StatusOr<std::unique_ptr<FeedGate>> FeedGate::Open(const Options& options) {
  auto gate = std::unique_ptr<FeedGate>(new FeedGate(options));
  absl::MutexLock lock(&gate->operation_);
  if (absl::Status s = gate->Load(); !s.ok()) return s;
  return gate;
}

absl::Status FeedGate::Load() {
  absl::StatusOr<storage::FeedDirective> directive = options_.store->Directive(options_.feed);
  if (!directive.ok()) return directive.status();
  directive_ = *directive;
  const ServedFeed served = Served();
  LoadRecord(served);
  {
    absl::MutexLock lock(&view_);
    state_.feed = options_.feed;
    if (served.version != 0) since_ = record_.since;
    if (record_.version != served.version && served.version != 0) {
      since_ = served.taken;
      fell_back_ = true;
    }
  }
  RefreshPending(options_.clock());
  return absl::OkStatus();
}

// The record may be missing, or older than what serves, if the process ended between the database's
// write and its own; it is newer only where an older version serves for want of packs.
void FeedGate::LoadRecord(const ServedFeed& served) {
  const std::optional<ServingRecord> record = LoadServingRecord(RecordPath());
  if (record) record_ = *record;
  const std::string digest = served.digest.ToString();
  const bool same = record && record->version == served.version && record->content_digest == digest;
  const bool fell_back =
      record && record->version > served.version && directive_.pinned != served.version;
  if (same || fell_back || served.version == 0) return;
  const bool knows_when = served.taken > absl::UnixEpoch();
  record_ = {.version = served.version,
             .content_digest = digest,
             .since = knows_when ? served.taken : options_.clock()};
  SaveServingRecord(RecordPath(), record_).IgnoreError();  // the next start does the same
}

ServedFeed FeedGate::Served() const {
  const std::shared_ptr<const storage::Generation> generation = options_.store->Current();
  for (const ServedFeed& served : generation->feeds()) {
    if (served.feed == options_.feed) return served;
  }
  return ServedFeed();
}

std::optional<ServedFeed> FeedGate::Kept(uint64_t version) const {
  const absl::StatusOr<std::vector<ServedFeed>> kept = options_.store->KeptVersions(options_.feed);
  if (!kept.ok()) return std::nullopt;
  for (const ServedFeed& one : *kept) {
    if (one.version == version) return one;
  }
  return std::nullopt;
}

std::optional<ServedFeed> FeedGate::Waiting() const {
  const absl::StatusOr<std::vector<ServedFeed>> kept = options_.store->KeptVersions(options_.feed);
  if (!kept.ok() || kept->empty()) return std::nullopt;
  const auto newest = std::max_element(
      kept->begin(), kept->end(),
      [](const ServedFeed& a, const ServedFeed& b) { return a.version < b.version; });
  if (newest->version <= Served().version) return std::nullopt;
  return *newest;
}

SafetyCheckOptions FeedGate::CheckOptions() const {
  SafetyCheckOptions options;
  options.protection = options_.protection;
  options.clock = options_.clock;
  return options;
}

absl::StatusOr<Offered> FeedGate::Offer(VersionSpec spec, absl::Time now) {
  absl::MutexLock lock(&operation_);
  spec.taken = now;
  if (spec.packs.empty() || spec.version <= Served().version) {
    absl::Status renewed = options_.store->Serve(spec);
    if (!renewed.ok()) return renewed;
    return Offered{};
  }
  const storage::ContentDigest& digest = spec.packs.back().result;
  const std::optional<ServedFeed> kept = Kept(spec.version);
  const bool known = kept && kept->digest == digest;
  if (known) spec.taken = kept->taken;
  if (Restores(spec)) {
    if (absl::Status s = ServeNow(spec, "rebuild"); !s.ok()) return s;
    return Offered{.is_new = true};
  }
  const auto compare = [this, &spec](const storage::RecordChangeVisitor& visit) {
    return options_.store->Compare(spec, visit);
  };
  if (absl::Status s = Check(spec.version, digest, compare); !s.ok()) return s;
  const HoldReason reason = ReasonFor(spec.version, spec.taken, now);
  absl::Status done = absl::OkStatus();
  if (reason == HoldReason::kNone) {
    done = ServeNow(spec, "update");
  } else if (!known || spec.published > kept->published || spec.sources != kept->sources) {
    done = options_.store->Keep(spec);
  }
  if (!done.ok()) return done;
  NoteWaiting(reason, now);
  RefreshPending(now);
  return Offered{.reason = reason, .is_new = !known || reason == HoldReason::kNone};
}

// What served by decision before a rebuild had to fall back to an older version need not wait
// again.
bool FeedGate::Restores(const VersionSpec& spec) const {
  return record_.version == spec.version &&
         record_.content_digest == spec.packs.back().result.ToString() &&
         (directive_.pinned == 0 || directive_.pinned == spec.version) &&
         directive_.rejected != spec.version;
}

absl::Status FeedGate::Check(uint64_t version, const storage::ContentDigest& digest,
                             const Comparison& compare) {
  const ServedFeed served = Served();
  if (checked_ && checked_->version == version && checked_->digest == digest &&
      checked_->against == served.version) {
    return absl::OkStatus();
  }
  checked_.reset();
  SafetyCheckResult result;
  if (served.version != 0) {
    SafetyCheckOptions options = CheckOptions();
    options.interrupted = &decisions_;
    absl::StatusOr<SafetyCheckResult> counted = RunSafetyCheck(compare, served.records, options);
    if (!counted.ok()) return counted.status();
    result = *std::move(counted);
    options_.observer->OnChecked(options_.feed, result.changes, result.took);
  }
  checked_ = Checked{
      .version = version, .digest = digest, .against = served.version, .result = std::move(result)};
  return absl::OkStatus();
}

const ChangeSummary& FeedGate::ChangesOf(uint64_t version) const {
  static const auto* none = new ChangeSummary();
  return checked_ && checked_->version == version ? checked_->result.changes : *none;
}

bool FeedGate::Defers(uint64_t version, absl::Time now) {
  absl::MutexLock lock(&operation_);
  const std::optional<ServedFeed> waiting = Waiting();
  return waiting && version > waiting->version && record_.waiting_since != absl::InfinitePast() &&
         now - record_.waiting_since >= options_.policy.hold_off &&
         ReasonFor(waiting->version, waiting->taken, now) == HoldReason::kHoldOff;
}

void FeedGate::NoteWaiting(HoldReason reason, absl::Time now) {
  const bool waits = record_.waiting_since != absl::InfinitePast();
  if (waits == (reason == HoldReason::kHoldOff)) return;
  record_.waiting_since = waits ? absl::InfinitePast() : now;
  SaveServingRecord(RecordPath(), record_).IgnoreError();  // a restart then counts anew
}

HoldReason FeedGate::ReasonFor(uint64_t version, absl::Time taken, absl::Time now) const {
  const VerifiedVersion verified = {
      .version = version, .taken = taken, .changes = &ChangesOf(version)};
  return Decide(options_.policy, directive_, verified, now);
}

absl::Status FeedGate::ServeNow(const VersionSpec& spec, absl::string_view cause) {
  const ServedFeed before = Served();
  const std::optional<ServedFeed> waited = Waiting();
  if (absl::Status s = options_.store->Serve(spec); !s.ok()) return s;
  // What waited was superseded: nobody is to roll back to what never served.
  if (waited && waited->version < spec.version) {
    options_.store->Forget(options_.feed, waited->version).IgnoreError();
  }
  Began(before, cause);
  return absl::OkStatus();
}

absl::Status FeedGate::ServeKept(uint64_t version, absl::string_view cause) {
  const ServedFeed before = Served();
  if (absl::Status s = options_.store->ServeKept(options_.feed, version); !s.ok()) return s;
  take_again_ = true;  // what had to come later may come now
  Began(before, cause);
  return absl::OkStatus();
}

void FeedGate::Began(const ServedFeed& before, absl::string_view cause) {
  const ServedFeed served = Served();
  record_ = {.version = served.version,
             .content_digest = served.digest.ToString(),
             .since = options_.clock()};
  SaveServingRecord(RecordPath(), record_).IgnoreError();  // the next start does without
  const bool masked_alike = checked_ && checked_->version == served.version &&
                            checked_->against == before.version && before.version != 0 &&
                            !checked_->result.touches_protected;
  {
    absl::MutexLock lock(&view_);
    since_ = record_.since;
    fell_back_ = false;
    masked_known_ = masked_known_ && masked_alike;
    ++serves_begun_;
  }
  checked_.reset();
  RefreshPending(record_.since);
  options_.observer->OnServing(options_.feed, served.version, record_.since, cause);
}

void FeedGate::Tick(absl::Time now) {
  absl::MutexLock lock(&operation_);
  // A clock set back must not stretch the pause.
  if (now < retry_at_ && retry_at_ - now <= kRetryPause) return;
  if (directive_.pinned == 0 || directive_.pinned == Served().version) {
    TickWaiting(now);
  } else if (absl::Status s = ServeKept(directive_.pinned, "rollback"); !s.ok()) {
    Postpone(s, now);
  }
}

void FeedGate::TickWaiting(absl::Time now) {
  const std::optional<ServedFeed> waiting = Waiting();
  if (waiting) {
    const auto compare = [this, &waiting](const storage::RecordChangeVisitor& visit) {
      return options_.store->CompareKept(options_.feed, waiting->version, visit);
    };
    absl::Status done = Check(waiting->version, waiting->digest, compare);
    if (absl::IsAborted(done)) return;
    if (done.ok() && ReasonFor(waiting->version, waiting->taken, now) == HoldReason::kNone) {
      const bool accepted = directive_.accepted == waiting->version;
      done = ServeKept(waiting->version, accepted ? "accepted" : "hold over");
    }
    // Aborted: its packs were folded meanwhile, and the next look serves those.
    if (!done.ok() && !absl::IsAborted(done)) Postpone(done, now);
  }
  RefreshPending(now);
}

void FeedGate::Postpone(const absl::Status& failure, absl::Time now) {
  retry_at_ = now + kRetryPause;
  options_.observer->OnDecisionFailed(options_.feed, failure);
}

void FeedGate::RefreshPending(absl::Time now) {
  const std::optional<ServedFeed> waiting = Waiting();
  std::optional<PendingVersion> pending;
  if (waiting) {
    pending = PendingVersion{.version = waiting->version,
                             .reason = ReasonFor(waiting->version, waiting->taken, now),
                             .taken = waiting->taken,
                             .changes = ChangesOf(waiting->version)};
    if (pending->reason == HoldReason::kHoldOff) {
      pending->serves_at = waiting->taken + options_.policy.hold_off;
    }
  }
  bool differs;
  {
    absl::MutexLock lock(&view_);
    state_.pinned = directive_.pinned;
    const uint64_t version = pending ? pending->version : 0;
    const HoldReason reason = pending ? pending->reason : HoldReason::kNone;
    differs = version != (state_.pending ? state_.pending->version : 0) ||
              (pending && state_.pending->reason != reason);
    state_.pending = pending;
  }
  if (!differs) return;
  options_.observer->OnPending(options_.feed, pending ? pending->version : 0,
                               pending ? pending->reason : HoldReason::kNone);
}

FeedUpdateState FeedGate::State() const {
  const std::vector<std::string> damaged = options_.store->DamagedFeeds();
  absl::MutexLock lock(&view_);
  FeedUpdateState state = state_;
  state.damaged =
      fell_back_ || std::find(damaged.begin(), damaged.end(), options_.feed) != damaged.end();
  return state;
}

absl::Time FeedGate::serving_since() const {
  absl::MutexLock lock(&view_);
  return since_;
}

void FeedGate::SetExpired(bool expired) {
  absl::MutexLock lock(&view_);
  state_.expired = expired;
}

bool FeedGate::MaskedCountIsDue() const {
  absl::MutexLock lock(&view_);
  return !masked_known_;
}

void FeedGate::CountMasked(const Breathe& breathe) {
  uint64_t begun;
  {
    absl::MutexLock lock(&view_);
    begun = serves_begun_;
  }
  MaskedRecords masked;
  const ServedFeed served = Served();
  if (options_.protection != nullptr && options_.protection->size() != 0 && served.version != 0) {
    absl::StatusOr<MaskedRecords> counted =
        CountMaskedRecords(*options_.store, served, *options_.protection, breathe);
    if (!counted.ok()) return;  // what was counted is gone already, or unreadable
    masked = *std::move(counted);
  }
  {
    absl::MutexLock lock(&view_);
    if (serves_begun_ != begun) return;
    masked_known_ = true;
    state_.masked_records = masked.count;
    state_.masked_examples = masked.examples;
  }
  options_.observer->OnMasked(options_.feed, masked.count, masked.examples);
}

}  // namespace cloister::server
