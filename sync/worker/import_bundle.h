// Imports one offline bundle: unpacks it, then runs the same cycle over what it holds that fetches
// from servers. One verifying path, two ways in.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/bundle/bundle_limits.h"
#include "sync/trust_state/inbox.h"
#include "sync/worker/feed_cycle.h"
#include "sync/worker/stop_flag.h"

namespace cloister::worker {

struct ImportBundleOptions {
  std::vector<CycleOptions> feeds;  // as their own cycles have them
  // How long ago metadata may have expired that comes in a bundle. Zero: refused, as online.
  absl::Duration accept_expired_within = absl::ZeroDuration();
  std::string work_directory;  // exists; on the spool's file system; holds what is unpacked
  uint64_t reserve_bytes = 0;  // disk space that unpacking must leave free
  bundle::BundleLimits limits;
};

// Imports what `fd` holds from its beginning on; `name` is for the outcome. Feeds that are not
// configured are passed over, unless there are no others. Nothing of a bundle is handed over before
// all of it was read and found sound.
//
// The outcome says what became of it, also where it was refused. Cancelled if `stop` was set
// meanwhile; the spool is then as it was, or some feeds are imported whole.
absl::StatusOr<trust::BundleImport> ImportBundle(int fd, const std::string& name,
                                                 const ImportBundleOptions& options,
                                                 const StopFlag& stop, absl::Time now);

// Removes what a crash left of imports in `work_directory`.
absl::Status RemoveUnpacked(const std::string& work_directory);

}  // namespace cloister::worker
