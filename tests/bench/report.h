// What was measured: a table for people and JSON for machines.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
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
  std::string of = {};              // what it is a figure of, if not what its name says
  std::vector<double> values = {};  // run by run, where there were several; `value` is their median
  std::vector<double> floors = {};

  bool Met() const;
  std::string Title() const { return of.empty() ? name : of + ": " + name; }
};

// The middle of `values`, which are not none.
double Median(std::vector<double> values);

// The middle and the extremes of values; sets ratio, least and most. `ratios` is not empty.
void SetRatios(std::vector<double> ratios, Row* row);

// Of runs by turns, each value with the floor of its round: sets all that follows from them.
void SetRuns(std::vector<double> values, std::vector<double> floors, Row* row);

class Report {
 public:
  using Points = std::vector<std::pair<double, double>>;

  explicit Report(uint64_t records) : records_(records) {}

  // Also prints the row.
  void Add(const Row& row);

  // What somebody needs to judge the figures or to repeat them: machine, versions, seeds.
  void Describe(const std::string& subject, std::map<std::string, std::string> facts);

  // A point of a line in a plot, which are made of the series of one plot.
  void AddPoint(const std::string& plot, const std::string& series, double x, double y);

  // FailedPrecondition, naming a row, if its figures are not finite and above zero.
  absl::Status CheckFigures() const;
  std::string ToJson() const;
  // Every ratio and every goal, as a table in Markdown.
  std::string ToMarkdown() const;

  const std::vector<Row>& rows() const { return rows_; }
  // By plot and series.
  const std::map<std::string, std::map<std::string, Points>>& plots() const { return plots_; }

 private:
  uint64_t records_;
  std::vector<Row> rows_;
  std::string headed_;  // what was printed last that others are figures of
  std::map<std::string, std::map<std::string, std::string>> facts_;
  std::map<std::string, std::map<std::string, Points>> plots_;
};

}  // namespace cloister::bench
