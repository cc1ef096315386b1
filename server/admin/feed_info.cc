#include "server/admin/feed_info.h"

#include <algorithm>
#include <string>
#include <utility>

#include "reputation/reject_reason.h"
#include "server/lookup/answerer.h"
#include "server/lookup/proto_conversion.h"
#include "server/updates/update_metrics.h"

namespace cloister::server {
namespace {

v1::FeedHealth HealthOf(const FeedFacts& facts, absl::Time now) {
  if (facts.served.version == 0) return v1::FEED_HEALTH_EMPTY;
  if (facts.state.damaged) return v1::FEED_HEALTH_DAMAGED;
  // Not known where the trusted metadata is damaged.
  const bool knows_expiry = facts.report.expires != absl::InfinitePast();
  if (knows_expiry && facts.report.expires <= now) return v1::FEED_HEALTH_EXPIRED;
  if (!facts.report.refusal.ok()) return v1::FEED_HEALTH_UPDATE_REFUSED;
  return facts.state.pending ? v1::FEED_HEALTH_HELD : v1::FEED_HEALTH_SERVING;
}

v1::HoldReason ToProto(HoldReason reason) {
  switch (reason) {
    case HoldReason::kManual:
      return v1::HOLD_REASON_MANUAL;
    case HoldReason::kHoldOff:
      return v1::HOLD_REASON_HOLD_OFF;
    case HoldReason::kPinned:
      return v1::HOLD_REASON_PINNED;
    case HoldReason::kMassChange:
      return v1::HOLD_REASON_MASS_CHANGE;
    case HoldReason::kRejected:
      return v1::HOLD_REASON_REJECTED;
    case HoldReason::kNone:
      break;
  }
  return v1::HOLD_REASON_UNSPECIFIED;
}

bool IsFinite(absl::Time time) {
  return time != absl::InfinitePast() && time != absl::InfiniteFuture();
}

void SetPending(const PendingVersion& pending, v1::PendingVersion* out) {
  out->set_version(pending.version);
  out->set_reason(ToProto(pending.reason));
  if (IsFinite(pending.taken)) SetTimestamp(pending.taken, out->mutable_taken_at());
  if (IsFinite(pending.serves_at)) SetTimestamp(pending.serves_at, out->mutable_serves_at());
  SetVersionChanges(pending.changes, out->mutable_changes());
}

constexpr std::pair<reputation::Redistribution, v1::Redistribution> kRedistributions[] = {
    {reputation::Redistribution::kUnstated, v1::REDISTRIBUTION_UNSPECIFIED},
    {reputation::Redistribution::kAllowed, v1::REDISTRIBUTION_ALLOWED},
    {reputation::Redistribution::kInternal, v1::REDISTRIBUTION_INTERNAL},
    {reputation::Redistribution::kForbidden, v1::REDISTRIBUTION_FORBIDDEN},
};

void SetSource(const reputation::SourceNote& source, v1::FeedSource* out) {
  out->set_name(source.name);
  out->set_licence(source.licence);
  out->set_attribution(source.attribution);
  out->set_url(source.url);
  for (const auto& [ours, theirs] : kRedistributions) {
    if (ours == source.redistribution) out->set_redistribution(theirs);
  }
}

void SetState(const FeedUpdateState& state, v1::Feed* out) {
  if (state.pending) SetPending(*state.pending, out->mutable_pending());
  out->set_pinned_version(state.pinned);
  out->set_masked_records(state.masked_records);
  for (const std::string& example : state.masked_examples) out->add_masked_examples(example);
}

}  // namespace

bool AllFeedsServe(const storage::Generation& generation) {
  return std::all_of(generation.feeds().begin(), generation.feeds().end(),
                     [](const storage::ServedFeed& feed) { return feed.version != 0; });
}

void SetFeed(const FeedFacts& facts, absl::Time now, v1::Feed* out) {
  const auto& [served, config, report, state] = facts;
  out->set_name(config.name);
  out->set_health(HealthOf(facts, now));
  out->set_priority(config.priority);
  out->set_authoritative(config.authoritative);
  SetState(state, out);
  if (IsFinite(report.expires)) SetTimestamp(report.expires, out->mutable_expires_at());
  if (!report.refusal.ok()) {
    out->set_reject_reason(RejectionName(report.refusal));
    out->set_reject_message(std::string(reputation::MessageWithoutReason(report.refusal)));
  }
  if (served.version == 0) return;
  out->set_version(served.version);
  out->set_data_age_s(DataAgeSeconds(served, now));
  out->set_records(served.records);
  for (const std::string& name : served.coverage.Names()) out->add_coverage(name);
  for (const reputation::SourceNote& source : served.sources) {
    SetSource(source, out->add_sources());
  }
  out->set_packs(static_cast<uint32_t>(served.packs.size()));
  out->set_pack_bytes(served.pack_bytes);
  out->set_content_digest(served.digest.ToString());
  if (IsFinite(report.serving_since)) {
    SetTimestamp(report.serving_since, out->mutable_serving_since());
  }
}

void SetFeedVersionInfo(const storage::ServedFeed& kept, v1::FeedVersionInfo* out) {
  out->set_version(kept.version);
  out->set_records(kept.records);
  out->set_packs(static_cast<uint32_t>(kept.packs.size()));
  out->set_pack_bytes(kept.pack_bytes);
  if (IsFinite(kept.published)) SetTimestamp(kept.published, out->mutable_published_at());
  if (IsFinite(kept.taken)) SetTimestamp(kept.taken, out->mutable_taken_at());
}

void SetVersionChanges(const ChangeSummary& changes, v1::VersionChanges* out) {
  out->set_records_before(changes.records_before);
  out->set_added(changes.added);
  out->set_removed(changes.removed);
  out->set_changed(changes.changed);
  for (const auto& [verdicts, records] : changes.transitions) {
    v1::VerdictTransition* transition = out->add_transitions();
    const auto [before, after] = verdicts;
    transition->set_before_excluded(before == kExclusion);
    transition->set_after_excluded(after == kExclusion);
    if (before != kExclusion) transition->set_before(ToProto(before));
    if (after != kExclusion) transition->set_after(ToProto(after));
    transition->set_records(records);
  }
  out->set_protected_listed(changes.protected_listed);
  for (const std::string& example : changes.protected_examples) {
    out->add_protected_examples(example);
  }
  for (const std::string& line : changes.Lines()) out->add_lines(line);
  out->set_complete(changes.complete);
}

}  // namespace cloister::server
