#include "server/updates/background_work.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace cloister::server {
namespace {

constexpr int kNice = 10;
constexpr absl::Duration kLongestRest = absl::Milliseconds(100);
constexpr absl::Duration kPauseAfterFailure = absl::Minutes(10);

}  // namespace

void BackgroundRounds::Run() {
  for (const Feed& feed : feeds_) {
    if (cancelled_.HasBeenNotified()) return;
    if (feed.gate->MaskedCountIsDue()) CountMasked(feed.gate);
    if (cancelled_.HasBeenNotified()) return;
    if (options_.store->ServedDeltas(feed.gate->feed()) > kMaxServedDeltas) Fold(feed);
  }
}

// Rests three times as long as it works: it takes no more than a quarter of one processor.
void BackgroundRounds::CountMasked(FeedGate* gate) {
  absl::Time begun = options_.clock();
  gate->CountMasked([this, &begun] {
    if (cancelled_.HasBeenNotified()) return absl::AbortedError("the server is being stopped");
    const absl::Duration worked = options_.clock() - begun;
    cancelled_.WaitForNotificationWithTimeout(
        std::clamp(3 * worked, absl::ZeroDuration(), kLongestRest));
    begun = options_.clock();
    return absl::OkStatus();
  });
}

void BackgroundRounds::Fold(const Feed& feed) {
  const std::string& name = feed.gate->feed();
  const absl::Time start = options_.clock();
  auto next = next_fold_.find(name);
  // A clock set back must not stretch the pause.
  if (next != next_fold_.end() && start < next->second &&
      next->second - start <= kPauseAfterFailure) {
    return;
  }
  const auto progress = [this](const storage::StoreProgress&) {
    return cancelled_.HasBeenNotified() ? absl::AbortedError("the server is being stopped")
                                        : absl::OkStatus();
  };
  absl::StatusOr<std::vector<storage::VersionPack>> folded =
      options_.store->Fold(name, options_.fold_bytes_per_second, progress);
  absl::Status status = folded.status();
  if (folded.ok() && !folded->empty()) {
    status = feed.chains->RememberFolded(folded->back().to_version, *folded);
    // Until now a delta had nothing to go on from, and may have been refused for it.
    feed.gate->RequestTakeAgain();
  }
  // Another version served meanwhile, or the end: neither is a failure.
  if (absl::IsAborted(status)) return;
  if (!status.ok()) next_fold_[name] = start + kPauseAfterFailure;
  options_.observer->OnFolded(name, status, options_.clock() - start);
}

BackgroundWork::BackgroundWork(BackgroundRounds* rounds, absl::Duration interval)
    : rounds_(rounds), interval_(interval), thread_([this] { Run(); }) {}

BackgroundWork::~BackgroundWork() {
  rounds_->Cancel();
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void BackgroundWork::Run() {
  // Of this thread alone, on Linux. If it is not allowed the work is done all the same.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, kNice));
  while (true) {
    rounds_->Run();
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), interval_)) return;
  }
}

}  // namespace cloister::server
