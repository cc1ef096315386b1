// Lookups, measured beside the echo and beside peers.

#pragma once

#include <memory>

#include "absl/status/status.h"
#include "tests/bench/appliance.h"
#include "tests/bench/bench.h"
#include "tests/bench/lookup_cases.h"
#include "tests/bench/multi_get_floor.h"
#include "tests/bench/redis_peer.h"
#include "tests/bench/report.h"
#include "tests/bench/turns.h"

namespace cloister::bench {

// Not thread-safe. All that is given must outlive it.
class LookupBench {
 public:
  // `appliance` serves `listed` over TCP; it does so again at the end.
  LookupBench(const BenchOptions& options, const Digests& listed, Appliance* appliance,
              Report* report)
      : options_(options), listed_(listed), appliance_(*appliance), report_(*report) {}

  absl::Status Run();

 private:
  struct Running;

  absl::Status StartPeers();
  absl::Status StartRedis();
  absl::Status Measure(const LookupCase& which);
  // The answers of the product to `workload`, which the echo gives back.
  absl::StatusOr<std::vector<std::string>> SampleAnswers(const Workload& workload);
  std::vector<Contender> Contenders(const Running& running) const;
  absl::Status MeasureOpenLoop(const Running& running, double calls_per_second);
  absl::Status MeasureAtRate(const Running& running, double share, double rate);
  void Tell(const Running& running, const std::vector<Contender>& contenders,
            const std::vector<std::vector<LoadResult>>& runs);
  TurnOptions Turns() const;

  const BenchOptions& options_;
  const Digests& listed_;
  Appliance& appliance_;
  Report& report_;
  std::unique_ptr<RedisPeer> redis_;  // null where there is none to compare with
  std::unique_ptr<MultiGetFloor> multi_get_;
};

}  // namespace cloister::bench
