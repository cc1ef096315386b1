#include "server/daemon/update_reporter.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/reject_reason.h"

namespace cloister::server {
namespace {

using Level = EventLog::Level;

std::string Utc(absl::Time time) { return absl::FormatTime(time, absl::UTCTimeZone()); }

std::string Seconds(absl::Duration duration) {
  return absl::StrCat(absl::ToDoubleSeconds(duration));
}

std::string Cause(const absl::Status& status) {
  return std::string(reputation::MessageWithoutReason(status));
}

// What an operator can do about a version that waits.
const char* Mend(HoldReason reason) {
  switch (reason) {
    case HoldReason::kManual:
    case HoldReason::kMassChange:
      return "look at what it changes (cloister feeds diff), then cloister feeds accept or reject";
    case HoldReason::kHoldOff:
      return "it serves by itself when the time is over";
    case HoldReason::kPinned:
      return "cloister feeds unpin lets updates go on";
    case HoldReason::kRejected:
    case HoldReason::kNone:
      break;
  }
  return "";
}

}  // namespace

void UpdateReporter::OnTaken(const std::string& feed, const UpdateOutcome& outcome,
                             absl::Duration duration) {
  ReportSetbacks(feed, outcome);
  ReportRefusalGone(feed, outcome);
  options_.metrics->CountTaken(feed, duration);
  options_.log->Write(Level::kInfo, "update taken",
                      {{"feed", feed},
                       {"version", absl::StrCat(outcome.version)},
                       {"seconds", Seconds(duration)},
                       {"expires", Utc(outcome.expires)}});
  if (outcome.expired) {
    options_.log->Write(Level::kWarning, "update has expired, taken as configured",
                        {{"feed", feed}, {"setting", "[updates] accept_expired_days"}});
  }
}

void UpdateReporter::OnHeld(const std::string& feed, const UpdateOutcome& outcome) {
  ReportSetbacks(feed, outcome);
  ReportRefusalGone(feed, outcome);
  if (!outcome.is_new) return;
  options_.log->Write(Level::kWarning, "update waits",
                      {{"feed", feed},
                       {"version", absl::StrCat(outcome.version)},
                       {"reason", std::string(HoldReasonName(outcome.reason))},
                       {"mend", Mend(outcome.reason)}});
}

void UpdateReporter::OnRefused(const std::string& feed, const UpdateOutcome& outcome) {
  ReportSetbacks(feed, outcome);
  options_.metrics->CountRefused(feed, outcome.status);
  options_.reports->SetRefused(feed, outcome.status, options_.clock(), outcome.expires);
  options_.log->Write(Level::kError, "update refused",
                      {{"feed", feed},
                       {"reason", RejectionName(outcome.status)},
                       {"cause", Cause(outcome.status)}});
}

void UpdateReporter::OnMended(const std::string& feed, const UpdateOutcome& outcome) {
  options_.reports->ClearRefusal(feed, outcome.expires);
  options_.log->Write(Level::kInfo, "what was refused is gone", {{"feed", feed}});
}

void UpdateReporter::OnServing(const std::string& feed, uint64_t version, absl::Time since,
                               absl::string_view cause) {
  options_.reports->SetServing(feed, version, since);
  if (cause == "rollback") options_.metrics->CountRollback(feed);
  options_.on_serving();  // before it is logged: who reads the log may rely on it
  if (cause == "update") return;
  options_.log->Write(
      Level::kInfo, "version serves",
      {{"feed", feed}, {"version", absl::StrCat(version)}, {"cause", std::string(cause)}});
}

void UpdateReporter::OnPending(const std::string& feed, uint64_t /*version*/, HoldReason reason) {
  options_.metrics->SetPending(feed, reason);
}

void UpdateReporter::OnChecked(const std::string& feed, const ChangeSummary& changes,
                               absl::Duration took) {
  options_.metrics->ObserveCheck(feed, took);
  if (changes.total() == 0) return;
  options_.log->Write(Level::kInfo, "update compared with what serves",
                      {{"feed", feed},
                       {"changes", absl::StrJoin(changes.Lines(), "; ")},
                       {"seconds", Seconds(took)}});
}

void UpdateReporter::OnMasked(const std::string& feed, uint64_t records,
                              const std::vector<std::string>& examples) {
  options_.metrics->SetMasked(feed, records);
  if (records == 0) return;
  options_.log->Write(Level::kWarning, "records that list protected objects are masked",
                      {{"feed", feed},
                       {"records", absl::StrCat(records)},
                       {"examples", absl::StrJoin(examples, ", ")}});
}

void UpdateReporter::OnDecisionFailed(const std::string& feed, const absl::Status& status) {
  options_.log->Write(
      Level::kError, "version cannot be served, trying again",
      {{"feed", feed}, {"reason", RejectionName(status)}, {"cause", Cause(status)}});
}

void UpdateReporter::OnExpiry(const std::string& feed, absl::Time expires, bool expired) {
  options_.metrics->SetExpired(feed, expired);
  if (!expired) return;
  options_.log->Write(Level::kWarning, "feed has expired",
                      {{"feed", feed},
                       {"expired", Utc(expires)},
                       {"mend", "what serves goes on serving; see that updates arrive"}});
}

void UpdateReporter::OnDamage(const std::string& feed, bool damaged) {
  options_.metrics->SetDamaged(feed, damaged);
  if (damaged) {
    options_.log->Write(Level::kError, "part of a feed cannot be read, building it anew",
                        {{"feed", feed}});
  } else {
    options_.log->Write(Level::kInfo, "feed is whole again", {{"feed", feed}});
  }
}

void UpdateReporter::OnRebuilt(const std::string& feed,
                               const absl::StatusOr<storage::RebuildReport>& result) {
  if (!result.ok()) {
    options_.metrics->CountRebuild(feed, "failed");
    options_.log->Write(Level::kError, "feed could not be built anew",
                        {{"feed", feed}, {"cause", Cause(result.status())}});
    return;
  }
  options_.metrics->CountRebuild(feed, result->complete ? "complete" : "partial");
  options_.log->Write(result->complete ? Level::kInfo : Level::kError, "feed was built anew",
                      {{"feed", feed},
                       {"version", absl::StrCat(result->version)},
                       {"complete", result->complete ? "yes" : "no"},
                       {"quarantined", absl::StrJoin(result->quarantined, " ")}});
}

void UpdateReporter::OnFolded(const std::string& feed, const absl::Status& status,
                              absl::Duration took) {
  options_.metrics->CountFold(feed, status.ok() ? "done" : "failed");
  if (status.ok()) {
    options_.log->Write(Level::kInfo, "deltas folded into a snapshot",
                        {{"feed", feed}, {"seconds", Seconds(took)}});
  } else {
    options_.log->Write(Level::kError, "deltas could not be folded, trying again later",
                        {{"feed", feed}, {"cause", Cause(status)}});
  }
}

void UpdateReporter::ReportSetbacks(const std::string& feed, const UpdateOutcome& outcome) {
  for (const absl::Status& setback : outcome.setbacks) {
    options_.metrics->CountRefused(feed, setback);
    options_.log->Write(
        Level::kWarning, "deltas refused, trying a snapshot",
        {{"feed", feed}, {"reason", RejectionName(setback)}, {"cause", Cause(setback)}});
  }
}

void UpdateReporter::ReportRefusalGone(const std::string& feed, const UpdateOutcome& outcome) {
  if (outcome.standing.ok()) {
    options_.reports->ClearRefusal(feed, outcome.expires);
  } else {
    options_.reports->SetRefused(feed, outcome.standing, options_.clock(), outcome.expires);
  }
}

}  // namespace cloister::server
