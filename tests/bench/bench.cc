#include "tests/bench/bench.h"

#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "tests/bench/appliance.h"
#include "tests/bench/lookup_bench.h"
#include "tests/bench/machine.h"
#include "tests/bench/plots.h"
#include "tests/bench/report.h"
#include "tests/bench/update_bench.h"

namespace cloister::bench {
namespace {

constexpr uint64_t kSeed = 1;

std::map<std::string, std::string> RunFacts(const BenchOptions& options) {
  return {{"seconds_of_a_run", absl::StrCat(absl::ToDoubleSeconds(options.duration))},
          {"rounds", absl::StrCat(options.rounds)},
          {"asked_keys", absl::StrCat(options.asked_keys)},
          {"seed_of_records", absl::StrCat(kSeed)},
          {"only", options.only},
          {"quick", options.quick ? "yes" : "no"}};
}

absl::Status Measure(const BenchOptions& options, const std::string& work, Report* report) {
  const Digests listed(options.records, kSeed);
  const auto appliance = Appliance::Create(options.server, work);
  if (!appliance.ok()) return appliance.status();
  UpdateBench updates(options, listed, appliance->get(), report);
  LookupBench lookups(options, listed, appliance->get(), report);
  std::vector<std::function<absl::Status()>> steps = {
      [&] { return updates.BuildFeed(); }, [&] { return updates.MeasureSnapshot(); },
      [&] { return lookups.Run(); },
      [&] { return updates.MeasureFootprint(); },  // with its caches filled
  };
  if (options.only.empty()) {
    steps.push_back([&] { return updates.MeasureDeltas(); });
    steps.push_back([&] { return updates.MeasureStart(); });
  }
  for (const auto& step : steps) {
    if (absl::Status s = step(); !s.ok()) return s;
  }
  return (*appliance)->Stop();
}

}  // namespace

absl::Status RunBench(const BenchOptions& options) {
  const std::string work = options.directory + "/work";
  std::filesystem::remove_all(work);
  if (absl::Status s = storage::MakeDirectories(work); !s.ok()) return s;
  printf("%llu records, %g s a run, %u rounds\n", static_cast<unsigned long long>(options.records),
         absl::ToDoubleSeconds(options.duration), options.rounds);
  Report report(options.records);
  report.Describe("machine", MachineFacts());
  report.Describe("versions", VersionFacts());
  report.Describe("run", RunFacts(options));
  if (absl::Status s = Measure(options, work, &report); !s.ok()) return s;
  std::filesystem::remove_all(work);
  const std::pair<std::string, std::string> results[] = {{"result.json", report.ToJson()},
                                                         {"report.md", report.ToMarkdown()}};
  for (const auto& [name, text] : results) {
    const std::string path = options.directory + "/" + name;
    if (absl::Status s = storage::WriteFileAtomically(path, text, 0644); !s.ok()) return s;
  }
  if (absl::Status s = WritePlots(report, options.directory); !s.ok()) return s;
  return report.CheckFigures();
}

}  // namespace cloister::bench
