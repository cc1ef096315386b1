#include "server/updates/spool_watcher.h"

#include <utility>

namespace cloister::server {

SpoolWatcher::SpoolWatcher(std::vector<std::unique_ptr<FeedUpdater>> feeds,
                           UpdateObserver* observer, Options options)
    : feeds_(std::move(feeds)),
      observer_(observer),
      options_(std::move(options)),
      thread_([this] { Run(); }) {}

SpoolWatcher::~SpoolWatcher() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void SpoolWatcher::Run() {
  while (true) {
    PollAll();
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), options_.poll_interval)) return;
  }
}

void SpoolWatcher::PollAll() {
  for (const std::unique_ptr<FeedUpdater>& feed : feeds_) {
    if (StopRequested()) return;
    const absl::Time start = options_.clock();
    const UpdateOutcome outcome = feed->Poll(start);
    switch (outcome.kind) {
      case UpdateOutcome::Kind::kNothing:
        break;
      case UpdateOutcome::Kind::kAccepted:
        observer_->OnTaken(feed->feed(), outcome, options_.clock() - start);
        break;
      case UpdateOutcome::Kind::kRefused:
        observer_->OnRefused(feed->feed(), outcome);
        break;
    }
  }
}

bool SpoolWatcher::StopRequested() {
  absl::MutexLock lock(&mutex_);
  return stop_;
}

}  // namespace cloister::server
