// What is asked in a measurement.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/records.h"

namespace cloister::bench {

// `hit_rate` of the keys are drawn at random from `listed`, the others are in no source.
Workload UnaryWorkload(const Digests& listed, double hit_rate);
Workload BatchWorkload(const Digests& listed, double hit_rate, uint32_t keys, uint32_t outstanding);

// A request of `workload.method` for one digest.
std::string UnaryRequest(const reputation::Digest& digest);

// Share of LISTED among the answers to the calls of a workload. Internal if one is not an answer to
// every key asked.
absl::StatusOr<double> HitRate(const Workload& workload, const std::vector<std::string>& answers);

inline constexpr char kLookupMethod[] = "/cloister.v1.ReputationService/Lookup";
inline constexpr char kBatchLookupMethod[] = "/cloister.v1.ReputationService/BatchLookup";

}  // namespace cloister::bench
