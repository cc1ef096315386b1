// Measures how fast cloister-publish makes a version of text, on one processor.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace cloister::bench {

struct BuildBenchOptions {
  uint64_t records = 10'000'000;
  std::string publisher;  // path of cloister-publish
  std::string directory;  // where to work, and for build.json; absolute
};

// For each kind of source: builds and publishes a version with cloister-publish, pinned to one
// processor; then takes the work apart in this process, pinned as well, a phase at a time, beside
// the floor: the same lines read and no more, the same entries put into a bare SST file, the same
// bytes hashed. Prints a table and writes build.json. Errors are those of what was run.
absl::Status RunBuildBench(const BuildBenchOptions& options);

}  // namespace cloister::bench
