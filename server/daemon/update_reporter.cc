#include "server/daemon/update_reporter.h"

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::server {

void UpdateReporter::OnTaken(const std::string& feed, const UpdateOutcome& outcome,
                             absl::Duration duration) {
  ReportSetbacks(feed, outcome);
  options_.metrics->CountTaken(feed, duration);
  options_.reports->SetServing(feed, outcome.version, options_.clock());
  options_.reports->ClearRefusal(feed, outcome.expires);
  options_.on_taken();  // before it is logged: who reads the log may rely on it
  options_.log->Write(EventLog::Level::kInfo, "update taken",
                      {{"feed", feed},
                       {"version", absl::StrCat(outcome.version)},
                       {"seconds", absl::StrCat(absl::ToDoubleSeconds(duration))},
                       {"expires", absl::FormatTime(outcome.expires, absl::UTCTimeZone())}});
  if (outcome.expired) {
    options_.log->Write(EventLog::Level::kWarning, "update has expired, taken as configured",
                        {{"feed", feed}, {"setting", "[updates] accept_expired_days"}});
  }
}

void UpdateReporter::OnRefused(const std::string& feed, const UpdateOutcome& outcome) {
  ReportSetbacks(feed, outcome);
  options_.metrics->CountRefused(feed, outcome.status);
  options_.reports->SetRefused(feed, outcome.status, options_.clock(), outcome.expires);
  options_.log->Write(EventLog::Level::kError, "update refused",
                      {{"feed", feed},
                       {"reason", RejectionName(outcome.status)},
                       {"cause", std::string(reputation::MessageWithoutReason(outcome.status))}});
}

void UpdateReporter::ReportSetbacks(const std::string& feed, const UpdateOutcome& outcome) {
  for (const absl::Status& setback : outcome.setbacks) {
    options_.metrics->CountRefused(feed, setback);
    options_.log->Write(EventLog::Level::kWarning, "deltas refused, trying a snapshot",
                        {{"feed", feed},
                         {"reason", RejectionName(setback)},
                         {"cause", std::string(reputation::MessageWithoutReason(setback))}});
  }
}

}  // namespace cloister::server
