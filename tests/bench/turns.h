// Contenders measured by turns, so that what drifts on the machine drifts for all of them.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/load_driver.h"

namespace cloister::bench {

struct Contender {
  std::string name;
  // One run; of the options given, its target is the contender's own affair.
  std::function<absl::StatusOr<LoadResult>(const LoadOptions& options)> drive;
};

struct TurnOptions {
  uint32_t rounds = 5;
  absl::Duration warm_up = absl::ZeroDuration();
  absl::Duration duration = absl::ZeroDuration();  // of each run
};

// One run of every contender a round, the order turned about with every round, all starting at the
// same request in a round and at another one in the next. The results of each contender, round by
// round. The first error ends it and is returned with the contender's name.
absl::StatusOr<std::vector<std::vector<LoadResult>>> RunByTurns(
    const std::vector<Contender>& contenders, const TurnOptions& options);

// A figure of each run.
std::vector<double> Figures(const std::vector<LoadResult>& runs,
                            const std::function<double(const LoadResult&)>& figure);

}  // namespace cloister::bench
