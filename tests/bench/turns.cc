#include "tests/bench/turns.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/records.h"

namespace cloister::bench {

absl::StatusOr<std::vector<std::vector<LoadResult>>> RunByTurns(
    const std::vector<Contender>& contenders, const TurnOptions& options) {
  std::vector<std::vector<LoadResult>> results(contenders.size());
  for (uint32_t round = 0; round < options.rounds; ++round) {
    LoadOptions load;
    load.warm_up = options.warm_up;
    load.duration = options.duration;
    load.first_request = RandomAt(options.rounds, round) >> 1;
    for (size_t turn = 0; turn < contenders.size(); ++turn) {
      const size_t i = round % 2 == 0 ? turn : contenders.size() - 1 - turn;
      auto result = contenders[i].drive(load);
      if (!result.ok()) {
        return absl::Status(result.status().code(),
                            absl::StrCat(contenders[i].name, ": ", result.status().message()));
      }
      results[i].push_back(*std::move(result));
    }
  }
  return results;
}

std::vector<double> Figures(const std::vector<LoadResult>& runs,
                            const std::function<double(const LoadResult&)>& figure) {
  std::vector<double> figures;
  for (const LoadResult& run : runs) figures.push_back(figure(run));
  return figures;
}

}  // namespace cloister::bench
