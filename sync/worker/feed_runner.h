// Looks at one feed again and again, and tells how it went.

#pragma once

#include <functional>

#include "sync/worker/configuration.h"
#include "sync/worker/feed_cycle.h"
#include "sync/worker/feed_sources.h"
#include "sync/worker/status_file.h"
#include "sync/worker/stop_flag.h"

namespace cloister::worker {

// Belongs to one thread.
class FeedRunner {
 public:
  // `status` is what is known from before. `stop` must outlive it.
  FeedRunner(const Configuration& configuration, const FeedConfiguration& feed, FeedStatus status,
             const StopFlag* stop);

  // One run. The status says how it went; it is OK and `last_error` unchanged if it was stopped.
  absl::Status RunOnce();

  // Runs until `stop` is set, and calls `changed` after each run.
  void RunUntilStopped(const std::function<void(const FeedStatus&)>& changed);

  const FeedStatus& status() const { return status_; }

 private:
  void Succeeded(const SourcesResult& run, absl::Time now);
  void LogSourcesThatFailed() const;
  void Failed(const absl::Status& error, absl::Time now);

  FeedConfiguration feed_;
  FeedSources sources_;
  FeedCycle cycle_;
  const StopFlag* stop_;
  FeedStatus status_;
};

// The cycle of a configured feed.
CycleOptions CycleOptionsFor(const Configuration& configuration, const FeedConfiguration& feed);

// "version 7 handed over (2 packs, 10240 bytes fetched)", "version 7 unchanged" …
std::string Describe(const CycleResult& result);

}  // namespace cloister::worker
