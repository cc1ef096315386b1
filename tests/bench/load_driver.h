// Drives one method of a gRPC server with a fixed number of calls in flight.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/histogram.h"

namespace cloister::bench {

// What to ask: serialised requests, taken in turn.
struct Workload {
  std::string name;    // "unary, 5 % hits"
  std::string method;  // "/cloister.v1.ReputationService/Lookup"
  std::vector<std::string> requests;
  uint32_t keys_per_request = 1;
  uint32_t outstanding = 16;  // calls in flight
  double hit_rate = 0;        // share of the keys that are listed
};

struct LoadOptions {
  std::string address;
  uint32_t connections = 1;  // that the calls in flight are spread over
  absl::Duration warm_up;
  absl::Duration duration;
};

struct LoadResult {
  uint64_t calls = 0;
  double seconds = 0;
  Histogram latency;
  std::vector<std::string> answers;  // the first ones, serialised

  double CallsPerSecond() const { return static_cast<double>(calls) / seconds; }
};

// The first error of a call ends the run and is returned.
absl::StatusOr<LoadResult> DriveLoad(const LoadOptions& options, const Workload& workload);

// One call, answered within `timeout`.
absl::StatusOr<std::string> CallOnce(const std::string& address, const std::string& method,
                                     const std::string& request, absl::Duration timeout);

}  // namespace cloister::bench
