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

std::string Goal(const Row& row) {
  if (!row.at_least && !row.at_most) return "";
  const char* unit = row.floor ? "x" : row.unit.c_str();
  return absl::StrFormat("goal %s %.4g %s: %s",
                         row.at_least ? ">=" : "<=", row.at_least ? *row.at_least : *row.at_most,
                         unit, row.Met() ? "met" : "MISSED");
}

bool IsFigure(double value) { return std::isfinite(value) && value > 0; }

}  // namespace

bool Row::Met() const {
  const double compared = floor ? ratio : value;
  return (!at_least || compared >= *at_least) && (!at_most || compared <= *at_most);
}

void SetRatios(std::vector<double> ratios, Row* row) {
  std::sort(ratios.begin(), ratios.end());
  row->least = ratios.front();
  row->most = ratios.back();
  const size_t middle = ratios.size() / 2;
  row->ratio = ratios.size() % 2 == 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
}

void Report::Add(const Row& row) {
  rows_.push_back(row);
  std::string line = absl::StrFormat("%-52s %11.4g %-8s", row.name, row.value, row.unit);
  if (row.floor) {
    absl::StrAppendFormat(&line, " floor %11.4g  ratio %5.2f (%.2f-%.2f)", *row.floor, row.ratio,
                          row.least, row.most);
  }
  printf("%s  %s\n", line.c_str(), Goal(row).c_str());
  fflush(stdout);
}

absl::Status Report::CheckFigures() const {
  for (const Row& row : rows_) {
    if (!IsFigure(row.value) || (row.floor && (!IsFigure(*row.floor) || !IsFigure(row.ratio)))) {
      return absl::FailedPreconditionError(absl::StrCat(row.name, ": no figure"));
    }
  }
  if (rows_.empty()) return absl::FailedPreconditionError("nothing was measured");
  return absl::OkStatus();
}

std::string Report::ToJson() const {
  nlohmann::json rows = nlohmann::json::array();
  for (const Row& row : rows_) {
    nlohmann::json object = {{"name", row.name}, {"value", row.value}, {"unit", row.unit}};
    if (row.floor) {
      object["floor"] = *row.floor;
      object["ratio"] = {{"median", row.ratio}, {"least", row.least}, {"most", row.most}};
    }
    if (row.at_least) object["goal_at_least"] = *row.at_least;
    if (row.at_most) object["goal_at_most"] = *row.at_most;
    if (row.at_least || row.at_most) object["met"] = row.Met();
    rows.push_back(std::move(object));
  }
  const nlohmann::json document = {{"records", records_},
                                   {"cores", std::thread::hardware_concurrency()},
                                   {"rows", std::move(rows)}};
  return document.dump(2) + "\n";
}

}  // namespace cloister::bench
