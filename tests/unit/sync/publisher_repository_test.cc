#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/signing/key_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using reputation::RejectReason;
using reputation::Verdict;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsRejectedFor;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::vector<FeedEntry> Files(uint32_t from, uint32_t to) {
  std::vector<FeedEntry> entries;
  for (uint32_t i = from; i < to; ++i) {
    entries.push_back(FileEntry(i, Verdict::kMalicious, absl::StrCat("Threat.", i % 7)));
  }
  return entries;
}

// What clients ought to hold after `entries` were published.
std::map<std::string, std::string> Expected(PublishedFeed& feed,
                                            const std::vector<FeedEntry>& entries) {
  std::map<std::string, std::string> expected;
  const auto sorted = feed.Sort(entries);
  for (auto cursor = (*sorted)->NewCursor(); cursor->Valid(); cursor->Next()) {
    expected[std::string(cursor->key())] = std::string(cursor->value());
  }
  return expected;
}

void ExpectFetched(PublishedFeed& feed, const std::vector<FeedEntry>& entries) {
  const absl::StatusOr<std::map<std::string, std::string>> fetched = feed.Fetch();
  ASSERT_THAT(fetched, IsOk());
  EXPECT_EQ(*fetched, Expected(feed, entries));
}

TEST(Publish, TheFirstVersionIsASnapshot) {
  PublishedFeed feed;
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(Files(0, 100)));
  EXPECT_TRUE(result.new_version);
  EXPECT_EQ(result.version, 1u);
  EXPECT_EQ(result.records, 100u);
  EXPECT_EQ(result.labels, 7u);
  EXPECT_EQ(result.delta_bytes, 0u);
  EXPECT_EQ(result.snapshot_parts, 1u);
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("full-1-1.sst"));
  ExpectFetched(feed, Files(0, 100));
  const trust::PackTarget pack = feed.Offered()->front();
  EXPECT_EQ(pack.version_records, 100u);
  EXPECT_EQ(pack.entries, 107u);
  EXPECT_THAT(pack.coverage.Names(), ElementsAre("file/sha256"));
  EXPECT_EQ(pack.minimum_poll_interval, absl::Minutes(5));
}

TEST(Publish, ALaterVersionIsADeltaOfWhatDiffers) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish(Files(0, 100)), IsOk());
  std::vector<FeedEntry> next = Files(10, 120);
  next[0].record.verdict = Verdict::kSuspicious;
  next[1].label.threat_name = "Renamed";
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(next));
  EXPECT_EQ(result.version, 2u);
  EXPECT_EQ(result.added, 21u);  // records and the new label
  EXPECT_EQ(result.changed, 2u);
  EXPECT_EQ(result.removed, 10u);
  EXPECT_EQ(result.snapshot_bytes, 0u);
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("delta-1-2.sst", "full-1-1.sst"));
  ExpectFetched(feed, next);
}

TEST(Publish, LabelsThatNothingUsesAnyMoreAreRemoved) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish({FileEntry(1, Verdict::kMalicious, "A"), FileEntry(2)}), IsOk());
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish({FileEntry(2)}));
  EXPECT_EQ(result.removed, 2u);
  EXPECT_EQ(result.labels, 0u);
  EXPECT_EQ(feed.Fetch()->size(), 1u);
}

TEST(Publish, NothingChangedWritesNothing) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  const std::string path = feed.path() + "/metadata/timestamp.json";
  const std::string before = storage::ReadFile(path, 1 << 20).value();
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(Files(0, 10)));
  EXPECT_FALSE(result.new_version);
  EXPECT_FALSE(result.renewed);
  EXPECT_EQ(result.version, 1u);
  EXPECT_EQ(storage::ReadFile(path, 1 << 20).value(), before);
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("full-1-1.sst"));
}

TEST(Publish, SignaturesPastHalfOfTheirLifeAreRenewedThoughNothingChanged) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  feed.options.now += absl::Hours(24 * 4);
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(Files(0, 10)));
  EXPECT_FALSE(result.new_version);
  EXPECT_TRUE(result.renewed);
  EXPECT_EQ(result.expires, feed.options.now + absl::Hours(24 * 7));
  feed.options.now += absl::Hours(24 * 6);
  ExpectFetched(feed, Files(0, 10));
}

TEST(Publish, SameInputGivesTheSameDigestInAnyRepository) {
  PublishedFeed a;
  PublishedFeed b;
  ASSERT_THAT(a.Publish(Files(0, 50)), IsOk());
  ASSERT_OK_AND_ASSIGN(PublishResult by_delta, a.Publish(Files(20, 80)));
  ASSERT_OK_AND_ASSIGN(PublishResult at_once, b.Publish(Files(20, 80)));
  EXPECT_EQ(by_delta.content_digest, at_once.content_digest);
}

TEST(Publish, ASnapshotCanBeAskedFor) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  ASSERT_THAT(feed.Publish(Files(0, 20)), IsOk());
  feed.options.snapshot = true;
  // Of the version that is there…
  ASSERT_OK_AND_ASSIGN(PublishResult same, feed.Publish(Files(0, 20)));
  EXPECT_FALSE(same.new_version);
  EXPECT_GT(same.snapshot_bytes, 0u);
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("delta-1-2.sst", "full-1-1.sst", "full-2-1.sst"));
  ExpectFetched(feed, Files(0, 20));
  // … once …
  ASSERT_OK_AND_ASSIGN(PublishResult again, feed.Publish(Files(0, 20)));
  EXPECT_EQ(again.snapshot_bytes, 0u);
  // … and with a new one.
  ASSERT_OK_AND_ASSIGN(PublishResult next, feed.Publish(Files(0, 30)));
  EXPECT_TRUE(next.new_version);
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("delta-1-2.sst", "delta-2-3.sst", "full-1-1.sst",
                                               "full-2-1.sst", "full-3-1.sst"));
  ExpectFetched(feed, Files(0, 30));
}

TEST(Publish, ASnapshotComesInPartsOfLimitedSize) {
  PublishedFeed feed;
  feed.options.max_part_bytes = 128 * 1024;
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(Files(0, 20000)));
  EXPECT_GE(result.snapshot_parts, 8u);
  ASSERT_OK_AND_ASSIGN(std::vector<trust::PackTarget> offered, feed.Offered());
  for (const trust::PackTarget& pack : offered) {
    EXPECT_LE(pack.bytes, 128u * 1024) << pack.path;
    EXPECT_GE(pack.bytes, 64u * 1024) << pack.path;
    EXPECT_EQ(pack.parts, result.snapshot_parts);
  }
  ExpectFetched(feed, Files(0, 20000));
}

TEST(Publish, AChangeTooLargeForADeltaComesAsSnapshotOnly) {
  PublishedFeed feed;
  feed.options.max_delta_bytes = 64 * 1024;
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(Files(100, 10000)));
  EXPECT_EQ(result.delta_bytes, 0u);
  EXPECT_THAT(feed.OfferedNames(), ElementsAre("full-2-1.sst"));
  ExpectFetched(feed, Files(100, 10000));
}

TEST(Publish, AnEmptyVersionIsRefused) {
  PublishedFeed feed;
  EXPECT_THAT(feed.Publish({}), HasCode(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  EXPECT_THAT(feed.Publish({}), HasCode(absl::StatusCode::kFailedPrecondition));
  ExpectFetched(feed, Files(0, 10));
}

TEST(Publish, DeclaresWhatIsCoveredThoughNotListed) {
  PublishedFeed feed;
  feed.options.also_covers = *reputation::Coverage::FromNames({"url"});
  feed.options.minimum_poll_interval = absl::Seconds(1);
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  const trust::PackTarget pack = feed.Offered()->front();
  EXPECT_THAT(pack.coverage.Names(), ElementsAre("file/sha256", "url"));
  EXPECT_EQ(pack.minimum_poll_interval, absl::Seconds(1));
}

std::vector<trust::SourceNote> Sources(trust::Redistribution redistribution) {
  return {{.name = "urlhaus", .licence = "CC0-1.0", .redistribution = redistribution}};
}

TEST(Publish, StatesWhereTheEntriesComeFrom) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish(Files(0, 100)), IsOk());
  EXPECT_TRUE(feed.Offered()->front().sources.empty());
  feed.options.sources = Sources(trust::Redistribution::kAllowed);
  feed.options.snapshot = true;
  ASSERT_THAT(feed.Publish(Files(0, 101)), IsOk());
  int stated = 0;
  ASSERT_OK_AND_ASSIGN(const std::vector<trust::PackTarget> offered, feed.Offered());
  for (const trust::PackTarget& pack : offered) {
    if (pack.to_version != 2) continue;
    ++stated;
    EXPECT_EQ(pack.sources, feed.options.sources) << pack.path;
  }
  EXPECT_EQ(stated, 2) << "the delta and the snapshot";
}

TEST(Publish, OtherNotesAreSignedThoughNoEntryChanged) {
  PublishedFeed feed;
  feed.options.sources = Sources(trust::Redistribution::kAllowed);
  ASSERT_THAT(feed.Publish(Files(0, 100)), IsOk());
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(Files(0, 100)));
  EXPECT_FALSE(result.renewed);
  feed.options.sources = Sources(trust::Redistribution::kForbidden);
  ASSERT_OK_AND_ASSIGN(result, feed.Publish(Files(0, 100)));
  EXPECT_TRUE(result.renewed);
  EXPECT_FALSE(result.new_version);
  EXPECT_EQ(feed.Offered()->front().sources, feed.options.sources);
  ExpectFetched(feed, Files(0, 100));
}

TEST(Publish, NotesThatNoClientWouldTakeAreRefused) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  feed.options.sources = {{.name = "a\x1b"}};
  EXPECT_THAT(feed.Publish(Files(0, 11)), HasCode(absl::StatusCode::kInvalidArgument));
  ExpectFetched(feed, Files(0, 10));
}

// A run that broke off after everything but the last rename.
TEST(Publish, NothingIsVisibleBeforeTheTimestamp) {
  PublishedFeed feed("threats", {.grace = absl::ZeroDuration()});
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  const std::string timestamp = feed.path() + "/metadata/timestamp.json";
  const std::string before = storage::ReadFile(timestamp, 1 << 20).value();
  ASSERT_THAT(feed.Publish(Files(0, 20)), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(timestamp, before, 0644), IsOk());
  std::filesystem::create_directories(feed.path() + "/.building");
  std::ofstream(feed.path() + "/.building/delta-1-2.sst") << "half";

  ExpectFetched(feed, Files(0, 10));
  ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(Files(0, 30)));
  EXPECT_EQ(result.version, 2u);
  ExpectFetched(feed, Files(0, 30));
  // Numbers that a mirror may have seen are not used twice.
  const auto names = storage::ListDirectory(feed.path() + "/metadata").value();
  EXPECT_THAT(names, Contains("3.targets.json"));
  EXPECT_THAT(names, Not(Contains("2.targets.json")));
  EXPECT_FALSE(std::filesystem::exists(feed.path() + "/.building"));
}

TEST(Publish, BuildsOnNothingThatWasAltered) {
  PublishedFeed feed;
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  const trust::PackTarget pack = feed.Offered()->front();
  const std::string path = absl::StrCat(feed.path(), "/targets/", pack.sha256, ".", pack.path);
  std::string bytes = storage::ReadFile(path, 1 << 20).value();
  bytes[100] ^= 1;
  ASSERT_THAT(storage::WriteFileAtomically(path, bytes, 0644), IsOk());
  const absl::StatusOr<PublishResult> refused = feed.Publish(Files(0, 20));
  EXPECT_THAT(refused, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("was altered"));

  const std::string targets = feed.path() + "/metadata/1.targets.json";
  std::string json = storage::ReadFile(targets, 1 << 20).value();
  json[json.find("\"records\": 10") + 11] = '9';
  ASSERT_THAT(storage::WriteFileAtomically(targets, json, 0644), IsOk());
  EXPECT_THAT(feed.Publish(Files(0, 20)), IsRejectedFor(RejectReason::kMetadataHashMismatch));
}

TEST(Publish, KeysThatTheRootDoesNotNameAreRefused) {
  PublishedFeed feed;
  ASSERT_OK_AND_ASSIGN(SigningKey stranger, SigningKey::Generate());
  std::swap(feed.signers.targets.front(), stranger);
  const absl::StatusOr<PublishResult> refused = feed.Publish(Files(0, 10));
  EXPECT_THAT(refused, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("root names for targets"));
}

TEST(Repository, OneProcessAtATime) {
  PublishedFeed feed;
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Repository> first, Repository::Open(feed.path()));
  EXPECT_THAT(Repository::Open(feed.path()), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Repository::OpenReadOnly(feed.path()), IsOk());
  first = nullptr;
  EXPECT_THAT(Repository::Open(feed.path()), IsOk());
}

TEST(Repository, IsMadeOnceAndFoundOnlyWhereItWasMade) {
  PublishedFeed feed;
  testing::TemporaryDirectory directory;
  EXPECT_THAT(Repository::Open(directory.path()), HasCode(absl::StatusCode::kNotFound));
  InitOptions options;
  options.now = kStart;
  for (const char* name : {"", "Threats", "-threats", "a/b", "..", "a b"}) {
    options.settings.feed = name;
    EXPECT_THAT(Repository::Init(directory / "r", options),
                HasCode(absl::StatusCode::kInvalidArgument))
        << name;
  }
  options.settings.feed = "threats";
  ASSERT_THAT(CreateKeys(directory / "keys", PlainKeys(2)), IsOk());
  for (trust::Role role : {trust::Role::kRoot, trust::Role::kTargets, trust::Role::kSnapshot,
                           trust::Role::kTimestamp}) {
    options.keys[role] = *LoadKeys(directory / "keys", role);
  }
  EXPECT_THAT(Repository::Init(feed.path(), options), HasCode(absl::StatusCode::kAlreadyExists));
  options.root_threshold = 3;
  EXPECT_THAT(Repository::Init(directory / "r", options),
              HasCode(absl::StatusCode::kFailedPrecondition));
  options.root_threshold = 2;
  ASSERT_THAT(Repository::Init(directory / "r", options), IsOk());
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Repository> made, Repository::Open(directory / "r"));
  ASSERT_OK_AND_ASSIGN(Published published, made->Load(kStart));
  EXPECT_EQ(published.root.roles.at(trust::Role::kRoot).threshold, 2u);
  EXPECT_EQ(published.version(), 0u);
}

TEST(RefreshTimestamp, VouchesAgainWithoutANewVersion) {
  PublishedFeed feed;
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<Repository> empty, Repository::Open(feed.path()));
    EXPECT_THAT(RefreshTimestamp(*empty, feed.signers, feed.options),
                HasCode(absl::StatusCode::kFailedPrecondition));
  }
  ASSERT_THAT(feed.Publish(Files(0, 10)), IsOk());
  feed.options.now += absl::Hours(24 * 8);
  EXPECT_THAT(feed.Fetch(), IsRejectedFor(RejectReason::kMetadataExpired));
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<Repository> repository, Repository::Open(feed.path()));
    RoleSigners timestamp_only;
    timestamp_only.timestamp = feed.signers.timestamp;
    ASSERT_OK_AND_ASSIGN(RefreshResult result,
                         RefreshTimestamp(*repository, timestamp_only, feed.options));
    EXPECT_EQ(result.version, 1u);
    ASSERT_OK_AND_ASSIGN(Published published, repository->Load(feed.options.now));
    EXPECT_EQ(published.timestamp->issued, feed.options.now);
  }
  ExpectFetched(feed, Files(0, 10));
}

}  // namespace
}  // namespace cloister::publisher
