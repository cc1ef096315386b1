#include "server/lookup/lookup_metrics.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "reputation/verdict.h"

namespace cloister::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

constexpr const char* kMethodNames[] = {"Lookup", "BatchLookup"};

void Add(std::atomic<uint64_t>& count, uint64_t n) {
  count.fetch_add(n, std::memory_order_relaxed);
}
uint64_t Read(const std::atomic<uint64_t>& count) { return count.load(std::memory_order_relaxed); }

MetricFamily Family(const char* name, const char* help, prometheus::MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

ClientMetric Counter(const char* method, const char* label, std::string value, uint64_t count) {
  ClientMetric metric;
  metric.label = {{"method", method}, {label, std::move(value)}};
  metric.counter.value = static_cast<double>(count);
  return metric;
}

}  // namespace

void LookupMetrics::CountAnswers(LookupMethod method, const AnswerCounts& counts) {
  OfMethod& of = methods_[static_cast<size_t>(method)];
  for (size_t i = 0; i < of.answers.size(); ++i) {
    if (counts.by_status[i] != 0) Add(of.answers[i], counts.by_status[i]);
  }
  if (counts.masked != 0) Add(of.masked, counts.masked);
}

void LookupMetrics::CountRequest(LookupMethod method, absl::StatusCode code,
                                 absl::Duration duration) {
  OfMethod& of = methods_[static_cast<size_t>(method)];
  const size_t number = static_cast<size_t>(code);
  Add(of.requests[number < kCodes ? number : static_cast<size_t>(absl::StatusCode::kUnknown)], 1);
  if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
  const double seconds = absl::ToDoubleSeconds(duration);
  size_t bucket = 0;
  for (double bound = kFirstBucket_s; bucket < kBuckets && seconds > bound; bound *= 2) ++bucket;
  Add(of.durations[bucket], 1);
  Add(of.nanoseconds, static_cast<uint64_t>(absl::ToInt64Nanoseconds(duration)));
}

std::vector<MetricFamily> LookupMetrics::Collect() const {
  return {Answers(), Masked(), Requests(), Durations()};
}

MetricFamily LookupMetrics::Answers() const {
  MetricFamily family =
      Family("cloister_lookups_total", "Objects answered, by method and status of the answer.",
             prometheus::MetricType::Counter);
  using reputation::AnswerStatus;
  for (size_t m = 0; m < kMethods; ++m) {
    for (AnswerStatus status : {AnswerStatus::kListed, AnswerStatus::kNotListed,
                                AnswerStatus::kNotCovered, AnswerStatus::kPartial}) {
      family.metric.push_back(Counter(kMethodNames[m], "status",
                                      std::string(reputation::AnswerStatusName(status)),
                                      Read(methods_[m].answers[static_cast<size_t>(status)])));
    }
  }
  return family;
}

MetricFamily LookupMetrics::Masked() const {
  MetricFamily family =
      Family("cloister_masked_answers_total",
             "Objects answered without a feed's record that lists a protected object, by method.",
             prometheus::MetricType::Counter);
  for (size_t m = 0; m < kMethods; ++m) {
    ClientMetric metric;
    metric.label = {{"method", kMethodNames[m]}};
    metric.counter.value = static_cast<double>(Read(methods_[m].masked));
    family.metric.push_back(std::move(metric));
  }
  return family;
}

MetricFamily LookupMetrics::Requests() const {
  MetricFamily family =
      Family("cloister_requests_total", "Calls by method and canonical status code.",
             prometheus::MetricType::Counter);
  for (size_t m = 0; m < kMethods; ++m) {
    for (size_t code = 0; code < kCodes; ++code) {
      family.metric.push_back(Counter(
          kMethodNames[m], "code",
          absl::AsciiStrToLower(absl::StatusCodeToString(static_cast<absl::StatusCode>(code))),
          Read(methods_[m].requests[code])));
    }
  }
  return family;
}

MetricFamily LookupMetrics::Durations() const {
  MetricFamily family = Family("cloister_request_duration_seconds",
                               "Time from the decoded request to the finished answer.",
                               prometheus::MetricType::Histogram);
  for (size_t m = 0; m < kMethods; ++m) {
    ClientMetric metric;
    metric.label = {{"method", kMethodNames[m]}};
    uint64_t cumulative = 0;
    double bound = kFirstBucket_s;
    for (size_t i = 0; i <= kBuckets; ++i, bound *= 2) {
      cumulative += Read(methods_[m].durations[i]);
      metric.histogram.bucket.push_back(
          {.cumulative_count = cumulative,
           .upper_bound = i < kBuckets ? bound : std::numeric_limits<double>::infinity()});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = static_cast<double>(Read(methods_[m].nanoseconds)) * 1e-9;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace cloister::server
