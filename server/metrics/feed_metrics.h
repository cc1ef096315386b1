// What is served just now, read when somebody asks.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"
#include "server/updates/feed_reports.h"
#include "storage/store/generation.h"

namespace cloister::server {

// cloister_generation                        rises with every change of what is served
// cloister_overrides                         overrides in force
// cloister_feed_version{feed}                0 if none serves
// cloister_feed_records{feed}
// cloister_feed_data_age_seconds{feed}       since the publisher vouched for the data
// cloister_feed_expiry_timestamp_seconds{feed}
// cloister_feed_update_refused{feed}         1 while the last update stands refused
// cloister_tls_certificate_expiry_timestamp_seconds
//
// Thread-safe. Feeds without data have no age and no expiry.
class FeedMetrics : public prometheus::Collectable {
 public:
  // Pointers must outlive this object. `certificate` is the server's; empty where TLS is off.
  FeedMetrics(const storage::ReputationReader* reader, const FeedReports* reports,
              std::string certificate, std::function<absl::Time()> clock);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const storage::ReputationReader* reader_;
  const FeedReports* reports_;
  std::string certificate_;
  std::function<absl::Time()> clock_;
};

}  // namespace cloister::server
