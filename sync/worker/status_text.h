// The status of feeds as people read it (cloister-sync --status).

#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sync/worker/status_file.h"

namespace cloister::worker {

// Some lines a feed: how old its data are, where they came from, what went wrong last, when it is
// tried next.
std::string FormatStatusText(const std::vector<FeedStatus>& feeds, absl::Time now);

// Whether every feed has data that have not expired, and no failure since it last went well.
bool AllWell(const std::vector<FeedStatus>& feeds);

}  // namespace cloister::worker
