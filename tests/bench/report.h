// What was measured: a table for people and JSON for machines.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace cloister::bench {

// One figure, beside its goal.
struct Row {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> floor = std::nullopt;  // what it is compared with, in the same unit
  // value / floor where there is a floor: the median over the rounds and their extremes.
  double ratio = 0;
  double least = 0;
  double most = 0;
  // The goal for the ratio, or for the value where there is no floor; none: for information.
  std::optional<double> at_least = std::nullopt;
  std::optional<double> at_most = std::nullopt;

  bool Met() const;
};

// The middle and the extremes of values; sets ratio, least and most. `ratios` is not empty.
void SetRatios(std::vector<double> ratios, Row* row);

class Report {
 public:
  explicit Report(uint64_t records) : records_(records) {}

  // Also prints the row.
  void Add(const Row& row);

  // FailedPrecondition, naming a row, if its figures are not finite and above zero.
  absl::Status CheckFigures() const;
  std::string ToJson() const;

 private:
  uint64_t records_;
  std::vector<Row> rows_;
};

}  // namespace cloister::bench
