// Durations as people write them on a command line.

#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cloister::cli {

// A whole number and a unit: ms, s, m, h, d (24 h) or w (7 d); at most 100 years.
// InvalidArgument shows a right one.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

}  // namespace cloister::cli
