// What stays on offer and on disk, when a snapshot is worth its bytes, and what does not depend on
// where and when something is published.

#include <algorithm>
#include <bit>
#include <clocale>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "sync/publisher/repository/retention.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using trust::PackTarget;

std::vector<FeedEntry> Files(uint32_t from, uint32_t to) {
  std::vector<FeedEntry> entries;
  for (uint32_t i = from; i < to; ++i) {
    entries.push_back(
        FileEntry(i, reputation::Verdict::kMalicious, absl::StrCat("Threat.", i % 7)));
  }
  return entries;
}

PackTarget Pack(uint64_t from, uint64_t to) {
  PackTarget pack;
  pack.from_version = from;
  pack.to_version = to;
  pack.path = from == 0 ? absl::StrCat("full-", to, "-1.sst")
                        : absl::StrCat("delta-", from, "-", to, ".sst");
  pack.sha256 = pack.path;
  return pack;
}

// Packs as the publisher makes them up to `newest`, with snapshots of the versions given.
std::vector<PackTarget> Made(uint64_t newest, const std::set<uint64_t>& snapshots) {
  std::vector<PackTarget> packs;
  for (const uint64_t version : snapshots) packs.push_back(Pack(0, version));
  for (uint64_t to = 2; to <= newest; ++to) {
    for (uint64_t length = 1; to % length == 0 && length < to; length *= 2) {
      packs.push_back(Pack(to - length, to));
    }
  }
  return packs;
}

std::vector<std::string> Listed(const std::vector<PackTarget>& packs, const Retention& retention) {
  std::vector<std::string> names;
  for (const PackTarget& pack : PacksToList(packs, retention)) names.push_back(pack.path);
  return names;
}

TEST(PacksToList, KeepsEveryDeltaOfTheRetainedVersionsAndTheWayThere) {
  EXPECT_THAT(Listed(Made(21, {3}), {.versions = 4, .snapshots = 3}),
              UnorderedElementsAre("full-3-1.sst",
                                   // from the snapshot to where all longer deltas begin
                                   "delta-3-4.sst", "delta-4-8.sst", "delta-8-16.sst",
                                   // what no longer delta covers, and all of the last four
                                   "delta-16-18.sst", "delta-17-18.sst", "delta-18-19.sst",
                                   "delta-16-20.sst", "delta-18-20.sst", "delta-19-20.sst",
                                   "delta-20-21.sst"));
}

TEST(PacksToList, DropsSnapshotsThatNobodyBeginsWith) {
  const std::vector<PackTarget> packs = Made(40, {1, 9, 20, 33, 38});
  // 20 is the newest that lies before the last 16 versions.
  const std::vector<std::string> all = Listed(packs, {.versions = 16, .snapshots = 9});
  EXPECT_THAT(all, IsSupersetOf({"full-20-1.sst", "full-33-1.sst", "full-38-1.sst"}));
  EXPECT_THAT(all, Not(Contains("full-9-1.sst")));
  EXPECT_THAT(all, Not(Contains("delta-16-24.sst")));  // nobody is at 16 any more
  const std::vector<std::string> two = Listed(packs, {.versions = 16, .snapshots = 2});
  EXPECT_THAT(two, IsSupersetOf({"full-33-1.sst", "full-38-1.sst"}));
  EXPECT_THAT(two, Not(Contains("full-20-1.sst")));
}

TEST(PacksToList, KeepsAShortWayFromEverySnapshotThatStays) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    const uint64_t newest = 2 + random() % 400;
    std::set<uint64_t> snapshots = {1};
    for (int i = 0; i < 5; ++i) snapshots.insert(1 + random() % newest);
    const Retention retention{.versions = 1 + static_cast<uint32_t>(random() % 64),
                              .snapshots = 1 + static_cast<uint32_t>(random() % 6)};
    const std::vector<PackTarget> listed = PacksToList(Made(newest, snapshots), retention);
    for (const PackTarget& snapshot : listed) {
      if (snapshot.is_delta()) continue;
      std::vector<PackTarget> offered = {snapshot};
      std::copy_if(listed.begin(), listed.end(), std::back_inserter(offered),
                   [](const PackTarget& pack) { return pack.is_delta(); });
      const auto chain = trust::CheapestChain(offered, {}, 18);
      ASSERT_THAT(chain, IsOk()) << round << ": " << snapshot.path;
      EXPECT_EQ(chain->back().to_version, newest);
    }
  }
}

TEST(PacksToList, DropsWhatNoLongerLeadsToTheNewestVersion) {
  std::vector<PackTarget> packs = {Pack(0, 1), Pack(1, 2), Pack(2, 3), Pack(0, 4), Pack(4, 5)};
  EXPECT_THAT(Listed(packs, {}), ElementsAre("full-4-1.sst", "delta-4-5.sst"));
}

TEST(PacksToList, IsBoundedWhateverTheSettings) {
  std::vector<PackTarget> packs = Made(4096, {1, 3000, 4000});
  EXPECT_LE(Listed(packs, {.versions = 1024, .snapshots = 16}).size(), 3000u);
  EXPECT_LE(Listed(packs, {.versions = 64, .snapshots = 3}).size(), 160u);
  // Where merged ones were too large, the oldest snapshots make room.
  std::vector<PackTarget> steps = {Pack(0, 1), Pack(0, 3000), Pack(0, 4000)};
  for (uint64_t to = 2; to <= 4096; ++to) steps.push_back(Pack(to - 1, to));
  EXPECT_EQ(Listed(steps, {.versions = 4096, .snapshots = 3}).size(), 2u + 1096);
}

TEST(Retention, FilesStayOnDiskForTheGraceAfterNothingNamesThem) {
  PublishedFeed feed("threats", {.versions = 1, .snapshots = 1, .grace = absl::Hours(3)});
  feed.options.snapshot = true;
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  ASSERT_THAT(feed.Publish(Files(0, 20)), IsOk());
  ASSERT_THAT(feed.Publish(Files(0, 30)), IsOk());
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("full-3-1.sst"));
  EXPECT_THAT(feed.PackFiles(), IsSupersetOf({"full-1-1.sst", "full-2-1.sst"}));
  const auto metadata = [&feed] { return *storage::ListDirectory(feed.path() + "/metadata"); };
  EXPECT_THAT(metadata(), IsSupersetOf({"1.targets.json", "1.snapshot.json"}));
  feed.options.now += absl::Hours(2);
  ASSERT_THAT(feed.Publish(Files(0, 40)), IsOk());
  EXPECT_THAT(feed.PackFiles(), Contains("full-1-1.sst"));
  // Of versions 1 and 2 nothing is named since version 3 came; of version 3 until now.
  feed.options.now += absl::Hours(2);
  ASSERT_THAT(feed.Publish(Files(0, 50)), IsOk());
  EXPECT_THAT(feed.PackFiles(), Not(Contains("full-1-1.sst")));
  EXPECT_THAT(feed.PackFiles(), IsSupersetOf({"full-3-1.sst", "full-4-1.sst", "full-5-1.sst"}));
  EXPECT_THAT(metadata(), Not(Contains("1.targets.json")));
  EXPECT_THAT(metadata(), IsSupersetOf({"1.root.json", "3.targets.json", "5.targets.json"}));
  // Where the notes are lost the time begins anew; what a stranger put there stays.
  ASSERT_THAT(storage::WriteFileAtomically(feed.path() + "/.retired.json", "{"), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(feed.path() + "/targets/readme.txt", "x"), IsOk());
  feed.options.now += absl::Hours(4);
  ASSERT_THAT(feed.Publish(Files(0, 60)), IsOk());
  EXPECT_THAT(feed.PackFiles(), Contains("full-3-1.sst"));
  feed.options.now += absl::Hours(4);
  ASSERT_THAT(feed.Publish(Files(0, 70)), IsOk());
  EXPECT_THAT(feed.PackFiles(), Not(Contains("full-3-1.sst")));
  EXPECT_THAT(*storage::ListDirectory(feed.path() + "/targets"), Contains("readme.txt"));
}

TEST(Retention, IsReadFromTheRepositorysSettings) {
  PublishedFeed feed("threats", {.versions = 7, .snapshots = 2, .grace = absl::Hours(5)});
  const std::string path = feed.path() + "/publisher.json";
  std::string text = *storage::ReadFile(path, 1 << 20);
  {
    ASSERT_OK_AND_ASSIGN(auto repository, Repository::OpenReadOnly(feed.path()));
    EXPECT_EQ(repository->settings().retention.versions, 7u);
    EXPECT_EQ(repository->settings().retention.snapshots, 2u);
    EXPECT_EQ(repository->settings().retention.grace, absl::Hours(5));
  }
  for (const char* wrong : {"\"versions\": 0", "\"versions\": 5000", "\"versions\": \"7\""}) {
    std::string changed = text;
    changed.replace(changed.find("\"versions\": 7"), 13, wrong);
    ASSERT_THAT(storage::WriteFileAtomically(path, changed), IsOk());
    const auto opened = Repository::OpenReadOnly(feed.path());
    EXPECT_THAT(opened, HasCode(absl::StatusCode::kInvalidArgument)) << wrong;
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr("retention.versions"));
  }
  // Repositories of before have none.
  ASSERT_THAT(storage::WriteFileAtomically(
                  path, R"({"feed": "threats", "lifetimes_s": {"root": 9, "targets": 9,
                            "snapshot": 9, "timestamp": 9}})"),
              IsOk());
  ASSERT_OK_AND_ASSIGN(auto repository, Repository::OpenReadOnly(feed.path()));
  EXPECT_EQ(repository->settings().retention.versions, 64u);
}

TEST(Snapshots, AreMadeWhenDeltasWouldCostHalfOfOneMore) {
  PublishedFeed feed;
  // Some 1.5 MB that stay, and 0.4 MB that are others each time.
  const auto entries = [](uint32_t version) {
    std::vector<FeedEntry> all = Files(0, 22'000);
    const std::vector<FeedEntry> fresh =
        Files(100'000 + version * 3'000, 100'000 + version * 3'000 + 3'000);
    all.insert(all.end(), fresh.begin(), fresh.end());
    return all;
  };
  std::vector<uint32_t> snapshots;
  for (uint32_t version = 1; version <= 16; ++version) {
    ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(entries(version)));
    if (result.snapshot_bytes > 0) snapshots.push_back(version);
    ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> offered, feed.Offered());
    ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> chain, trust::CheapestChain(offered, {}, 24));
    uint64_t bytes = 0;
    for (const PackTarget& pack : chain) bytes += pack.bytes;
    // Nobody fetches more than one and a half times of what there is, and a megabyte.
    EXPECT_LE(bytes, (25'000u * 60 + 20'000) * 3 / 2 + (1 << 20)) << version;
  }
  EXPECT_GE(snapshots.size(), 2u);
  EXPECT_LE(snapshots.size(), 6u);
}

TEST(Declared, StaysDeclaredWhereADeltaLeads) {
  PublishedFeed feed;
  feed.options.also_covers = *reputation::Coverage::FromNames({"url", "ip/v4"});
  ASSERT_THAT(feed.Publish(Files(0, 1000)), IsOk());
  feed.options.also_covers = {};
  ASSERT_THAT(feed.Publish(Files(0, 1001)), IsOk());
  EXPECT_THAT(feed.Offered()->front().coverage.Names(), ElementsAre("file/sha256", "url", "ip/v4"));
  // A change too large for a delta begins anew.
  ASSERT_THAT(feed.Publish(Files(5000, 5010)), IsOk());
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("full-3-1.sst"));
  EXPECT_THAT(feed.Offered()->front().coverage.Names(), ElementsAre("file/sha256"));
}

// Hashes and record streams of every pack on offer, by name.
std::map<std::string, std::vector<std::string>> Streams(PublishedFeed& feed) {
  std::map<std::string, std::vector<std::string>> streams;
  const std::vector<PackTarget> offered = feed.Offered().value();
  for (const PackTarget& pack : offered) {
    auto reader = storage::PackReader::Open(
        absl::StrCat(feed.path(), "/targets/", pack.sha256, ".", pack.path), {});
    std::vector<std::string>& stream = streams[pack.path];
    stream.push_back(pack.sha256);
    stream.push_back(pack.content_digest);
    stream.push_back(pack.base_digest);
    for (auto cursor = (*reader)->NewCursor(true); cursor->Valid(); cursor->Next()) {
      stream.push_back(absl::StrCat(cursor->key(), "=", cursor->value()));
    }
  }
  return streams;
}

TEST(Deterministic, SameHistoryGivesTheSamePacksWhateverOrderTimeAndLocale) {
  PublishedFeed plain;
  PublishedFeed other;
  other.options.now += absl::Hours(24 * 100);
  setenv("TZ", "Pacific/Auckland", 1);
  const std::string locale = setlocale(LC_ALL, nullptr);
  std::mt19937 random(7);
  for (uint32_t version = 1; version <= 8; ++version) {
    std::vector<FeedEntry> entries = Files(version, version + 200);
    const std::vector<FeedEntry> again = Files(version, version + 50);
    entries.insert(entries.end(), again.begin(), again.end());
    ASSERT_THAT(plain.Publish(entries), IsOk());
    // Other sources first, and labels met in another order.
    std::shuffle(entries.begin(), entries.end(), random);
    setlocale(LC_ALL, version % 2 == 0 ? "C.UTF-8" : "");
    ASSERT_THAT(other.Publish(entries), IsOk());
  }
  setlocale(LC_ALL, locale.c_str());
  unsetenv("TZ");
  const auto streams = Streams(plain);
  EXPECT_EQ(streams.size(), 12u);
  EXPECT_EQ(streams, Streams(other));
}

}  // namespace
}  // namespace cloister::publisher
