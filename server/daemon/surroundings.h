// What `cloisterd --check-config` looks at besides the configuration file.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/config/configuration.h"

namespace cloister::server {

// OK if everything outside the configuration file that the daemon starts with is sound:
// certificates, key, client authority, the feeds' roots, warning lists, and the folders for data,
// spool and bundles: that they are there or can be made, that this user may use them, and that no
// stranger may. Changes nothing and listens nowhere. Of several mistakes the first is told.
absl::Status CheckSurroundings(const Configuration& configuration, absl::Time now);

// What is possible and not wise, a sentence each, with what to do: that the spool belongs to the
// user who asks, so that cloisterd and cloister-sync would not be kept apart.
std::vector<std::string> AdviceOnSurroundings(const Configuration& configuration);

}  // namespace cloister::server
