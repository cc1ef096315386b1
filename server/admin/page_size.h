// How many entries a page of a list has.

#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

namespace cloister::server {

// 100 for 0, at most 1000. InvalidArgument if `wanted` is negative.
absl::StatusOr<size_t> PageSize(int32_t wanted);

}  // namespace cloister::server
