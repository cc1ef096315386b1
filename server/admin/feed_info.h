// What operators are told about feeds.

#pragma once

#include "absl/time/time.h"
#include "cloister/v1/admin.pb.h"
#include "server/config/configuration.h"
#include "server/updates/feed_reports.h"
#include "storage/store/generation.h"

namespace cloister::server {

// Whether every feed of `generation` serves a version.
bool AllFeedsServe(const storage::Generation& generation);

void SetFeed(const storage::ServedFeed& served, const FeedConfig& config, const FeedReport& report,
             absl::Time now, v1::Feed* out);

void SetFeedVersionInfo(const storage::ServedFeed& kept, bool serving, v1::FeedVersionInfo* out);

}  // namespace cloister::server
