// The one thread that imports updates.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/updates/feed_gate.h"
#include "server/updates/feed_updater.h"
#include "server/updates/update_observer.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Looks at the spool of every feed in turn, and has feeds built anew of which something could not
// be read: at once, again when the spool was asked for what is missing, then ever more rarely.
// Not thread-safe.
class SpoolRounds {
 public:
  struct Options {
    storage::ReputationStore* store = nullptr;
    UpdateObserver* observer = nullptr;
    std::function<absl::Time()> clock;
  };
  struct Feed {
    std::unique_ptr<FeedUpdater> updater;
    FeedGate* gate = nullptr;
  };

  // Pointers must outlive this object.
  SpoolRounds(std::vector<Feed> feeds, Options options);

  // Looks at all feeds once; ends between two of them once `stop` returns true.
  void Run(const std::function<bool()>& stop);

 private:
  struct Watched {
    Feed feed;
    bool told_damaged = false;
    bool told_expired = false;
    int rebuilds = 0;  // since the damage showed
    absl::Time next_rebuild = absl::InfinitePast();
  };

  void Poll(Watched& watched);
  void TellExpiry(Watched& watched);
  void MendDamage(Watched& watched, bool damaged);

  std::vector<Watched> feeds_;
  const Options options_;
};

// Goes on with rounds from construction to destruction, which waits for an import in progress.
class SpoolWatcher {
 public:
  SpoolWatcher(SpoolRounds rounds, absl::Duration poll_interval);
  SpoolWatcher(const SpoolWatcher&) = delete;
  SpoolWatcher& operator=(const SpoolWatcher&) = delete;
  ~SpoolWatcher();

 private:
  void Run();
  bool StopRequested();

  SpoolRounds rounds_;
  const absl::Duration poll_interval_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last, so that it starts when all else is there
};

}  // namespace cloister::server
