// What `cloisterd --check-config` looks at besides the configuration file.

#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/config/configuration.h"

namespace cloister::server {

// OK if everything outside the configuration file that the daemon starts with is sound:
// certificates, key, client authority, the feeds' roots, warning lists, and the folders for data,
// spool and bundles: that they are there or can be made, that this user may use them, and that no
// stranger may. Changes nothing and listens nowhere. Of several mistakes the first is told.
absl::Status CheckSurroundings(const Configuration& configuration, absl::Time now);

}  // namespace cloister::server
