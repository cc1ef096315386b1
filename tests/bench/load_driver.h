// Drives one method of a gRPC server: with a fixed number of calls in flight (closed loop), or at a
// fixed rate whatever the server does (open loop).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/histogram.h"
#include "tests/bench/transport.h"

namespace cloister::bench {

// What to ask: serialised requests, taken in turn.
struct Workload {
  std::string name;    // "BatchLookup of 100, 16 in flight, 5 % hits"
  std::string method;  // "/cloister.v1.ReputationService/Lookup"
  std::vector<std::string> requests;
  uint32_t keys_per_request = 1;
  uint32_t outstanding = 16;  // calls in flight
  double hit_rate = 0;        // share of the keys that are listed
};

struct LoadOptions {
  Target target;
  uint32_t connections = 1;  // that the calls in flight are spread over
  absl::Duration warm_up;
  absl::Duration duration;
  uint64_t first_request = 0;  // of the workload, so that runs do not repeat each other
};

struct LoadResult {
  uint64_t calls = 0;
  double seconds = 0;
  Histogram latency;
  Histogram lateness;       // open loop: from the scheduled time of a call until it was sent
  double client_cpu_s = 0;  // over `seconds`, of all calls counted
  double server_cpu_s = 0;
  std::vector<std::string> answers;  // the first ones, serialised

  double CallsPerSecond() const { return static_cast<double>(calls) / seconds; }
};

// Closed loop: the next call is sent when an answer came. The first error of a call ends the run
// and is returned.
absl::StatusOr<LoadResult> DriveLoad(const LoadOptions& options, const Workload& workload);

// Open loop: `rate` calls a second by a schedule made beforehand. Latency counts from the scheduled
// time, so that a call which waits behind a stall, be it in the client, shows the stall in full (no
// coordinated omission). Fails on the first error as well.
absl::StatusOr<LoadResult> DriveAtRate(const LoadOptions& options, const Workload& workload,
                                       double rate);

}  // namespace cloister::bench
