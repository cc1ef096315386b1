#include "tests/bench/update_bench.h"

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/files/files.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/workloads.h"

namespace cloister::bench {
namespace {

constexpr uint64_t kDeltaSeed = 2;
constexpr uint64_t kKeySeed = 4;
constexpr int kDeltaRounds = 3;

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

// Seconds that an OpenSSL SHA-256 and a copy of the files take.
absl::StatusOr<double> HashAndCopy(const std::vector<std::string>& files, const std::string& copy) {
  const absl::Time start = absl::Now();
  for (const std::string& path : files) {
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

}  // namespace

absl::Status UpdateBench::BuildFeed() {
  const absl::Time start = absl::Now();
  if (absl::Status s = appliance_.feed().AddSnapshot(listed_); !s.ok()) return s;
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  report_.Add({.name = "writing the packs of the snapshot",
               .value = static_cast<double>(options_.records) / seconds / 1e6,
               .unit = "M/s"});
  return absl::OkStatus();
}

absl::Status UpdateBench::MeasureSnapshot() {
  FeedBuilder& feed = appliance_.feed();
  if (absl::Status s = appliance_.Start(Transport::kTcp); !s.ok()) return s;
  if (absl::Status s = feed.PrepareHandOver(); !s.ok()) return s;
  const std::string copy = options_.directory + "/work/copy";
  const auto before = HashAndCopy(feed.PackPaths(), copy);
  const auto live = appliance_.TimeToLive(listed_.At(listed_.count() - 1));
  const auto after = HashAndCopy(feed.PackPaths(), copy);
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

absl::Status UpdateBench::MeasureFootprint() {
  const auto memory = AnonymousBytes(appliance_.server().pid());
  if (!memory.ok()) return memory.status();
  const auto records = static_cast<double>(options_.records);
  report_.Add({.name = "memory a record (anonymous)",
               .value = static_cast<double>(*memory) / records,
               .unit = "B",
               .at_most = 25});
  report_.Add({.name = "disk a record",
               .value = static_cast<double>(DiskBytes(appliance_.DataDirectory())) / records,
               .unit = "B",
               .at_most = 60});
  return absl::OkStatus();
}

uint64_t UpdateBench::DeltaRecords() const { return std::max<uint64_t>(options_.records / 100, 1); }

absl::StatusOr<reputation::Digest> UpdateBench::PrepareDelta() {
  FeedBuilder& feed = appliance_.feed();
  const Digests added(DeltaRecords(), kDeltaSeed + feed.version());
  if (absl::Status s = feed.AddDelta(added); !s.ok()) return s;
  if (absl::Status s = feed.PrepareHandOver(); !s.ok()) return s;
  return added.At(added.count() - 1);
}

absl::Status UpdateBench::MeasureDeltas() {
  const auto added = PrepareDelta();
  if (!added.ok()) return added.status();
  const auto live = appliance_.TimeToLive(*added);
  if (!live.ok()) return live.status();
  report_.Add({.name = absl::StrCat("delta of ", DeltaRecords(), ": in the spool to live"),
               .value = *live,
               .unit = "s",
               .at_most = 1});
  return MeasureLookupsMeanwhile(*live);
}

absl::Status UpdateBench::MeasureLookupsMeanwhile(double seconds) {
  const KeyChoice choice({listed_, 0.05, Spreading::kUniform, kKeySeed});
  const Workload workload = MakeWorkload(choice, {.keys = options_.asked_keys});
  LoadOptions load;
  load.target = appliance_.server().target();
  load.duration = absl::Seconds(std::max(1.5 * seconds, 0.1));
  std::vector<double> busy, quiet;
  for (int round = 0; round < kDeltaRounds; ++round) {
    const auto added = PrepareDelta();
    if (!added.ok()) return added.status();
    const auto before = DriveLoad(load, workload);
    absl::StatusOr<LoadResult> during = absl::InternalError("not run");
    std::thread driver([&] { during = DriveLoad(load, workload); });
    const auto live = appliance_.TimeToLive(*added);
    driver.join();
    for (const absl::Status& s : {before.status(), during.status(), live.status()}) {
      if (!s.ok()) return s;
    }
    quiet.push_back(static_cast<double>(before->latency.Percentile(0.99)));
    busy.push_back(static_cast<double>(during->latency.Percentile(0.99)));
  }
  Row row{.name = "99th percentile of Lookup meanwhile, beside quiet",
          .unit = "us",
          .at_most = 1.5,
          .of = "delta"};
  SetRuns(busy, quiet, &row);
  report_.Add(row);
  return absl::OkStatus();
}

absl::Status UpdateBench::MeasureStart() {
  if (absl::Status s = appliance_.Stop(); !s.ok()) return s;
  const absl::Time start = absl::Now();
  if (absl::Status s = appliance_.Start(Transport::kTcp); !s.ok()) return s;
  if (absl::Status s = appliance_.WaitUntilListed(listed_.At(0)); !s.ok()) return s;
  report_.Add({.name = "start to serving",
               .value = absl::ToDoubleSeconds(absl::Now() - start),
               .unit = "s",
               .at_most = 1});
  return absl::OkStatus();
}

}  // namespace cloister::bench
