// The other floor: RocksDB's MultiGet over the same packs, opened as the product opens them, in the
// benchmark's own process, without a server or anything else around it.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reputation/lookup_key.h"
#include "tests/bench/key_choice.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/workloads.h"

namespace cloister::bench {

// Keys to ask for, `keys_per_request` at a time, over and over.
struct MultiGetWorkload {
  std::vector<reputation::LookupKey> keys;
  uint32_t keys_per_request = 1;
  double hit_rate = 0;
};

// The same questions as MakeWorkload asks of the product.
MultiGetWorkload MakeMultiGetWorkload(const KeyChoice& choice, const WorkloadSize& size);

// Not thread-safe.
class MultiGetFloor {
 public:
  // A database in `directory`, which is made, with links to `packs`; the same block cache as the
  // product has by default.
  static absl::StatusOr<std::unique_ptr<MultiGetFloor>> Open(const std::string& directory,
                                                             const std::vector<std::string>& packs);
  virtual ~MultiGetFloor() = default;

  // One thread; of `options` target and connections do not matter. All processor time is counted
  // as the client's.
  virtual absl::StatusOr<LoadResult> Drive(const LoadOptions& options,
                                           const MultiGetWorkload& workload) const = 0;
};

}  // namespace cloister::bench
