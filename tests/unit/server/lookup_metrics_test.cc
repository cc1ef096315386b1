#include "server/lookup/lookup_metrics.h"

#include <cmath>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"

namespace cloister::server {
namespace {

const prometheus::MetricFamily& Named(const std::vector<prometheus::MetricFamily>& families,
                                      const std::string& name) {
  for (const auto& family : families) {
    if (family.name == name) return family;
  }
  ADD_FAILURE() << name;
  return families.front();
}

const prometheus::ClientMetric& With(const prometheus::MetricFamily& family,
                                     const std::map<std::string, std::string>& labels) {
  for (const auto& metric : family.metric) {
    std::map<std::string, std::string> found;
    for (const auto& label : metric.label) found[label.name] = label.value;
    if (found == labels) return metric;
  }
  ADD_FAILURE() << "no such metric in " << family.name;
  return family.metric.front();
}

TEST(LookupMetricsTest, CountsAnswersAndCallsApart) {
  LookupMetrics metrics;
  metrics.CountAnswers(LookupMethod::kBatchLookup, {.by_status = {0, 3, 7, 0, 0, 0}});
  metrics.CountAnswers(LookupMethod::kBatchLookup, {.by_status = {0, 1, 0, 2, 0, 0}});
  metrics.CountRequest(LookupMethod::kBatchLookup, absl::StatusCode::kOk, absl::Milliseconds(1));
  metrics.CountRequest(LookupMethod::kLookup, absl::StatusCode::kPermissionDenied,
                       absl::ZeroDuration());
  const auto families = metrics.Collect();
  const auto& answers = Named(families, "cloister_lookups_total");
  EXPECT_EQ(With(answers, {{"method", "BatchLookup"}, {"status", "listed"}}).counter.value, 4);
  EXPECT_EQ(With(answers, {{"method", "BatchLookup"}, {"status", "not_covered"}}).counter.value, 2);
  EXPECT_EQ(With(answers, {{"method", "Lookup"}, {"status", "listed"}}).counter.value, 0);
  const auto& calls = Named(families, "cloister_requests_total");
  EXPECT_EQ(With(calls, {{"method", "Lookup"}, {"code", "permission_denied"}}).counter.value, 1);
  EXPECT_EQ(With(calls, {{"method", "BatchLookup"}, {"code", "ok"}}).counter.value, 1);
}

TEST(LookupMetricsTest, BucketsAreCumulativeAndTakeEverything) {
  LookupMetrics metrics;
  for (absl::Duration took : {-absl::Seconds(1), absl::Microseconds(25), absl::Microseconds(26),
                              absl::Milliseconds(50), absl::Hours(1)}) {
    metrics.CountRequest(LookupMethod::kLookup, absl::StatusCode::kOk, took);
  }
  const auto families = metrics.Collect();
  const auto& histogram =
      With(Named(families, "cloister_request_duration_seconds"), {{"method", "Lookup"}}).histogram;
  ASSERT_GE(histogram.bucket.size(), 3u);
  EXPECT_EQ(histogram.bucket[0].cumulative_count, 2u);
  EXPECT_EQ(histogram.bucket[1].cumulative_count, 3u);
  EXPECT_EQ(histogram.bucket.back().cumulative_count, 5u);
  EXPECT_TRUE(std::isinf(histogram.bucket.back().upper_bound));
  EXPECT_EQ(histogram.bucket[histogram.bucket.size() - 2].cumulative_count, 4u);
  EXPECT_EQ(histogram.sample_count, 5u);
  EXPECT_NEAR(histogram.sample_sum, 3600.05, 0.01);
}

}  // namespace
}  // namespace cloister::server
