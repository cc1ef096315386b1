// Counts of lookups. Nothing about what was asked.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prometheus/collectable.h"
#include "server/lookup/answerer.h"

namespace cloister::server {

enum class LookupMethod { kLookup = 0, kBatchLookup = 1 };

// cloister_lookups_total{method,status}       objects answered
// cloister_masked_answers_total{method}       of those, passed over a record of a protected object
// cloister_requests_total{method,code}        calls by canonical status code
// cloister_request_duration_seconds{method}   time in the server
//
// Thread-safe; counting takes no lock, for it is on the way of every lookup.
class LookupMetrics : public prometheus::Collectable {
 public:
  void CountAnswers(LookupMethod method, const AnswerCounts& counts);
  void CountRequest(LookupMethod method, absl::StatusCode code, absl::Duration duration);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  static constexpr size_t kMethods = 2;
  static constexpr size_t kCodes = 17;
  // Doubling from 25 us, a quarter of what a call takes on a quiet loopback, to 102 ms; from
  // there on it only matters that it was too long.
  static constexpr size_t kBuckets = 13;
  static constexpr double kFirstBucket_s = 25e-6;

  using Count = std::atomic<uint64_t>;
  struct OfMethod {
    std::array<Count, 6> answers{};
    Count masked{0};
    std::array<Count, kCodes> requests{};
    std::array<Count, kBuckets + 1> durations{};
    Count nanoseconds{0};
  };

  prometheus::MetricFamily Answers() const;
  prometheus::MetricFamily Masked() const;
  prometheus::MetricFamily Requests() const;
  prometheus::MetricFamily Durations() const;

  std::array<OfMethod, kMethods> methods_;
};

}  // namespace cloister::server
