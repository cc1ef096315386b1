// What operators are told about the updates of each feed.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace cloister::server {

struct FeedReport {
  absl::Status refusal = {};   // why the last update was refused; OK if it was taken
  absl::Time refused_at = {};  // if it was refused
  // When the publisher's word lapses; InfinitePast if nothing was imported.
  absl::Time expires = absl::InfinitePast();
  uint64_t version = 0;  // as last told; 0 if none serves
  // When this process began to serve it; InfinitePast if none serves.
  absl::Time serving_since = absl::InfinitePast();
};

// Thread-safe.
class FeedReports {
 public:
  // One report for each feed, the same feeds for good.
  explicit FeedReports(const std::vector<std::string>& feeds);

  // An empty report for a feed that is not there.
  FeedReport Of(absl::string_view feed) const;

  // `version` serves; `since` counts if it did not serve already.
  void SetServing(absl::string_view feed, uint64_t version, absl::Time since);
  void SetRefused(absl::string_view feed, const absl::Status& refusal, absl::Time at,
                  absl::Time expires);
  // The last update was taken.
  void ClearRefusal(absl::string_view feed, absl::Time expires);

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, FeedReport> reports_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cloister::server
