// Lists that an administrator names.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace cloister::reputation {

// The whole file. Links are followed: Kubernetes mounts files as links. InvalidArgument names the
// file and the mend.
absl::StatusOr<std::string> ReadListFile(const std::string& path, uint64_t max_bytes);

}  // namespace cloister::reputation
