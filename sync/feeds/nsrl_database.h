// RDSv3, the NSRL as a SQLite database.

#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Reads every row of FILE at `path`, in the order of the database, and tells `read` their number
// after each. Never writes there. InvalidArgument if it is not such a database, or is compressed;
// DataLoss if it is damaged; ResourceExhausted if it names more products than any release.
absl::Status ReadNsrlDatabase(const std::string& path, const FeedOptions& options,
                              const std::function<void(uint64_t rows)>& read, FeedOutput& output);

}  // namespace cloister::feeds
