#include "server/updates/update_metrics.h"

#include "prometheus/counter.h"
#include "prometheus/histogram.h"
#include "reputation/reject_reason.h"

namespace cloister::server {
namespace {

using reputation::RejectReason;

// A small delta takes milliseconds, a snapshot of ten million records seconds to a minute.
const prometheus::Histogram::BucketBoundaries& DurationBuckets() {
  static const auto* buckets =
      new prometheus::Histogram::BucketBoundaries({0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300});
  return *buckets;
}

}  // namespace

UpdateMetrics::UpdateMetrics(prometheus::Registry* registry,
                             const std::vector<std::string>& feeds) {
  auto& taken = prometheus::BuildCounter()
                    .Name("cloister_updates_total")
                    .Help("Updates of a feed that were verified and now serve.")
                    .Register(*registry);
  auto& refused = prometheus::BuildCounter()
                      .Name("cloister_update_rejections_total")
                      .Help("Updates of a feed that were refused, by reason.")
                      .Register(*registry);
  auto& duration = prometheus::BuildHistogram()
                       .Name("cloister_update_duration_seconds")
                       .Help("Time from the look at the hand-over folder until the update serves.")
                       .Register(*registry);
  for (const std::string& feed : feeds) {
    OfFeed& of = feeds_[feed];
    of.taken = &taken.Add({{"feed", feed}});
    of.duration = &duration.Add({{"feed", feed}}, DurationBuckets());
    for (RejectReason reason : reputation::AllRejectReasons()) {
      const std::string name(reputation::RejectReasonName(reason));
      of.refused[name] = &refused.Add({{"feed", feed}, {"reason", name}});
    }
  }
}

void UpdateMetrics::CountTaken(const std::string& feed, absl::Duration duration) {
  auto of = feeds_.find(feed);
  if (of == feeds_.end()) return;
  of->second.taken->Increment();
  of->second.duration->Observe(absl::ToDoubleSeconds(duration));
}

void UpdateMetrics::CountRefused(const std::string& feed, const absl::Status& status) {
  auto of = feeds_.find(feed);
  if (of == feeds_.end()) return;
  of->second.refused.at(RejectionName(status))->Increment();
}

std::string RejectionName(const absl::Status& status) {
  return std::string(
      reputation::RejectReasonName(reputation::ReasonOf(status).value_or(RejectReason::kIoError)));
}

}  // namespace cloister::server
