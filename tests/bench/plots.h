// Plots of what was measured, drawn by gnuplot.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace cloister::bench {

// A script for gnuplot that holds its data, so that a plot can be drawn anew from the script alone.
struct Plot {
  std::string name;  // of the script (.gp) and of the picture (.png)
  std::string script;
};

// Ratios with their spread and goals; throughput by hit rate; latency by percentile at fixed rates.
// Those for which `report` has figures.
std::vector<Plot> MakePlots(const Report& report);

// Writes the scripts into `directory` and draws them there. Where there is no gnuplot, says so and
// is content with the scripts. Internal, with what gnuplot says, if one cannot be drawn.
absl::Status WritePlots(const Report& report, const std::string& directory);

}  // namespace cloister::bench
