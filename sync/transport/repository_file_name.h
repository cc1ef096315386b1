// Which names a fetcher asks for: plain file names, so that no name can leave the repository's two
// folders or put anything but itself into a request.

#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cloister::transport {

// OK for 1 to 255 letters, digits, '.', '_', '-' and '+', the first of which is not a dot.
// kTargetUndescribed otherwise, with the name in C escapes.
absl::Status CheckRepositoryFileName(absl::string_view name);

}  // namespace cloister::transport
