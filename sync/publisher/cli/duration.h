// Durations as people write them on a command line.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cloister::publisher {

// A whole number and a unit: "90s", "30m", "12h", "7d". InvalidArgument for anything else, for
// zero, and beyond ten years.
absl::StatusOr<absl::Duration> ParseLifetime(absl::string_view text);

// "7 days 3 hours", "45 minutes": the two largest units.
std::string FormatLifetime(absl::Duration duration);

}  // namespace cloister::publisher
