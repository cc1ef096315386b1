#include "sync/worker/feed_runner.h"

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "reputation/reject_reason.h"
#include "sync/worker/log.h"
#include "sync/worker/schedule.h"
#include "sync/worker/source.h"

namespace cloister::worker {
namespace {

CycleOptions OptionsFor(const Configuration& configuration, const FeedConfiguration& feed) {
  CycleOptions options;
  options.feed = feed.name;
  options.root = feed.root;
  options.spool_directory = configuration.spool_directory;
  options.state_directory = absl::StrCat(configuration.state_directory, "/", feed.name);
  options.reserve_bytes = configuration.reserve_bytes;
  return options;
}

}  // namespace

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
                       const StopFlag* stop)
    : feed_(feed), cycle_(OptionsFor(configuration, feed)), stop_(stop) {
  status_.feed = feed.name;
}

absl::StatusOr<CycleResult> FeedRunner::Fetch(absl::Time now) {
  auto source = OpenSource(feed_, stop_->fd());
  if (!source.ok()) return source.status();
  return cycle_.Run(**source, now);
}

void FeedRunner::Succeeded(const CycleResult& result, absl::Time now) {
  status_.last_result = result;
  status_.last_success = now;
  status_.failures = 0;
  const bool news = result.outcome == CycleResult::Outcome::kHandedOver;
  Log(news ? Severity::kInfo : Severity::kDebug, std::string(OutcomeName(result.outcome)),
      {{"feed", feed_.name},
       {"version", absl::StrCat(result.version)},
       {"timestamp_version", absl::StrCat(result.timestamp_version)},
       {"packs_fetched", absl::StrCat(result.packs_fetched)},
       {"bytes_fetched", absl::StrCat(result.bytes_fetched)}});
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
  absl::StatusOr<CycleResult> result = Fetch(now);
  if (absl::IsCancelled(result.status())) return absl::OkStatus();
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
    delay = NextDelay({feed_.poll_interval, minimum, status_.failures},
                      absl::Uniform(random, 0.0, 1.0));
    status_.next_try = absl::Now() + delay;
    changed(status_);
  }
}

}  // namespace cloister::worker
