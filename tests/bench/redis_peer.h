// The peer: a real redis-server that holds the same keys, asked through hiredis.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/key_choice.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/workloads.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

struct redisContext;

namespace cloister::bench {

// More records than this would fill the memory of the machine that others are measured on.
inline constexpr uint64_t kMaxRedisRecords = 10'000'000;

// MGET commands as they go over the wire, taken in turn.
struct RedisWorkload {
  std::string name;
  std::vector<std::string> commands;
  uint32_t keys_per_request = 1;
  uint32_t outstanding = 16;  // commands pipelined
  double hit_rate = 0;
};

// The same questions as MakeWorkload asks of the product.
RedisWorkload MakeRedisWorkload(const KeyChoice& choice, const WorkloadSize& size);

// A redis-server on a unix socket in a temporary directory, without persistence; ends with this
// object. Not thread-safe.
class RedisPeer {
 public:
  // NotFound where there is no redis-server to run.
  static absl::StatusOr<std::unique_ptr<RedisPeer>> Start();
  ~RedisPeer();

  // Sets every key to an encoded record.
  absl::Status Fill(const Digests& listed);

  // Closed loop, as DriveLoad; of `options` target and connections do not matter.
  absl::StatusOr<LoadResult> Drive(const LoadOptions& options, const RedisWorkload& workload);

  // Resident memory, in bytes, and the version, as the server states them.
  absl::StatusOr<uint64_t> ResidentBytes();
  absl::StatusOr<std::string> Version();

 private:
  RedisPeer() = default;
  absl::StatusOr<std::string> Info(const std::string& section, const std::string& field);

  testing::TemporaryDirectory directory_;
  std::unique_ptr<testing::Process> process_;
  redisContext* context_ = nullptr;
};

}  // namespace cloister::bench
