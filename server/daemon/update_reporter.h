// Tells log, metrics and operators how updates fare.

#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/log/event_log.h"
#include "server/updates/feed_reports.h"
#include "server/updates/feed_updater.h"
#include "server/updates/update_metrics.h"
#include "server/updates/update_observer.h"

namespace cloister::server {

class UpdateReporter : public UpdateObserver {
 public:
  struct Options {
    const EventLog* log = nullptr;
    UpdateMetrics* metrics = nullptr;
    FeedReports* reports = nullptr;
    std::function<absl::Time()> clock;
    std::function<void()> on_serving;  // called after another version began to serve
  };

  // Pointers must outlive the reporter.
  explicit UpdateReporter(Options options) : options_(std::move(options)) {}

  void OnTaken(const std::string& feed, const UpdateOutcome& outcome,
               absl::Duration duration) override;
  void OnHeld(const std::string& feed, const UpdateOutcome& outcome) override;
  void OnRefused(const std::string& feed, const UpdateOutcome& outcome) override;
  void OnMended(const std::string& feed, const UpdateOutcome& outcome) override;
  void OnServing(const std::string& feed, uint64_t version, absl::Time since,
                 absl::string_view cause) override;
  void OnPending(const std::string& feed, uint64_t version, HoldReason reason) override;
  void OnChecked(const std::string& feed, const ChangeSummary& changes,
                 absl::Duration took) override;
  void OnMasked(const std::string& feed, uint64_t records,
                const std::vector<std::string>& examples) override;
  void OnDecisionFailed(const std::string& feed, const absl::Status& status) override;
  void OnExpiry(const std::string& feed, absl::Time expires, bool expired) override;
  void OnDamage(const std::string& feed, bool damaged) override;
  void OnRebuilt(const std::string& feed,
                 const absl::StatusOr<storage::RebuildReport>& result) override;
  void OnFolded(const std::string& feed, const absl::Status& status, absl::Duration took) override;

 private:
  void ReportSetbacks(const std::string& feed, const UpdateOutcome& outcome);
  void ReportRefusalGone(const std::string& feed, const UpdateOutcome& outcome);

  Options options_;
};

}  // namespace cloister::server
