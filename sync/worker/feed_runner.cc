#include "sync/worker/feed_runner.h"

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "reputation/reject_reason.h"
#include "sync/worker/log.h"
#include "sync/worker/schedule.h"

namespace cloister::worker {

CycleOptions CycleOptionsFor(const Configuration& configuration, const FeedConfiguration& feed) {
  CycleOptions options;
  options.feed = feed.name;
  options.root = feed.root;
  options.spool_directory = configuration.spool_directory;
  options.state_directory = absl::StrCat(configuration.state_directory, "/", feed.name);
  options.reserve_bytes = configuration.reserve_bytes;
  options.scrub_interval = configuration.scrub_interval;
  options.mirror_directory = configuration.mirror_directory;
  options.mirror_all = configuration.mirror_all;
  return options;
}

std::string Describe(const CycleResult& result) {
  switch (result.outcome) {
    case CycleResult::Outcome::kUnchanged:
      return absl::StrCat("version ", result.version, " unchanged");
    case CycleResult::Outcome::kRefreshed:
      return absl::StrCat("version ", result.version, " vouched for anew");
    case CycleResult::Outcome::kHandedOver:
      return absl::StrCat("version ", result.version, " handed over (", result.packs_fetched,
                          " packs, ", result.bytes_fetched, " bytes fetched)");
  }
  return "";
}

FeedRunner::FeedRunner(const Configuration& configuration, const FeedConfiguration& feed,
                       FeedStatus status, const StopFlag* stop)
    : feed_(feed),
      sources_(feed, stop->fd()),
      cycle_(CycleOptionsFor(configuration, feed)),
      stop_(stop),
      status_(std::move(status)) {
  status_.feed = feed.name;
}

// More and more rarely while one stays away: the status tells it always.
void FeedRunner::LogSourcesThatFailed() const {
  for (const SourceStatus& source : status_.sources) {
    const bool power_of_two = (source.failures & (source.failures - 1)) == 0;
    if (source.last_error.ok() || !power_of_two) continue;
    Log(Severity::kWarning, "source_failed",
        {{"feed", feed_.name},
         {"source", source.source},
         {"reason", ErrorReason(source.last_error)},
         {"failures", absl::StrCat(source.failures)},
         {"message", std::string(reputation::MessageWithoutReason(source.last_error))}});
  }
}

void FeedRunner::Succeeded(const SourcesResult& run, absl::Time now) {
  const CycleResult& result = run.result;
  status_.last_result = result;
  status_.source = run.source;
  status_.last_success = now;
  status_.failures = 0;
  const bool news = result.outcome == CycleResult::Outcome::kHandedOver;
  Log(news ? Severity::kInfo : Severity::kDebug, std::string(OutcomeName(result.outcome)),
      {{"feed", feed_.name},
       {"version", absl::StrCat(result.version)},
       {"timestamp_version", absl::StrCat(result.timestamp_version)},
       {"packs_fetched", absl::StrCat(result.packs_fetched)},
       {"bytes_fetched", absl::StrCat(result.bytes_fetched)},
       {"source", run.source}});
  if (result.packs_rotten > 0) {
    Log(Severity::kWarning, "packs_rotten",
        {{"feed", feed_.name},
         {"packs", absl::StrCat(result.packs_rotten)},
         {"message",
          "packs on this disk had other bytes than were handed over, and were "
          "fetched again; look at the disk"}});
  }
  if (!result.mirrored.ok() && !absl::IsCancelled(result.mirrored)) {
    status_.last_error = result.mirrored;
    status_.last_error_time = now;
    Log(Severity::kError, "mirror_failed",
        {{"feed", feed_.name},
         {"reason", ErrorReason(result.mirrored)},
         {"message", std::string(reputation::MessageWithoutReason(result.mirrored))}});
  }
}

void FeedRunner::Failed(const absl::Status& error, absl::Time now) {
  status_.last_error = error;
  status_.last_error_time = now;
  status_.failures += 1;
  Log(Severity::kWarning, "refused",
      {{"feed", feed_.name},
       {"reason", ErrorReason(error)},
       {"failures", absl::StrCat(status_.failures)},
       {"message", std::string(reputation::MessageWithoutReason(error))}});
}

absl::Status FeedRunner::RunOnce() {
  const absl::Time now = absl::Now();
  absl::StatusOr<SourcesResult> result = sources_.Run(cycle_, now);
  if (absl::IsCancelled(result.status())) return absl::OkStatus();
  status_.sources = sources_.status();
  // Of a feed's only source the refusal itself says everything.
  if (result.ok() || status_.sources.size() > 1) LogSourcesThatFailed();
  if (result.ok()) {
    Succeeded(*result, now);
  } else {
    Failed(result.status(), now);
  }
  return result.status();
}

void FeedRunner::RunUntilStopped(const std::function<void(const FeedStatus&)>& changed) {
  absl::BitGen random;
  absl::Duration delay = absl::ZeroDuration();
  while (!stop_->WaitFor(delay)) {
    RunOnce().IgnoreError();  // told in status_
    const absl::Duration minimum = status_.last_result.has_value()
                                       ? status_.last_result->minimum_poll_interval
                                       : absl::ZeroDuration();
    delay = NextDelay({feed_.poll_interval, minimum, status_.failures, sources_.Wait(absl::Now())},
                      absl::Uniform(random, 0.0, 1.0));
    status_.next_try = absl::Now() + delay;
    changed(status_);
  }
}

}  // namespace cloister::worker
