#include "server/updates/update_metrics.h"

#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "reputation/reject_reason.h"

namespace cloister::server {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Registry;
using reputation::RejectReason;

constexpr HoldReason kHoldReasons[] = {HoldReason::kManual, HoldReason::kHoldOff,
                                       HoldReason::kPinned, HoldReason::kMassChange,
                                       HoldReason::kRejected};

// A small delta takes milliseconds, a snapshot of ten million records seconds to a minute.
const prometheus::Histogram::BucketBoundaries& DurationBuckets() {
  static const auto* buckets =
      new prometheus::Histogram::BucketBoundaries({0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300});
  return *buckets;
}

}  // namespace

UpdateMetrics::UpdateMetrics(Registry* registry, const std::vector<std::string>& feeds) {
  for (const std::string& feed : feeds) feeds_[feed] = OfFeed();
  AddImports(*registry);
  AddHolds(*registry);
  AddStates(*registry);
  AddWork(*registry);
}

void UpdateMetrics::AddImports(Registry& registry) {
  auto& taken = BuildCounter()
                    .Name("cloister_updates_total")
                    .Help("Updates of a feed that were verified and now serve.")
                    .Register(registry);
  auto& refused = BuildCounter()
                      .Name("cloister_update_rejections_total")
                      .Help("Updates of a feed that were refused, by reason.")
                      .Register(registry);
  auto& duration = BuildHistogram()
                       .Name("cloister_update_duration_seconds")
                       .Help("Time from the look at the hand-over folder until the update serves.")
                       .Register(registry);
  auto& check = BuildHistogram()
                    .Name("cloister_update_check_duration_seconds")
                    .Help("Time to compare a version with what serves.")
                    .Register(registry);
  for (auto& [feed, of] : feeds_) {
    of.taken = &taken.Add({{"feed", feed}});
    of.duration = &duration.Add({{"feed", feed}}, DurationBuckets());
    of.check = &check.Add({{"feed", feed}}, DurationBuckets());
    for (RejectReason reason : reputation::AllRejectReasons()) {
      const std::string name(reputation::RejectReasonName(reason));
      of.refused[name] = &refused.Add({{"feed", feed}, {"reason", name}});
    }
  }
}

void UpdateMetrics::AddHolds(Registry& registry) {
  auto& pending = BuildGauge()
                      .Name("cloister_update_pending")
                      .Help("1 while a verified version of the feed waits for that reason.")
                      .Register(registry);
  auto& holds = BuildCounter()
                    .Name("cloister_update_holds_total")
                    .Help("How often a verified version began to wait, by reason.")
                    .Register(registry);
  for (auto& [feed, of] : feeds_) {
    for (HoldReason reason : kHoldReasons) {
      const std::string name(HoldReasonName(reason));
      of.pending[reason] = &pending.Add({{"feed", feed}, {"reason", name}});
      of.holds[reason] = &holds.Add({{"feed", feed}, {"reason", name}});
    }
  }
}

void UpdateMetrics::AddStates(Registry& registry) {
  auto& masked = BuildGauge()
                     .Name("cloister_feed_masked_records")
                     .Help("Records served that list a protected object; answers pass over them.")
                     .Register(registry);
  auto& expired = BuildGauge()
                      .Name("cloister_feed_expired")
                      .Help("1 while the feed's metadata has expired, else 0.")
                      .Register(registry);
  auto& damaged = BuildGauge()
                      .Name("cloister_feed_damaged")
                      .Help("1 while part of what the feed should serve cannot be read, else 0.")
                      .Register(registry);
  for (auto& [feed, of] : feeds_) {
    of.masked = &masked.Add({{"feed", feed}});
    of.expired = &expired.Add({{"feed", feed}});
    of.damaged = &damaged.Add({{"feed", feed}});
  }
}

void UpdateMetrics::AddWork(Registry& registry) {
  auto& rollbacks = BuildCounter()
                        .Name("cloister_rollbacks_total")
                        .Help("How often an administrator rolled the feed back.")
                        .Register(registry);
  auto& rebuilds = BuildCounter()
                       .Name("cloister_rebuilds_total")
                       .Help("How often the feed was built anew from its packs, by result.")
                       .Register(registry);
  auto& folds = BuildCounter()
                    .Name("cloister_folds_total")
                    .Help("How often the feed's deltas were folded into a snapshot, by result.")
                    .Register(registry);
  for (auto& [feed, of] : feeds_) {
    of.rollbacks = &rollbacks.Add({{"feed", feed}});
    for (const char* result : {"complete", "partial", "failed"}) {
      of.rebuilds[result] = &rebuilds.Add({{"feed", feed}, {"result", result}});
    }
    for (const char* result : {"done", "failed"}) {
      of.folds[result] = &folds.Add({{"feed", feed}, {"result", result}});
    }
  }
}

UpdateMetrics::OfFeed* UpdateMetrics::Find(const std::string& feed) {
  auto of = feeds_.find(feed);
  return of == feeds_.end() ? nullptr : &of->second;
}

void UpdateMetrics::CountTaken(const std::string& feed, absl::Duration duration) {
  OfFeed* of = Find(feed);
  if (of == nullptr) return;
  of->taken->Increment();
  of->duration->Observe(absl::ToDoubleSeconds(duration));
}

void UpdateMetrics::CountRefused(const std::string& feed, const absl::Status& status) {
  if (OfFeed* of = Find(feed)) of->refused.at(RejectionName(status))->Increment();
}

void UpdateMetrics::ObserveCheck(const std::string& feed, absl::Duration took) {
  if (OfFeed* of = Find(feed)) of->check->Observe(absl::ToDoubleSeconds(took));
}

void UpdateMetrics::SetPending(const std::string& feed, HoldReason reason) {
  OfFeed* of = Find(feed);
  if (of == nullptr) return;
  for (const auto& [each, gauge] : of->pending) gauge->Set(each == reason ? 1 : 0);
  if (reason != HoldReason::kNone) of->holds.at(reason)->Increment();
}

void UpdateMetrics::SetMasked(const std::string& feed, uint64_t records) {
  if (OfFeed* of = Find(feed)) of->masked->Set(static_cast<double>(records));
}

void UpdateMetrics::SetExpired(const std::string& feed, bool expired) {
  if (OfFeed* of = Find(feed)) of->expired->Set(expired ? 1 : 0);
}

void UpdateMetrics::SetDamaged(const std::string& feed, bool damaged) {
  if (OfFeed* of = Find(feed)) of->damaged->Set(damaged ? 1 : 0);
}

void UpdateMetrics::CountRollback(const std::string& feed) {
  if (OfFeed* of = Find(feed)) of->rollbacks->Increment();
}

void UpdateMetrics::CountRebuild(const std::string& feed, const std::string& result) {
  if (OfFeed* of = Find(feed)) of->rebuilds.at(result)->Increment();
}

void UpdateMetrics::CountFold(const std::string& feed, const std::string& result) {
  if (OfFeed* of = Find(feed)) of->folds.at(result)->Increment();
}

std::string RejectionName(const absl::Status& status) {
  return std::string(
      reputation::RejectReasonName(reputation::ReasonOf(status).value_or(RejectReason::kIoError)));
}

}  // namespace cloister::server
