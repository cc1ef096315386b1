#include "tests/bench/bench.h"

#include <sys/stat.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "cloister/v1/reputation.pb.h"
#include "storage/files/files.h"
#include "tests/bench/feed_builder.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/report.h"
#include "tests/bench/server_under_test.h"
#include "tests/bench/workloads.h"

namespace cloister::bench {
namespace {

constexpr char kFeed[] = "bench";
constexpr uint64_t kSeed = 1;
constexpr uint64_t kDeltaSeed = 2;
constexpr int kDeltaRounds = 3;
constexpr absl::Duration kServeTimeout = absl::Minutes(30);
// How often to ask whether data serves: rarely enough not to weigh on what is measured.
constexpr absl::Duration kAskInterval = absl::Milliseconds(5);

// A workload and what is expected of it.
struct Goal {
  Workload workload;
  double at_least;  // calls a second, as a share of the echo's
  std::optional<double> p99_at_most = std::nullopt;
};

// Bytes that the files below `directory` take, each inode once.
uint64_t DiskBytes(const std::string& directory) {
  std::set<std::pair<dev_t, ino_t>> seen;
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat info;
    if (lstat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (seen.emplace(info.st_dev, info.st_ino).second) bytes += static_cast<uint64_t>(info.st_size);
  }
  return bytes;
}

class Bench {
 public:
  explicit Bench(const BenchOptions& options)
      : options_(options),
        work_(options.directory + "/work"),
        listed_(options.records, kSeed),
        report_(options.records) {}

  absl::Status Run() {
    std::filesystem::remove_all(work_);
    if (absl::Status s = storage::MakeDirectories(work_); !s.ok()) return s;
    const std::function<absl::Status()> steps[] = {
        [this] { return BuildFeed(); },      [this] { return MeasureSnapshot(); },
        [this] { return MeasureLookups(); }, [this] { return MeasureFootprint(); },
        [this] { return MeasureDelta(); },   [this] { return MeasureStart(); },
    };
    for (const auto& step : steps) {
      if (absl::Status s = step(); !s.ok()) return s;
    }
    if (absl::Status s = server_->Stop(); !s.ok()) return s;
    const std::string result = options_.directory + "/result.json";
    if (absl::Status s = storage::WriteFileAtomically(result, report_.ToJson(), 0644); !s.ok()) {
      return s;
    }
    std::filesystem::remove_all(work_);
    return report_.CheckFigures();
  }

 private:
  absl::Status BuildFeed() {
    printf("%llu records, %g s a run, %u rounds\n",
           static_cast<unsigned long long>(options_.records),
           absl::ToDoubleSeconds(options_.duration), options_.rounds);
    auto feed = FeedBuilder::Create(work_ + "/feed", work_ + "/spool", kFeed);
    if (!feed.ok()) return feed.status();
    feed_ = *std::move(feed);
    const absl::Time start = absl::Now();
    if (absl::Status s = feed_->AddSnapshot(listed_); !s.ok()) return s;
    const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
    report_.Add({.name = "writing the packs of the snapshot",
                 .value = static_cast<double>(options_.records) / seconds / 1e6,
                 .unit = "M/s"});
    return absl::OkStatus();
  }

  absl::Status StartServer() {
    auto server = ServerProcess::StartCloisterd({.program = options_.server,
                                                 .directory = work_ + "/server",
                                                 .spool_directory = work_ + "/spool",
                                                 .feed = kFeed,
                                                 .root = feed_->RootPath()});
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    return absl::OkStatus();
  }

  // Asks until `digest` is listed.
  absl::Status WaitUntilListed(const reputation::Digest& digest) const {
    const absl::Time deadline = absl::Now() + kServeTimeout;
    while (absl::Now() < deadline) {
      const auto bytes =
          CallOnce(server_->address(), kLookupMethod, UnaryRequest(digest), absl::Seconds(10));
      if (!bytes.ok()) return bytes.status();
      v1::LookupResponse answer;
      if (answer.ParseFromString(*bytes) && answer.status() == v1::ANSWER_STATUS_LISTED) {
        return absl::OkStatus();
      }
      absl::Notification never;
      never.WaitForNotificationWithTimeout(kAskInterval);
    }
    return absl::DeadlineExceededError("the server does not serve what was handed over");
  }

  // Hands over what is prepared; seconds until `digest` of it is listed.
  absl::StatusOr<double> TimeToLive(const reputation::Digest& digest) {
    const absl::Time start = absl::Now();
    if (absl::Status s = feed_->HandOver(); !s.ok()) return s;
    if (absl::Status s = WaitUntilListed(digest); !s.ok()) return s;
    return absl::ToDoubleSeconds(absl::Now() - start);
  }

  // Seconds that an OpenSSL SHA-256 and a copy of the packs take.
  absl::StatusOr<double> HashAndCopy() const {
    const std::string copy = work_ + "/copy";
    const absl::Time start = absl::Now();
    for (const std::string& path : feed_->PackPaths()) {
      if (auto sha256 = storage::Sha256OfFile(path); !sha256.ok()) return sha256.status();
      std::error_code error;
      std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing,
                                 error);
      if (error) return absl::InternalError("copying " + path + ": " + error.message());
    }
    const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
    std::filesystem::remove(copy);
    return seconds;
  }

  absl::Status MeasureSnapshot() {
    if (absl::Status s = StartServer(); !s.ok()) return s;
    if (absl::Status s = feed_->PrepareHandOver(); !s.ok()) return s;
    const auto before = HashAndCopy();
    const auto live = TimeToLive(listed_.At(listed_.count() - 1));
    const auto after = HashAndCopy();
    for (const auto* seconds : {&before, &live, &after}) {
      if (!seconds->ok()) return seconds->status();
    }
    Row row{.name = "snapshot: in the spool to serving", .value = *live, .unit = "s"};
    row.floor = (*before + *after) / 2;
    SetRatios({*live / *before, *live / *after}, &row);
    row.at_most = 3;
    report_.Add(row);
    return absl::OkStatus();
  }

  absl::Status MeasureLookups() {
    const std::function<Goal()> goals[] = {
        [this] {
          return Goal{UnaryWorkload(listed_, 0.05), 0.90, 1.25};
        },
        [this] {
          return Goal{UnaryWorkload(listed_, 1), 0.75};
        },
        [this] {
          return Goal{BatchWorkload(listed_, 0.05, 100, 16), 0.30};
        },
        [this] {
          return Goal{BatchWorkload(listed_, 0.05, 1000, 8), 0.15};
        },
    };
    for (const auto& goal : goals) {
      if (absl::Status s = MeasureWorkload(goal()); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<LoadResult> Drive(const ServerProcess& server, const Workload& workload) const {
    LoadOptions options;
    options.address = server.address();
    options.warm_up = options_.duration / 5;
    options.duration = options_.duration;
    return DriveLoad(options, workload);
  }

  absl::Status MeasureWorkload(const Goal& goal) {
    const Workload& workload = goal.workload;
    const auto sample = Drive(*server_, workload);
    if (!sample.ok()) return sample.status();
    const auto hit_rate = HitRate(workload, sample->answers);
    if (!hit_rate.ok()) return hit_rate.status();
    if (std::abs(*hit_rate - workload.hit_rate) > 0.08) {
      return absl::InternalError(absl::StrCat(workload.name, ": ", *hit_rate, " are listed"));
    }
    const auto echo =
        ServerProcess::StartEcho(work_, sample->answers, workload.method == kBatchLookupMethod);
    if (!echo.ok()) return echo.status();

    std::vector<LoadResult> ours, floor;
    std::vector<double> cpu, floor_cpu;
    for (uint32_t round = 0; round < options_.rounds; ++round) {
      if (absl::Status s = DriveRound(**echo, workload, &floor, &floor_cpu); !s.ok()) return s;
      if (absl::Status s = DriveRound(*server_, workload, &ours, &cpu); !s.ok()) return s;
    }
    AddRatios(goal, ours, floor);
    Row row{.name = "  server processor time a call", .unit = "us"};
    SetAverages(cpu, floor_cpu, &row);
    report_.Add(row);
    return absl::OkStatus();
  }

  // One run on one server; adds its result and the processor time of a call in microseconds.
  absl::Status DriveRound(const ServerProcess& server, const Workload& workload,
                          std::vector<LoadResult>* results, std::vector<double>* cpu) const {
    const auto before = ProcessorSeconds(server.pid());
    auto result = Drive(server, workload);
    const auto after = ProcessorSeconds(server.pid());
    if (!result.ok()) return result.status();
    if (!before.ok() || !after.ok()) return absl::InternalError("the server is gone");
    // The warm-up's calls are not counted, but cost as much as the others.
    const double share = 1 / 1.2;
    cpu->push_back((*after - *before) * share / static_cast<double>(result->calls) * 1e6);
    results->push_back(*std::move(result));
    return absl::OkStatus();
  }

  static void SetAverages(const std::vector<double>& values, const std::vector<double>& floors,
                          Row* row) {
    std::vector<double> ratios;
    double value = 0, floor = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      ratios.push_back(values[i] / floors[i]);
      value += values[i] / static_cast<double>(values.size());
      floor += floors[i] / static_cast<double>(values.size());
    }
    row->value = value;
    row->floor = floor;
    SetRatios(std::move(ratios), row);
  }

  void AddRatios(const Goal& goal, const std::vector<LoadResult>& ours,
                 const std::vector<LoadResult>& floor) {
    std::vector<double> rates, floor_rates, tails, floor_tails;
    for (size_t i = 0; i < ours.size(); ++i) {
      const double keys = goal.workload.keys_per_request;
      rates.push_back(ours[i].CallsPerSecond() * keys / 1e3);
      floor_rates.push_back(floor[i].CallsPerSecond() * keys / 1e3);
      tails.push_back(static_cast<double>(ours[i].latency.Percentile(0.99)));
      floor_tails.push_back(static_cast<double>(floor[i].latency.Percentile(0.99)));
    }
    Row rate{.name = goal.workload.name, .unit = "k keys/s"};
    SetAverages(rates, floor_rates, &rate);
    rate.at_least = goal.at_least;
    report_.Add(rate);
    Row tail{.name = "  99th percentile", .unit = "us"};
    SetAverages(tails, floor_tails, &tail);
    tail.at_most = goal.p99_at_most;
    report_.Add(tail);
  }

  absl::Status MeasureFootprint() {
    const auto memory = AnonymousBytes(server_->pid());
    if (!memory.ok()) return memory.status();
    const auto records = static_cast<double>(options_.records);
    report_.Add({.name = "memory a record (anonymous)",
                 .value = static_cast<double>(*memory) / records,
                 .unit = "B",
                 .at_most = 25});
    report_.Add({.name = "disk a record",
                 .value = static_cast<double>(DiskBytes(work_ + "/server/data")) / records,
                 .unit = "B",
                 .at_most = 60});
    return absl::OkStatus();
  }

  // Makes the next delta ready; a digest that it adds.
  absl::StatusOr<reputation::Digest> PrepareDelta() {
    const Digests added(std::max<uint64_t>(options_.records / 100, 1),
                        kDeltaSeed + feed_->version());
    if (absl::Status s = feed_->AddDelta(added); !s.ok()) return s;
    if (absl::Status s = feed_->PrepareHandOver(); !s.ok()) return s;
    return added.At(added.count() - 1);
  }

  absl::Status MeasureDelta() {
    const auto added = PrepareDelta();
    if (!added.ok()) return added.status();
    const auto live = TimeToLive(*added);
    if (!live.ok()) return live.status();
    report_.Add({.name = absl::StrCat("delta of ", std::max<uint64_t>(options_.records / 100, 1),
                                      ": in the spool to live"),
                 .value = *live,
                 .unit = "s",
                 .at_most = 1});
    return MeasureLookupsDuringDelta(*live);
  }

  // Lookups' tail while a delta is imported, which takes some `seconds`, beside the quiet one.
  absl::Status MeasureLookupsDuringDelta(double seconds) {
    const Workload workload = UnaryWorkload(listed_, 0.05);
    LoadOptions load;
    load.address = server_->address();
    load.duration = absl::Seconds(std::max(1.5 * seconds, 0.1));
    std::vector<double> busy, quiet;
    for (int round = 0; round < kDeltaRounds; ++round) {
      const auto added = PrepareDelta();
      if (!added.ok()) return added.status();
      const auto before = DriveLoad(load, workload);
      absl::StatusOr<LoadResult> during = absl::InternalError("not run");
      absl::StatusOr<double> live = absl::InternalError("not run");
      std::thread driver([&] { during = DriveLoad(load, workload); });
      live = TimeToLive(*added);
      driver.join();
      for (const absl::Status& s : {before.status(), during.status(), live.status()}) {
        if (!s.ok()) return s;
      }
      quiet.push_back(static_cast<double>(before->latency.Percentile(0.99)));
      busy.push_back(static_cast<double>(during->latency.Percentile(0.99)));
    }
    Row row{.name = "  99th percentile of Lookup meanwhile", .unit = "us"};
    SetAverages(busy, quiet, &row);
    row.at_most = 1.5;
    report_.Add(row);
    return absl::OkStatus();
  }

  absl::Status MeasureStart() {
    if (absl::Status s = server_->Stop(); !s.ok()) return s;
    const absl::Time start = absl::Now();
    if (absl::Status s = StartServer(); !s.ok()) return s;
    if (absl::Status s = WaitUntilListed(listed_.At(0)); !s.ok()) return s;
    report_.Add({.name = "start to serving",
                 .value = absl::ToDoubleSeconds(absl::Now() - start),
                 .unit = "s",
                 .at_most = 1});
    return absl::OkStatus();
  }

  const BenchOptions& options_;
  const std::string work_;
  const Digests listed_;
  Report report_;
  std::unique_ptr<FeedBuilder> feed_;
  std::unique_ptr<ServerProcess> server_;
};

}  // namespace

absl::Status RunBench(const BenchOptions& options) { return Bench(options).Run(); }

}  // namespace cloister::bench
