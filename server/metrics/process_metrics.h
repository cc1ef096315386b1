// The process itself, under the names that Prometheus clients agree on.

#pragma once

#include <vector>

#include "absl/time/time.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace cloister::server {

// process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds, process_max_fds,
// process_start_time_seconds. Thread-safe.
class ProcessMetrics : public prometheus::Collectable {
 public:
  explicit ProcessMetrics(absl::Time started_at) : started_at_(started_at) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  absl::Time started_at_;
};

}  // namespace cloister::server
