#include "tests/unit/sync/worker_fixture.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "reputation/ip_address.h"
#include "storage/files/files.h"
#include "storage/pack/pack_writer.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using reputation::LookupKey;
using reputation::Record;

std::string Read(const std::string& path) {
  auto bytes = storage::ReadFile(path, 64 << 20);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *bytes : "";
}

storage::PackSummary WritePack(const std::string& path, const storage::PackHeader& header,
                               const Records& entries) {
  auto writer = storage::PackWriter::Create(path, header);
  EXPECT_TRUE(writer.ok()) << writer.status();
  for (const auto& [key, record] : entries) {
    const absl::Status s =
        record.removed ? (*writer)->RemoveEntry(key.bytes()) : (*writer)->Add(key, record);
    EXPECT_TRUE(s.ok()) << s;
  }
  auto summary = (*writer)->Finish();
  EXPECT_TRUE(summary.ok()) << summary.status();
  return *summary;
}

}  // namespace

absl::Time TestTime() {
  return absl::FromCivil(absl::CivilSecond(2030, 1, 31, 12, 0, 0), absl::UTCTimeZone());
}

LookupKey FileKey(absl::string_view content) {
  const auto hash = reputation::Sha256(content);
  return LookupKey::ForFile(
      *reputation::Digest::FromBytes(reputation::DigestAlgorithm::kSha256,
                                     {reinterpret_cast<const char*>(hash.data()), hash.size()}));
}

LookupKey HostKey(absl::string_view name) { return LookupKey::ForHost(name); }

LookupKey IpKey(absl::string_view prefix) {
  return LookupKey::ForIpPrefix(*reputation::IpPrefix::Parse(prefix));
}

Record Malicious() {
  Record record;
  record.verdict = reputation::Verdict::kMalicious;
  record.confidence = 90;
  return record;
}

BuiltPack BuildPack(const storage::PackHeader& header, const Records& entries,
                    const Records& version) {
  testing::TemporaryDirectory scratch;
  // The version as one pack tells its digest and what it covers.
  const auto whole =
      WritePack(scratch / "whole.sst", {header.feed, 0, header.to_version, 1, 1}, version);
  const auto own = WritePack(scratch / "pack.sst", header, entries);
  BuiltPack built;
  built.bytes = Read(scratch / "pack.sst");
  trust::PackTarget& target = built.target;
  target.path = header.is_delta()
                    ? absl::StrCat("delta-", header.from_version, "-", header.to_version, ".sst")
                    : absl::StrCat("full-", header.to_version, "-", header.part, ".sst");
  target.feed = header.feed;
  target.from_version = header.from_version;
  target.to_version = header.to_version;
  target.part = header.part;
  target.parts = header.parts;
  target.entries = own.records + own.labels;
  target.version_records = whole.records;
  target.content_digest = whole.digest.ToString();
  target.coverage = whole.coverage;
  target.prefix_lengths = whole.prefix_lengths;
  return built;
}

Records FeedUpstream::EntriesOf(uint32_t part, uint32_t parts) const {
  Records entries;
  size_t i = 0;
  for (const auto& [key, record] : records) {
    if (i++ * parts / records.size() == part - 1) entries[key] = record;
  }
  return entries;
}

void FeedUpstream::List(trust::PackTarget target, const std::string& bytes) {
  target.minimum_poll_interval = minimum_poll_interval;
  repository.AddTarget(target.path, bytes, trust::PackTargetToCustom(target));
}

void FeedUpstream::Publish(const Records& changes, uint32_t snapshot_parts) {
  for (const auto& [key, record] : changes) {
    if (record.removed) {
      records.erase(key);
    } else {
      records[key] = record;
    }
  }
  const uint64_t before = version++;
  if (before > 0) {
    const BuiltPack delta = BuildPack({"threats", before, version, 1, 1}, changes, records);
    List(delta.target, delta.bytes);
  }
  for (uint32_t part = 1; part <= snapshot_parts; ++part) {
    const BuiltPack built = BuildPack({"threats", 0, version, part, snapshot_parts},
                                      EntriesOf(part, snapshot_parts), records);
    List(built.target, built.bytes);
  }
  repository.UpdateTargets();
}

void FeedUpstream::Unlist(absl::string_view path) {
  repository.targets["targets"].erase(std::string(path));
}

WorkerFixture::WorkerFixture() {
  fs::create_directories(directory_ / "spool");
  std::ofstream(directory_ / "root.json") << upstream_.repository.InitialState().root;
}

CycleOptions WorkerFixture::Options() const {
  CycleOptions options;
  options.feed = "threats";
  options.root = directory_ / "root.json";
  options.spool_directory = directory_ / "spool";
  options.state_directory = directory_ / "state/threats";
  return options;
}

std::vector<std::string> WorkerFixture::SpoolNames() const {
  auto names = storage::ListDirectory(directory_ / "spool/threats");
  return names.ok() ? *names : std::vector<std::string>();
}

std::map<std::string, std::string> WorkerFixture::SpoolFiles() const {
  std::map<std::string, std::string> files;
  const std::string base = directory_ / "spool/threats";
  if (!fs::exists(base)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(base)) {
    const std::string path = entry.path();
    if (entry.is_regular_file()) files[path.substr(base.size() + 1)] = Read(path);
  }
  return files;
}

std::string WorkerFixture::PackOnOffer(absl::string_view part) const {
  for (const auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, part)) {
      return directory_ / ("state/threats/packs/" + name.substr(0, 64) + ".sst");
    }
  }
  return "";
}

void WorkerFixture::Rot(const std::string& path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(0, std::ios::end);
  const auto middle = file.tellg() / 2;
  file.seekg(middle);
  const char byte = static_cast<char>(file.get());
  file.seekp(middle);
  file.put(static_cast<char>(byte ^ 1));
  EXPECT_TRUE(file.good()) << path;
}

std::vector<std::string> WorkerFixture::RequestedTargets() {
  std::vector<std::string> names;
  for (const std::string& name : upstream_.repository.fetched) {
    // Without the hash in front.
    if (absl::EndsWith(name, ".sst")) names.push_back(name.substr(name.find('.') + 1));
  }
  upstream_.repository.fetched.clear();
  return names;
}

}  // namespace cloister::worker
