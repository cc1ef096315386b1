// How updates fare, by feed.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "prometheus/registry.h"

namespace cloister::server {

// cloister_updates_total{feed}                    updates taken
// cloister_update_rejections_total{feed,reason}   updates refused, every reason from the start
// cloister_update_duration_seconds{feed}          from the look at the spool to serving
//
// Thread-safe.
class UpdateMetrics {
 public:
  UpdateMetrics(prometheus::Registry* registry, const std::vector<std::string>& feeds);

  void CountTaken(const std::string& feed, absl::Duration duration);
  void CountRefused(const std::string& feed, const absl::Status& status);

 private:
  struct OfFeed {
    prometheus::Counter* taken = nullptr;
    prometheus::Histogram* duration = nullptr;
    std::map<std::string, prometheus::Counter*> refused = {};  // by reason
  };

  std::map<std::string, OfFeed> feeds_;
};

// The name of the reason that `status` carries: also what is logged and told to operators.
std::string RejectionName(const absl::Status& status);

}  // namespace cloister::server
