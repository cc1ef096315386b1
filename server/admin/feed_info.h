// What operators are told about feeds.

#pragma once

#include "absl/time/time.h"
#include "cloister/v1/admin.pb.h"
#include "server/config/configuration.h"
#include "server/updates/feed_reports.h"
#include "server/updates/update_control.h"
#include "storage/store/generation.h"

namespace cloister::server {

// Whether every feed of `generation` serves a version.
bool AllFeedsServe(const storage::Generation& generation);

// Everything that is known about a feed.
struct FeedFacts {
  const storage::ServedFeed& served;
  const FeedConfig& config;
  FeedReport report;
  const FeedUpdateState& state;
};

// The gravest counts: EMPTY, DAMAGED, EXPIRED, UPDATE_REFUSED, HELD, SERVING.
void SetFeed(const FeedFacts& facts, absl::Time now, v1::Feed* out);

// All but `serving` and `pending`.
void SetFeedVersionInfo(const storage::ServedFeed& kept, v1::FeedVersionInfo* out);

void SetVersionChanges(const ChangeSummary& changes, v1::VersionChanges* out);

}  // namespace cloister::server
