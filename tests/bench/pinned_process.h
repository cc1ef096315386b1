// A child on one processor, and what it used.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloister::bench {

struct ProcessUsage {
  double processor_s = 0;  // user and system
  double wall_s = 0;
  uint64_t peak_bytes = 0;  // resident, file pages that are mapped included
};

// Lets the calling thread, and what it starts from then on, run on one processor only: the last of
// those that it may use.
absl::Status PinToOneProcessor();

// Runs `argv` (argv[0] a path) pinned so, its output in the file `output`. FailedPrecondition, with
// that output, unless it ends with 0.
absl::StatusOr<ProcessUsage> RunPinned(const std::vector<std::string>& argv,
                                       const std::string& output);

}  // namespace cloister::bench
