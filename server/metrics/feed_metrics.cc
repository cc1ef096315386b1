#include "server/metrics/feed_metrics.h"

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "prometheus/client_metric.h"
#include "server/auth/tls_credentials.h"

namespace cloister::server {
namespace {

using prometheus::MetricFamily;

MetricFamily Gauge(const char* name, const char* help) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  return family;
}

void Add(double value, MetricFamily* family) {
  family->metric.emplace_back();
  family->metric.back().gauge.value = value;
}

void Add(const std::string& feed, double value, MetricFamily* family) {
  Add(value, family);
  family->metric.back().label = {{"feed", feed}};
}

double UnixSeconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

}  // namespace

FeedMetrics::FeedMetrics(const storage::ReputationReader* reader, const FeedReports* reports,
                         std::string certificate, std::function<absl::Time()> clock)
    : reader_(reader),
      reports_(reports),
      certificate_(std::move(certificate)),
      clock_(std::move(clock)) {}

std::vector<MetricFamily> FeedMetrics::Collect() const {
  const std::shared_ptr<const storage::Generation> generation = reader_->Current();
  const absl::Time now = clock_();
  MetricFamily number = Gauge("cloister_generation", "Rises with every change of what is served.");
  MetricFamily overrides = Gauge("cloister_overrides", "Number of overrides.");
  MetricFamily version = Gauge("cloister_feed_version", "Version served; 0 if none is.");
  MetricFamily records = Gauge("cloister_feed_records", "Records served, labels apart.");
  MetricFamily age = Gauge("cloister_feed_data_age_seconds",
                           "Seconds since the feed's publisher last vouched for its data.");
  MetricFamily expiry = Gauge("cloister_feed_expiry_timestamp_seconds",
                              "When the publisher's word lapses, seconds since 1970.");
  MetricFamily refused = Gauge("cloister_feed_update_refused",
                               "1 while the last update of the feed stands refused, else 0.");
  Add(static_cast<double>(generation->number()), &number);
  Add(static_cast<double>(generation->override_count()), &overrides);
  for (const storage::ServedFeed& feed : generation->feeds()) {
    const FeedReport report = reports_->Of(feed.feed);
    Add(feed.feed, static_cast<double>(feed.version), &version);
    Add(feed.feed, static_cast<double>(feed.records), &records);
    if (feed.version != 0) {
      Add(feed.feed, absl::ToDoubleSeconds(now - feed.published), &age);
    }
    if (report.expires > absl::UnixEpoch()) Add(feed.feed, UnixSeconds(report.expires), &expiry);
    Add(feed.feed, report.refusal.ok() ? 0 : 1, &refused);
  }
  MetricFamily certificate = Gauge("cloister_tls_certificate_expiry_timestamp_seconds",
                                   "When the server's certificate expires, seconds since 1970.");
  if (!certificate_.empty()) {
    absl::StatusOr<absl::Time> expires = CertificateExpiry(certificate_);
    if (expires.ok()) Add(UnixSeconds(*expires), &certificate);
  }
  return {number, overrides, version, records, age, expiry, refused, certificate};
}

}  // namespace cloister::server
