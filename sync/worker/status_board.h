// The status of all feeds, kept up to date in one file by several threads.

#pragma once

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "sync/trust_state/inbox.h"
#include "sync/worker/configuration.h"
#include "sync/worker/status_file.h"

namespace cloister::worker {

// Where it lies.
std::string StatusPath(const Configuration& configuration);

// The status of each configured feed, as far as the file knows it.
std::vector<FeedStatus> KnownStatus(const Configuration& configuration);

// Thread-safe. What cannot be written is logged.
class StatusBoard {
 public:
  // Begins with what the file knows.
  explicit StatusBoard(const Configuration& configuration);

  FeedStatus Get(size_t feed) const;  // by place in the configuration
  void Update(size_t feed, const FeedStatus& status);

  // Whether what was handed over of a feed that comes in bundles alone is as it was. Such a feed
  // fails from when it is not until it is, or until a bundle mends it.
  void Scrubbed(const std::string& feed, const absl::Status& status, absl::Time now);

  // What became of a bundle.
  void Imported(const trust::BundleImport& import);

 private:
  void Write() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string path_;
  const std::string state_directory_;
  mutable absl::Mutex mu_;
  std::vector<FeedStatus> feeds_ ABSL_GUARDED_BY(mu_);
};

}  // namespace cloister::worker
