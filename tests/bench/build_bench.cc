#include "tests/bench/build_bench.h"

#include <cstdio>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "tests/bench/build_phases.h"
#include "tests/bench/feed_texts.h"
#include "tests/bench/pinned_process.h"
#include "tests/bench/report.h"

namespace cloister::bench {
namespace {

constexpr double kGoalRecords = 400'000;  // a second
constexpr double kGoalMebibytes = 1024;
constexpr double kMebibyte = 1 << 20;

class BuildBench {
 public:
  explicit BuildBench(const BuildBenchOptions& options)
      : options_(options), work_(options.directory + "/build-work"), report_(options.records) {}

  absl::Status Run() {
    if (absl::Status s = Prepare(); !s.ok()) return s;
    for (const FeedText& text : {CsvText(), HashText(), UrlText()}) {
      if (absl::Status s = Measure(text); !s.ok()) return s;
    }
    std::filesystem::remove_all(work_);
    if (absl::Status s = report_.CheckFigures(); !s.ok()) return s;
    return storage::WriteFileAtomically(options_.directory + "/build.json", report_.ToJson());
  }

 private:
  std::string Path(absl::string_view name) const { return absl::StrCat(work_, "/", name); }

  absl::StatusOr<ProcessUsage> Publisher(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), options_.publisher);
    return RunPinned(arguments, Path("output"));
  }

  absl::Status Prepare() {
    std::filesystem::remove_all(work_);
    if (absl::Status s = storage::MakeDirectories(work_); !s.ok()) return s;
    absl::Status written =
        storage::WriteFileAtomically(Path("passphrase"), "of keys for a bench\n");
    if (!written.ok()) return written;
    return Publisher({"keys", "create", "--out", Path("keys"), "--unencrypted",
                      "targets,snapshot,timestamp", "--passphrase-file", Path("passphrase")})
        .status();
  }

  // What a first build takes, in a repository of its own.
  absl::StatusOr<ProcessUsage> Build(const FeedText& text, const std::string& source) const {
    const std::string repository = Path("repository");
    std::filesystem::remove_all(repository);
    const auto made = Publisher({"init", "--repository", repository, "--keys", Path("keys"),
                                 "--feed", "bench", "--passphrase-file", Path("passphrase")});
    if (!made.ok()) return made;
    auto built = Publisher({"publish", "--repository", repository, "--keys", Path("keys"),
                            "--source", absl::StrCat(text.format, ":", source)});
    std::filesystem::remove_all(repository);
    return built;
  }

  absl::Status Measure(const FeedText& text) {
    const std::string source = Path(text.format);
    if (absl::Status s = WriteFeedText(text, options_.records, source); !s.ok()) return s;
    const auto usage = Build(text, source);
    if (!usage.ok()) return usage.status();
    const auto phases = MeasurePhases(text, source, work_);
    if (!phases.ok()) return phases.status();
    std::filesystem::remove(source);
    Tell(text, *usage, *phases);
    return absl::OkStatus();
  }

  void Tell(const FeedText& text, const ProcessUsage& usage, const BuildPhases& phases) {
    const auto records = static_cast<double>(options_.records);
    const double rate = records / usage.processor_s;
    const double floor = records / phases.Floor();
    // The goal is the rate's; how far the floor is away stands in a row of its own.
    report_.Add({.name = absl::StrCat(text.name, ": records a second of one core"),
                 .value = rate,
                 .unit = "/s",
                 .at_least = text.format == "url" ? std::nullopt : std::optional(kGoalRecords)});
    Row beside{.name = absl::StrCat(text.name, ": beside lines, bare table, SHA-256"),
               .value = rate,
               .unit = "/s",
               .floor = floor};
    SetRatios({rate / floor}, &beside);
    report_.Add(beside);
    report_.Add({.name = absl::StrCat(text.name, ": by the clock"),
                 .value = records / usage.wall_s,
                 .unit = "/s"});
    report_.Add({.name = absl::StrCat(text.name, ": most memory"),
                 .value = static_cast<double>(usage.peak_bytes) / kMebibyte,
                 .unit = "MiB",
                 .at_most = kGoalMebibytes});
    TellPhases(text, phases);
  }

  void TellPhases(const FeedText& text, const BuildPhases& phases) {
    const auto tell = [this, &text](absl::string_view name, double seconds) {
      report_.Add({.name = absl::StrCat(text.name, ": ", name),
                   .value = seconds * 1e9 / static_cast<double>(options_.records),
                   .unit = "ns each"});
    };
    tell("read and parse", phases.parse);
    tell("parse: lines alone", phases.lines);
    tell("sort", phases.sort);
    tell("merge", phases.merge);
    tell("write packs", phases.write);
    tell("write: walk and encode alone", phases.walk);
    tell("write: content digest alone", phases.digest);
    tell("write: bare table alone", phases.sst);
    tell("write: SHA-256 of the files alone", phases.hash);
    tell("write: waits for the disk", phases.write_waits);
  }

  const BuildBenchOptions options_;
  const std::string work_;
  Report report_;
};

}  // namespace

absl::Status RunBuildBench(const BuildBenchOptions& options) {
  if (absl::Status s = PinToOneProcessor(); !s.ok()) return s;
  return BuildBench(options).Run();
}

}  // namespace cloister::bench
