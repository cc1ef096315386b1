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
#include "server/updates/feed_updater.h"

namespace cloister::server {

// Told of every outcome but kNothing, on the watcher's thread.
class UpdateObserver {
 public:
  virtual ~UpdateObserver() = default;
  virtual void OnTaken(const std::string& feed, const UpdateOutcome& outcome,
                       absl::Duration duration) = 0;
  virtual void OnRefused(const std::string& feed, const UpdateOutcome& outcome) = 0;
};

// Looks at the spool of every feed in turn, from construction to destruction, which waits for an
// import in progress.
class SpoolWatcher {
 public:
  struct Options {
    absl::Duration poll_interval;
    std::function<absl::Time()> clock;
  };

  // `observer` must outlive the watcher.
  SpoolWatcher(std::vector<std::unique_ptr<FeedUpdater>> feeds, UpdateObserver* observer,
               Options options);
  SpoolWatcher(const SpoolWatcher&) = delete;
  SpoolWatcher& operator=(const SpoolWatcher&) = delete;
  ~SpoolWatcher();

 private:
  void Run();
  void PollAll();
  bool StopRequested();

  std::vector<std::unique_ptr<FeedUpdater>> feeds_;
  UpdateObserver* observer_;
  Options options_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last, so that it starts when all else is there
};

}  // namespace cloister::server
