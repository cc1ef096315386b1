// What is asked in a measurement.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/key_choice.h"
#include "tests/bench/load_driver.h"

namespace cloister::bench {

// How many different questions a workload has: its requests are asked in turn, over and over.
struct WorkloadSize {
  uint64_t keys = 0;
  uint32_t keys_per_request = 1;
  uint32_t outstanding = 16;
};

// Calls of Lookup, or of BatchLookup where `size.keys_per_request` is above 1.
Workload MakeWorkload(const KeyChoice& choice, const WorkloadSize& size);

// "Lookup", or "BatchLookup of 100".
std::string MethodTitle(uint32_t keys_per_request);

// A request of Lookup for one digest.
std::string UnaryRequest(const reputation::Digest& digest);

// Share of LISTED among the answers to the calls of a workload. Internal if one is not an answer to
// every key asked.
absl::StatusOr<double> HitRate(const Workload& workload, const std::vector<std::string>& answers);

// Internal unless `found` is about the rate that `workload` was made with.
absl::Status CheckHitRate(const Workload& workload, absl::StatusOr<double> found);

inline constexpr char kLookupMethod[] = "/cloister.v1.ReputationService/Lookup";
inline constexpr char kBatchLookupMethod[] = "/cloister.v1.ReputationService/BatchLookup";

}  // namespace cloister::bench
