// Tells log, metrics and operators how updates fare.

#pragma once

#include <functional>
#include <string>

#include "server/log/event_log.h"
#include "server/updates/feed_reports.h"
#include "server/updates/spool_watcher.h"
#include "server/updates/update_metrics.h"

namespace cloister::server {

class UpdateReporter : public UpdateObserver {
 public:
  struct Options {
    const EventLog* log = nullptr;
    UpdateMetrics* metrics = nullptr;
    FeedReports* reports = nullptr;
    std::function<absl::Time()> clock;
    std::function<void()> on_taken;  // called after an update began to serve
  };

  // Pointers must outlive the reporter.
  explicit UpdateReporter(Options options) : options_(std::move(options)) {}

  void OnTaken(const std::string& feed, const UpdateOutcome& outcome,
               absl::Duration duration) override;
  void OnRefused(const std::string& feed, const UpdateOutcome& outcome) override;

 private:
  void ReportSetbacks(const std::string& feed, const UpdateOutcome& outcome);

  Options options_;
};

}  // namespace cloister::server
