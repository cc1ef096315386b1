// The measurements, in their order.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace cloister::bench {

struct BenchOptions {
  uint64_t records = 10'000'000;
  absl::Duration duration = absl::Seconds(3);  // of each run of a workload
  uint32_t rounds = 5;                         // runs of each contender
  uint64_t asked_keys = 1'000'000;             // different keys that a workload asks for
  bool quick = false;     // a few cases of each kind: shows that all is measured, not how it fares
  std::string only;       // lookups whose name holds this and nothing else; empty: everything
  std::string server;     // path of cloisterd
  std::string directory;  // results; its folder "work" is emptied
};

// Prints as it goes, and writes result.json, report.md and plots into `directory`. Fails if
// something could not be measured, not if a goal was missed.
absl::Status RunBench(const BenchOptions& options);

}  // namespace cloister::bench
