#include "server/updates/spool_watcher.h"

#include <algorithm>
#include <utility>

namespace cloister::server {
namespace {

constexpr absl::Duration kFirstRebuildPause = absl::Minutes(1);
constexpr absl::Duration kLongestRebuildPause = absl::Hours(1);

// The first rebuild finds what is rotten, and the spool is asked for it; the second uses what came.
absl::Duration PauseAfter(int rebuilds) {
  if (rebuilds < 2) return absl::ZeroDuration();
  const int doublings = std::min(rebuilds - 2, 10);
  return std::min(kFirstRebuildPause * (1 << doublings), kLongestRebuildPause);
}

}  // namespace

SpoolRounds::SpoolRounds(std::vector<Feed> feeds, Options options) : options_(std::move(options)) {
  for (Feed& feed : feeds) feeds_.push_back(Watched{.feed = std::move(feed)});
}

void SpoolRounds::Run(const std::function<bool()>& stop) {
  const std::vector<std::string> damaged = options_.store->DamagedFeeds();
  for (Watched& watched : feeds_) {
    if (stop()) return;
    Poll(watched);
    TellExpiry(watched);
    const std::string& name = watched.feed.updater->feed();
    MendDamage(watched, std::find(damaged.begin(), damaged.end(), name) != damaged.end());
  }
}

void SpoolRounds::Poll(Watched& watched) {
  FeedUpdater& feed = *watched.feed.updater;
  const absl::Time start = options_.clock();
  const UpdateOutcome outcome = feed.Poll(start);
  switch (outcome.kind) {
    case UpdateOutcome::Kind::kNothing:
      break;
    case UpdateOutcome::Kind::kAccepted:
      options_.observer->OnTaken(feed.feed(), outcome, options_.clock() - start);
      break;
    case UpdateOutcome::Kind::kHeld:
      options_.observer->OnHeld(feed.feed(), outcome);
      break;
    case UpdateOutcome::Kind::kRefused:
      options_.observer->OnRefused(feed.feed(), outcome);
      break;
    case UpdateOutcome::Kind::kMended:
      options_.observer->OnMended(feed.feed(), outcome);
      break;
  }
}

void SpoolRounds::TellExpiry(Watched& watched) {
  const absl::Time expires = watched.feed.updater->expires();
  // Without a word there is nothing to lapse.
  const bool expired = expires != absl::InfinitePast() && expires <= options_.clock();
  if (expired == watched.told_expired) return;
  watched.told_expired = expired;
  options_.observer->OnExpiry(watched.feed.updater->feed(), expires, expired);
}

void SpoolRounds::MendDamage(Watched& watched, bool damaged) {
  FeedGate& gate = *watched.feed.gate;
  const absl::Time now = options_.clock();
  // A clock set back must not stretch the pause.
  const bool due = now >= watched.next_rebuild || watched.next_rebuild - now > kLongestRebuildPause;
  if (!damaged) {
    watched.rebuilds = 0;
    watched.next_rebuild = absl::InfinitePast();
  } else if (due) {
    if (!std::exchange(watched.told_damaged, true)) {
      options_.observer->OnDamage(gate.feed(), true);
    }
    // What it came to is told by the gate.
    gate.Rebuild({.actor = "cloisterd", .reason = "part of it could not be read"}).IgnoreError();
    watched.next_rebuild = now + PauseAfter(++watched.rebuilds);
  }
  const bool is_damaged = gate.State().damaged;
  if (is_damaged == watched.told_damaged) return;
  watched.told_damaged = is_damaged;
  options_.observer->OnDamage(gate.feed(), is_damaged);
}

SpoolWatcher::SpoolWatcher(SpoolRounds rounds, absl::Duration poll_interval)
    : rounds_(std::move(rounds)), poll_interval_(poll_interval), thread_([this] { Run(); }) {}

SpoolWatcher::~SpoolWatcher() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void SpoolWatcher::Run() {
  while (true) {
    rounds_.Run([this] { return StopRequested(); });
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), poll_interval_)) return;
  }
}

bool SpoolWatcher::StopRequested() {
  absl::MutexLock lock(&mutex_);
  return stop_;
}

}  // namespace cloister::server
