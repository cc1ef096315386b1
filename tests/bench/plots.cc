#include "tests/bench/plots.h"

#include <cstdio>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "storage/files/files.h"
#include "tests/support/process.h"

namespace cloister::bench {
namespace {

constexpr char kOpenLoop[] = "open loop";

using Series = std::map<std::string, Report::Points>;

// As a string of gnuplot.
std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "'"}, {"\\", "/"}}), "\"");
}

std::string Begin(const std::string& name, int width, int height) {
  return absl::StrCat("set terminal pngcairo noenhanced size ", width, ",", height,
                      " font \"sans,10\"\nset output ", Quoted(name + ".png"),
                      "\nset grid\nset key outside below\n");
}

// As a mark of an axis, where gnuplot takes '%' for the start of a format, and cuts off what has
// one.
std::string Mark(const std::string& text) {
  return Quoted(absl::StrReplaceAll(text, {{"%", "percent"}}));
}

// Each contender has the same colour wherever it is drawn.
int LineOf(const std::string& contender) {
  if (contender == "cloisterd") return 1;
  if (contender == "echo") return 2;
  return contender == "Redis" ? 3 : 4;
}

// Data blocks $<prefix>0, $<prefix>1 …, one a series; what to plot of them.
std::string Lines(const Series& all, const std::string& prefix, std::string* plot) {
  std::string blocks;
  std::vector<std::string> drawn;
  for (const auto& [name, points] : all) {
    const std::string block = absl::StrCat("$", prefix, drawn.size());
    absl::StrAppend(&blocks, block, " << END\n");
    for (const auto& [x, y] : points) absl::StrAppend(&blocks, x, " ", y, "\n");
    blocks += "END\n";
    drawn.push_back(absl::StrCat(block, " using 1:2 with linespoints linetype ", LineOf(name),
                                 " title ", Quoted(name)));
  }
  *plot = absl::StrCat("plot ", absl::StrJoin(drawn, ", "), "\n");
  return blocks;
}

// One picture below the other, each of one plot of the report.
std::string Panels(const std::vector<std::pair<std::string, const Series*>>& panels,
                   const std::string& axes) {
  std::string blocks, drawing;
  for (size_t i = 0; i < panels.size(); ++i) {
    std::string plot;
    blocks += Lines(*panels[i].second, absl::StrCat("panel", i, "_"), &plot);
    absl::StrAppend(&drawing, "set title ", Quoted(panels[i].first), "\n", plot);
  }
  return absl::StrCat(blocks, axes, "set multiplot layout ", panels.size(), ",1\n", drawing,
                      "unset multiplot\n");
}

Plot Throughput(const std::vector<std::pair<std::string, const Series*>>& panels) {
  const std::string name = "throughput";
  const std::string axes =
      "set xlabel \"hits, %\"\nset ylabel \"thousand keys a second\"\nset logscale y\n"
      "set xrange [-2:102]\n";
  return {name, Begin(name, 800, 420 * static_cast<int>(panels.size())) + Panels(panels, axes)};
}

Plot Latency(const std::vector<std::pair<std::string, const Series*>>& panels) {
  const std::string name = "latency";
  const std::string axes =
      "set xlabel \"percentile\"\nset ylabel \"microseconds from the scheduled time\"\n"
      "set logscale xy\nset xtics (\"0\" 1, \"50\" 2, \"90\" 10, \"99\" 100, \"99.9\" 1000, "
      "\"99.99\" 10000, \"99.999\" 100000)\n";
  return {name, Begin(name, 800, 420 * static_cast<int>(panels.size())) + Panels(panels, axes)};
}

Plot Ratios(const std::vector<const Row*>& rows) {
  const std::string name = "ratios";
  std::string ratios = "$ratios << END\n", goals = "$goals << END\n", tics;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = *rows[i];
    absl::StrAppend(&ratios, row.ratio, " ", i, " ", row.least, " ", row.most, "\n");
    absl::StrAppend(&goals, row.at_least ? *row.at_least : *row.at_most, " ", i, "\n");
    absl::StrAppend(&tics, i == 0 ? "" : ", ",
                    Mark(row.Title() + (row.at_least ? " (more is better)" : " (less is better)")),
                    " ", i);
  }
  const int height = 160 + 30 * static_cast<int>(rows.size());
  return {name,
          absl::StrCat(Begin(name, 1100, height), ratios, "END\n", goals, "END\nset ytics (", tics,
                       ")\nset yrange [", rows.size(), ":-1]\nset logscale x\n",
                       "set xlabel \"times the floor or peer: median, least to most\"\n",
                       "plot $ratios using 1:2:3:4 with xerrorbars pointtype 7 title \"measured\","
                       " $goals using 1:2 with points pointtype 2 title \"goal\"\n")};
}

absl::Status Draw(const Plot& plot, const std::string& directory) {
  const auto drawn =
      testing::RunProcess({.argv = {"gnuplot", plot.name + ".gp"}, .working_directory = directory});
  if (!drawn.ok()) return drawn.status();
  if (drawn->exit_code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("gnuplot ", plot.name, ".gp: ", drawn->errors));
}

}  // namespace

std::vector<Plot> MakePlots(const Report& report) {
  std::vector<Plot> plots;
  std::vector<const Row*> rows;
  for (const Row& row : report.rows()) {
    if (row.floor && (row.at_least || row.at_most)) rows.push_back(&row);
  }
  std::vector<std::pair<std::string, const Series*>> latency, throughput;
  for (const auto& [title, series] : report.plots()) {
    (absl::StrContains(title, kOpenLoop) ? latency : throughput).emplace_back(title, &series);
  }
  if (!rows.empty()) plots.push_back(Ratios(rows));
  if (!throughput.empty()) plots.push_back(Throughput(throughput));
  if (!latency.empty()) plots.push_back(Latency(latency));
  return plots;
}

absl::Status WritePlots(const Report& report, const std::string& directory) {
  for (const Plot& plot : MakePlots(report)) {
    const std::string path = absl::StrCat(directory, "/", plot.name, ".gp");
    if (absl::Status s = storage::WriteFileAtomically(path, plot.script, 0644); !s.ok()) return s;
    const absl::Status drawn = Draw(plot, directory);
    if (absl::IsNotFound(drawn)) {
      printf("plots: skipped, there is no gnuplot here (Debian: gnuplot-nox); %s stays\n",
             path.c_str());
      continue;
    }
    if (!drawn.ok()) return drawn;
  }
  return absl::OkStatus();
}

}  // namespace cloister::bench
