// What a process costs, as the kernel counts it.

#pragma once

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"

namespace cloister::bench {

// Processor time used so far by all its threads, in seconds (steps of 10 ms).
absl::StatusOr<double> ProcessorSeconds(pid_t pid);

// Anonymous memory in RAM, in bytes: heap and stacks, without mapped files.
absl::StatusOr<uint64_t> AnonymousBytes(pid_t pid);

}  // namespace cloister::bench
