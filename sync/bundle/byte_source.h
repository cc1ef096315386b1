// Where the bytes of a bundle come from: a file, or memory in a test.

#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/statusor.h"

namespace cloister::bundle {

// Puts up to `size` bytes into `buffer` and returns how many; 0 only at the end.
using ByteSource = std::function<absl::StatusOr<size_t>(char* buffer, size_t size)>;

}  // namespace cloister::bundle
