// The one thread for what may take its time: folding long chains of deltas, and counting which
// records are masked. It gives way to whatever else the machine has to do.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "server/updates/feed_gate.h"
#include "server/updates/known_chains.h"
#include "server/updates/update_observer.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Feeds that serve more deltas than this are folded.
inline constexpr uint32_t kMaxServedDeltas = 8;

// Not thread-safe, but one other thread may call Cancel.
class BackgroundRounds {
 public:
  struct Feed {
    FeedGate* gate = nullptr;
    KnownChains* chains = nullptr;
  };
  struct Options {
    storage::ReputationStore* store = nullptr;
    UpdateObserver* observer = nullptr;
    std::function<absl::Time()> clock;
    uint64_t fold_bytes_per_second = 0;  // 0: no limit
  };

  // Pointers must outlive this object.
  BackgroundRounds(std::vector<Feed> feeds, Options options)
      : feeds_(std::move(feeds)), options_(std::move(options)) {}

  // Does what is due, one feed after the other.
  void Run();

  // Ends a Run in progress, and all to come, soon.
  void Cancel() {
    if (!cancelled_.HasBeenNotified()) cancelled_.Notify();
  }

 private:
  void Fold(const Feed& feed);
  void CountMasked(FeedGate* gate);

  const std::vector<Feed> feeds_;
  const Options options_;
  absl::Notification cancelled_;
  std::map<std::string, absl::Time> next_fold_;  // where the last one failed
};

// Goes on with rounds from construction to destruction.
class BackgroundWork {
 public:
  // `rounds` must outlive this object.
  BackgroundWork(BackgroundRounds* rounds, absl::Duration interval);
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;
  ~BackgroundWork();

 private:
  void Run();

  BackgroundRounds* const rounds_;
  const absl::Duration interval_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last, so that it starts when all else is there
};

}  // namespace cloister::server
