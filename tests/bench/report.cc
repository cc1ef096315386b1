#include "tests/bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace cloister::bench {
namespace {

bool HasGoal(const Row& row) { return row.at_least || row.at_most; }

// ">= 0.9 x", or "<= 25 B" where there is no floor.
std::string Goal(const Row& row) {
  return absl::StrFormat("%s %.4g %s",
                         row.at_least ? ">=" : "<=", row.at_least ? *row.at_least : *row.at_most,
                         row.floor ? "x" : row.unit.c_str());
}

bool IsFigure(double value) { return std::isfinite(value) && value > 0; }

nlohmann::json ToJsonObject(const Row& row) {
  nlohmann::json object = {{"name", row.name}, {"value", row.value}, {"unit", row.unit}};
  if (!row.of.empty()) object["of"] = row.of;
  if (!row.values.empty()) object["values"] = row.values;
  if (row.floor) {
    object["floor"] = *row.floor;
    if (!row.floors.empty()) object["floors"] = row.floors;
    object["ratio"] = {{"median", row.ratio}, {"least", row.least}, {"most", row.most}};
  }
  if (row.at_least) object["goal_at_least"] = *row.at_least;
  if (row.at_most) object["goal_at_most"] = *row.at_most;
  if (HasGoal(row)) object["met"] = row.Met();
  return object;
}

}  // namespace

bool Row::Met() const {
  const double compared = floor ? ratio : value;
  return (!at_least || compared >= *at_least) && (!at_most || compared <= *at_most);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void SetRatios(std::vector<double> ratios, Row* row) {
  row->least = *std::min_element(ratios.begin(), ratios.end());
  row->most = *std::max_element(ratios.begin(), ratios.end());
  row->ratio = Median(std::move(ratios));
}

void SetRuns(std::vector<double> values, std::vector<double> floors, Row* row) {
  std::vector<double> ratios;
  for (size_t i = 0; i < values.size(); ++i) ratios.push_back(values[i] / floors[i]);
  row->value = Median(values);
  row->floor = Median(floors);
  row->values = std::move(values);
  row->floors = std::move(floors);
  SetRatios(std::move(ratios), row);
}

void Report::Add(const Row& row) {
  rows_.push_back(row);
  if (!row.of.empty() && row.of != headed_) printf("%s\n", row.of.c_str());
  headed_ = row.of.empty() ? row.name : row.of;
  std::string line = absl::StrFormat(
      "%-54s %11.4g %-8s", row.of.empty() ? row.name : "  " + row.name, row.value, row.unit);
  if (row.floor) {
    absl::StrAppendFormat(&line, " floor %11.4g  ratio %5.2f (%.2f-%.2f)", *row.floor, row.ratio,
                          row.least, row.most);
  }
  if (HasGoal(row)) absl::StrAppend(&line, "  goal ", Goal(row), row.Met() ? ": met" : ": MISSED");
  printf("%s\n", line.c_str());
  fflush(stdout);
}

void Report::Describe(const std::string& subject, std::map<std::string, std::string> facts) {
  facts_[subject] = std::move(facts);
}

void Report::AddPoint(const std::string& plot, const std::string& series, double x, double y) {
  plots_[plot][series].emplace_back(x, y);
}

absl::Status Report::CheckFigures() const {
  for (const Row& row : rows_) {
    if (!IsFigure(row.value) || (row.floor && (!IsFigure(*row.floor) || !IsFigure(row.ratio)))) {
      return absl::FailedPreconditionError(absl::StrCat(row.Title(), ": no figure"));
    }
  }
  if (rows_.empty()) return absl::FailedPreconditionError("nothing was measured");
  return absl::OkStatus();
}

std::string Report::ToJson() const {
  nlohmann::json rows = nlohmann::json::array();
  for (const Row& row : rows_) rows.push_back(ToJsonObject(row));
  nlohmann::json document = {{"records", records_},
                             {"cores", std::thread::hardware_concurrency()},
                             {"rows", std::move(rows)}};
  for (const auto& [subject, facts] : facts_) document[subject] = facts;
  if (!plots_.empty()) document["plots"] = plots_;
  return document.dump(2) + "\n";
}

std::string Report::ToMarkdown() const {
  std::string table =
      "| what | median | floor or peer | ratio | least to most | goal | |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows_) {
    if (!row.floor && !HasGoal(row)) continue;
    absl::StrAppendFormat(&table, "| %s | %.4g %s |", row.Title(), row.value, row.unit);
    if (row.floor) {
      absl::StrAppendFormat(&table, " %.4g %s | %.2f | %.2f to %.2f |", *row.floor, row.unit,
                            row.ratio, row.least, row.most);
    } else {
      table += " | | |";
    }
    absl::StrAppend(&table, " ", HasGoal(row) ? Goal(row) : "", " | ",
                    HasGoal(row) ? (row.Met() ? "met" : "missed") : "", " |\n");
  }
  return table;
}

}  // namespace cloister::bench
