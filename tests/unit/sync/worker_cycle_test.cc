#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "storage/files/files.h"
#include "sync/transport/folder/folder_fetcher.h"
#include "sync/trust/updater.h"
#include "sync/trust_state/spool.h"
#include "tests/support/folder_repository.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/worker_fixture.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using ::cloister::reputation::Record;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Outcome = CycleResult::Outcome;

const Records& FirstRecords() {
  static const Records records = {{FileKey("one"), Malicious()},
                                  {FileKey("two"), Malicious()},
                                  {HostKey("bad.example"), Malicious()},
                                  {IpKey("192.0.2.0/24"), Malicious()}};
  return records;
}

class FeedCycleTest : public WorkerFixture {
 protected:
  void PublishFirst() { upstream_.Publish(FirstRecords(), 1); }

  // Runs and expects that it is refused, with everything handed over as before.
  void ExpectRefused(RejectReason reason) {
    const auto before = SpoolFiles();
    EXPECT_THAT(Run(), IsRejectedFor(reason));
    EXPECT_EQ(SpoolFiles(), before);
  }

  uint64_t TimestampVersion() { return upstream_.repository.timestamp["version"]; }
  std::string EntryName() { return trust::SpoolEntryName(TimestampVersion()); }
};

TEST_F(FeedCycleTest, HandsOverTheFirstVersion) {
  PublishFirst();
  ASSERT_OK_AND_ASSIGN(const CycleResult result, Run());
  EXPECT_EQ(result.outcome, Outcome::kHandedOver);
  EXPECT_EQ(result.version, 1u);
  EXPECT_EQ(result.packs_fetched, 1u);
  EXPECT_GT(result.bytes_fetched, 0u);
  EXPECT_EQ(result.minimum_poll_interval, absl::Seconds(120));
  EXPECT_THAT(SpoolNames(), ElementsAre(EntryName()));
}

TEST_F(FeedCycleTest, AnEntryIsARepositoryInItself) {
  upstream_.repository.RotateRootKey();
  upstream_.Publish(FirstRecords(), 3);
  ASSERT_THAT(Run(), IsOk());
  ASSERT_OK_AND_ASSIGN(
      auto entry, transport::FolderFetcher::Open(directory_ / ("spool/threats/" + EntryName())));
  ASSERT_OK_AND_ASSIGN(auto server,
                       trust::Updater::Create(upstream_.repository.InitialState(), {}));
  ASSERT_THAT(server->Refresh(*entry, {.now = now_}), IsOk());
  EXPECT_EQ(server->root().version, 2u);
  ASSERT_THAT(server->targets()->targets, SizeIs(3));
  for (const auto& [path, target] : server->targets()->targets) {
    EXPECT_THAT(trust::FetchTarget(*entry, path, target,
                                   [](absl::string_view) { return absl::OkStatus(); }),
                IsOk());
  }
}

TEST_F(FeedCycleTest, ReadersOfTheGroupMayReadAndNobodyElse) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  for (const auto& entry : fs::recursive_directory_iterator(directory_ / "spool/threats")) {
    struct stat info {};
    ASSERT_EQ(lstat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, entry.is_directory() ? 0750u : 0640u) << entry.path();
  }
}

TEST_F(FeedCycleTest, DoesNothingWhenNothingChanged) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  const auto before = SpoolFiles();
  RequestedTargets();
  ASSERT_OK_AND_ASSIGN(const CycleResult result, Run());
  EXPECT_EQ(result.outcome, Outcome::kUnchanged);
  EXPECT_EQ(result.version, 1u);
  EXPECT_EQ(SpoolFiles(), before);
  EXPECT_THAT(RequestedTargets(), IsEmpty());
}

TEST_F(FeedCycleTest, ChoosesTheDeltaOverTheSnapshot) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  RequestedTargets();
  upstream_.Publish({{FileKey("three"), Malicious()}, {FileKey("one"), Record::Removed()}});
  ASSERT_OK_AND_ASSIGN(const CycleResult result, Run());
  EXPECT_EQ(result.outcome, Outcome::kHandedOver);
  EXPECT_EQ(result.version, 2u);
  EXPECT_THAT(RequestedTargets(), ElementsAre("delta-1-2.sst"));
  // The whole chain is there, not just what was fetched.
  auto names = storage::ListDirectory(directory_ / ("spool/threats/" + EntryName() + "/targets"));
  EXPECT_THAT(*names, SizeIs(2));
}

TEST_F(FeedCycleTest, ANewcomerTakesSnapshotAndDeltas) {
  PublishFirst();
  upstream_.Publish({{FileKey("three"), Malicious()}});
  upstream_.Publish({{FileKey("four"), Malicious()}});
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(RequestedTargets(), ElementsAre("full-1-1.sst", "delta-1-2.sst", "delta-2-3.sst"));
}

TEST_F(FeedCycleTest, TakesANewSnapshotOnceTheOldOneIsOffTheList) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  RequestedTargets();
  upstream_.Unlist("full-1-1.sst");
  upstream_.Publish({{FileKey("three"), Malicious()}}, 2);
  ASSERT_THAT(Run(), IsOk());
  // An entry must be whole by its own metadata, which does not name the old snapshot any more.
  EXPECT_THAT(RequestedTargets(), ElementsAre("full-2-1.sst", "full-2-2.sst"));
  EXPECT_THAT(*storage::ListDirectory(directory_ / "state/threats/packs"), SizeIs(2));
}

TEST_F(FeedCycleTest, HandsOverAgainWhenThePublisherVouchesAnew) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  RequestedTargets();
  upstream_.repository.UpdateTimestamp();
  ASSERT_OK_AND_ASSIGN(const CycleResult result, Run());
  EXPECT_EQ(result.outcome, Outcome::kRefreshed);
  EXPECT_THAT(RequestedTargets(), IsEmpty());
  EXPECT_THAT(SpoolNames(), SizeIs(2));
  // A link, not a copy.
  struct stat info {};
  const std::string entry = directory_ / ("spool/threats/" + EntryName() + "/targets");
  ASSERT_EQ(stat((entry + "/" + storage::ListDirectory(entry)->front()).c_str(), &info), 0);
  EXPECT_EQ(info.st_nlink, 3u);
}

TEST_F(FeedCycleTest, KeepsTheTwoNewestEntries) {
  PublishFirst();
  for (int i = 0; i < 4; ++i) {
    ASSERT_THAT(Run(), IsOk());
    upstream_.repository.UpdateTimestamp();
  }
  const uint64_t handed_over = TimestampVersion() - 1;
  EXPECT_THAT(SpoolNames(), ElementsAre(trust::SpoolEntryName(handed_over - 1),
                                        trust::SpoolEntryName(handed_over)));
}

TEST_F(FeedCycleTest, ReplacesAnEntryWhoseKeysWereReplaced) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  const auto before = SpoolFiles();
  // The timestamp's key was stolen: a new root names another, and the versions begin anew.
  upstream_.repository.RotateKey(trust::Role::kTimestamp);
  upstream_.repository.UpdateRoot();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(SpoolNames(), ElementsAre(EntryName()));
  EXPECT_NE(SpoolFiles(), before);
  EXPECT_EQ(SpoolFiles().count(EntryName() + "/metadata/2.root.json"), 1u);
}

TEST_F(FeedCycleTest, RemovesEntriesFromBeforeARecovery) {
  PublishFirst();
  upstream_.repository.timestamp["version"] = 1'000'000;
  ASSERT_THAT(Run(), IsOk());
  upstream_.repository.RotateKey(trust::Role::kTimestamp);
  upstream_.repository.RotateKey(trust::Role::kSnapshot);
  upstream_.repository.UpdateRoot();
  upstream_.repository.timestamp["version"] = 7;
  upstream_.repository.UpdateSnapshot();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(SpoolNames(), ElementsAre(trust::SpoolEntryName(8)));
}

TEST_F(FeedCycleTest, CleansUpAfterACrash) {
  PublishFirst();
  fs::create_directories(directory_ / "spool/threats/.incoming-00000000000000000009/metadata");
  fs::create_directories(directory_ / "state/threats/packs");
  std::ofstream(directory_ / "state/threats/packs/.tmp-abcdef") << "half a pack";
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(SpoolNames(), ElementsAre(EntryName()));
  EXPECT_FALSE(fs::exists(directory_ / "state/threats/packs/.tmp-abcdef"));
}

TEST_F(FeedCycleTest, GoesOnWhereItWasInterrupted) {
  upstream_.Publish(FirstRecords(), 3);
  // The last part is not there yet.
  std::string last;
  for (const auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "full-1-3")) last = name;
  }
  upstream_.repository.missing.insert(last);
  ExpectRefused(RejectReason::kTargetMissing);
  EXPECT_THAT(SpoolNames(), IsEmpty());
  upstream_.repository.missing.clear();
  RequestedTargets();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(RequestedTargets(), ElementsAre("full-1-3.sst"));
}

TEST_F(FeedCycleTest, HandsOverWhatWasTrustedBeforeACrash) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  fs::remove_all(directory_ / ("spool/threats/" + EntryName()));
  RequestedTargets();
  ASSERT_OK_AND_ASSIGN(const CycleResult result, Run());
  EXPECT_EQ(result.outcome, Outcome::kHandedOver);
  EXPECT_THAT(RequestedTargets(), IsEmpty());
}

TEST_F(FeedCycleTest, FetchesARottenPackAgain) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  const std::string packs = directory_ / "state/threats/packs";
  const std::string pack = packs + "/" + storage::ListDirectory(packs)->front();
  std::string bytes = *storage::ReadFile(pack, 1 << 20);
  bytes[bytes.size() / 2] ^= 1;
  fs::remove(pack);
  std::ofstream(pack, std::ios::binary) << bytes;
  RequestedTargets();
  upstream_.repository.UpdateTimestamp();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(RequestedTargets(), ElementsAre("full-1-1.sst"));
}

// What it asks for is the same whatever lies in the rest of the machine: two workers with the same
// public past ask alike, and the names are those of the public metadata alone.
TEST_F(FeedCycleTest, RequestsDependOnPublicStateAlone) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  upstream_.Publish({{FileKey("three"), Malicious()}});
  upstream_.repository.fetched.clear();
  ASSERT_THAT(Run(), IsOk());
  std::vector<std::string> expected = {"2.root.json", "timestamp.json"};
  expected.push_back(
      absl::StrCat(int64_t{upstream_.repository.snapshot["version"]}, ".snapshot.json"));
  expected.push_back(
      absl::StrCat(int64_t{upstream_.repository.targets["version"]}, ".targets.json"));
  for (const auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "delta-1-2")) expected.push_back(name);
  }
  EXPECT_EQ(upstream_.repository.fetched, expected);
}

TEST_F(FeedCycleTest, RefusesWithoutARoot) {
  fs::remove(directory_ / "root.json");
  PublishFirst();
  EXPECT_THAT(Run(), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(FeedCycleTest, RefusesWithoutASpool) {
  fs::remove_all(directory_ / "spool");
  PublishFirst();
  EXPECT_FALSE(Run().ok());
}

TEST_F(FeedCycleTest, KeepsServingWhatItHandedOverWhenTheSourceIsGone) {
  PublishFirst();
  ASSERT_THAT(Run(), IsOk());
  upstream_.repository.missing.insert("timestamp.json");
  ExpectRefused(RejectReason::kMetadataMissing);
  EXPECT_THAT(SpoolNames(), ElementsAre(EntryName()));
}

// Attacks and mistakes: after a good first version comes a second one with something wrong.
class RefusalTest : public FeedCycleTest {
 protected:
  RefusalTest() {
    PublishFirst();
    EXPECT_THAT(Run(), IsOk());
  }

  // Lists a delta to version 2 after `change` had its way with it.
  void PublishChanged(const std::function<void(BuiltPack*)>& change,
                      const Records& changes = {{FileKey("three"), Malicious()}}) {
    Records version = FirstRecords();
    version.insert(changes.begin(), changes.end());
    BuiltPack built = BuildPack({"threats", 1, 2, 1, 1}, changes, version);
    change(&built);
    upstream_.List(built.target, built.bytes);
    upstream_.repository.UpdateTargets();
  }
};

TEST_F(RefusalTest, AnAlteredPack) {
  PublishChanged([](BuiltPack*) {});
  for (auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "delta")) bytes[bytes.size() / 2] ^= 1;
  }
  ExpectRefused(RejectReason::kTargetHashMismatch);
  // Put right, it is taken.
  for (auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "delta")) bytes[bytes.size() / 2] ^= 1;
  }
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(RefusalTest, ATruncatedPack) {
  PublishChanged([](BuiltPack*) {});
  for (auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "delta")) bytes.resize(bytes.size() / 2);
  }
  ExpectRefused(RejectReason::kTargetHashMismatch);
}

TEST_F(RefusalTest, EndlessData) {
  PublishChanged([](BuiltPack*) {});
  for (auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "delta")) bytes.append(100'000, 'x');
  }
  upstream_.repository.ignores_bounds = true;
  ExpectRefused(RejectReason::kTargetTooLarge);
}

TEST_F(RefusalTest, AMissingPack) {
  PublishChanged([](BuiltPack*) {});
  for (const auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "delta")) upstream_.repository.missing.insert(name);
  }
  ExpectRefused(RejectReason::kTargetMissing);
}

TEST_F(RefusalTest, SignedBytesThatAreNoPack) {
  PublishChanged([](BuiltPack* pack) { pack->bytes = "no pack, but signed"; });
  ExpectRefused(RejectReason::kPackUnreadable);
}

TEST_F(RefusalTest, AnotherFeedsMetadata) {
  PublishChanged([](BuiltPack* pack) { pack->target.feed = "software"; });
  ExpectRefused(RejectReason::kWrongFeed);
}

TEST_F(RefusalTest, AnotherFeedsPack) {
  PublishChanged([](BuiltPack* pack) {
    Records records = {{FileKey("three"), Malicious()}};
    pack->bytes = BuildPack({"software", 1, 2, 1, 1}, records, records).bytes;
  });
  ExpectRefused(RejectReason::kPackHeaderMismatch);
}

TEST_F(RefusalTest, APackForOtherVersions) {
  PublishChanged([](BuiltPack* pack) {
    Records records = {{FileKey("three"), Malicious()}};
    pack->bytes = BuildPack({"threats", 2, 3, 1, 1}, records, records).bytes;
  });
  ExpectRefused(RejectReason::kPackHeaderMismatch);
}

TEST_F(RefusalTest, FewerEntriesThanListed) {
  PublishChanged([](BuiltPack* pack) { pack->target.entries += 1; });
  ExpectRefused(RejectReason::kPackHeaderMismatch);
}

TEST_F(RefusalTest, RecordsOfAnUndeclaredKind) {
  PublishChanged(
      [](BuiltPack* pack) {
        pack->target.coverage = *reputation::Coverage::FromNames({"file/sha256", "ip/v4"});
      },
      {{HostKey("worse.example"), Malicious()}});
  ExpectRefused(RejectReason::kPackUndeclared);
}

TEST_F(RefusalTest, RecordsOfAnUndeclaredPrefixLength) {
  PublishChanged([](BuiltPack* pack) { pack->target.prefix_lengths.v4.reset(8); },
                 {{IpKey("198.0.0.0/8"), Malicious()}});
  ExpectRefused(RejectReason::kPackUndeclared);
}

TEST_F(RefusalTest, ASnapshotWithOtherContentsThanSigned) {
  upstream_.Unlist("full-1-1.sst");
  const Records other = {{FileKey("other"), Malicious()}};
  BuiltPack built = BuildPack({"threats", 0, 2, 1, 1}, FirstRecords(), FirstRecords());
  built.target.content_digest =
      BuildPack({"threats", 0, 2, 1, 1}, other, other).target.content_digest;
  upstream_.List(built.target, built.bytes);
  upstream_.repository.UpdateTargets();
  ExpectRefused(RejectReason::kDigestMismatch);
}

// Parts of a snapshot: each is what it says; together they are not the version.
class WrongPartsTest : public RefusalTest {
 protected:
  WrongPartsTest() {
    upstream_.Unlist("full-1-1.sst");
    const Records one = {{FileKey("one"), Malicious()}};
    const Records two = {{FileKey("two"), Malicious()}};
    Records version = one;
    version.insert(two.begin(), two.end());
    version[FileKey("left out")] = Malicious();
    const bool swapped = FileKey("two") < FileKey("one");
    const BuiltPack first = BuildPack({"threats", 0, 2, 1, 2}, swapped ? two : one, version);
    const BuiltPack second = BuildPack({"threats", 0, 2, 2, 2}, swapped ? one : two, version);
    upstream_.List(first.target, first.bytes);
    upstream_.List(second.target, second.bytes);
    upstream_.repository.UpdateTargets();
  }
};

TEST_F(WrongPartsTest, DoNotSumUpToTheVersion) {
  // Parts of an earlier run count, too.
  for (const auto& [name, bytes] : upstream_.repository.target_files) {
    if (absl::StrContains(name, "full-2-2")) upstream_.repository.missing.insert(name);
  }
  ExpectRefused(RejectReason::kTargetMissing);
  upstream_.repository.missing.clear();
  ExpectRefused(RejectReason::kDigestMismatch);
  ExpectRefused(RejectReason::kDigestMismatch);
}

// Somebody else puts an entry with just these parts into the spool: whole, and the newest.
TEST_F(WrongPartsTest, AreNotBelievedBecauseTheSpoolHoldsThem) {
  testing::WriteRepository(upstream_.repository, directory_ / "foreign");
  ExpectRefused(RejectReason::kDigestMismatch);
  for (const uint64_t version : {TimestampVersion() - 1, TimestampVersion()}) {
    const std::string entry = directory_ / ("spool/threats/" + trust::SpoolEntryName(version));
    fs::remove_all(entry);
    fs::copy(directory_ / "foreign", entry, fs::copy_options::recursive);
    for (const auto& file : fs::directory_iterator(entry + "/targets")) {
      if (!absl::StrContains(file.path().string(), "full-2-")) fs::remove(file);
    }
    ExpectRefused(RejectReason::kDigestMismatch);
  }
}

TEST_F(RefusalTest, AVersionThatNothingLeadsTo) {
  const Records records = {{FileKey("three"), Malicious()}};
  const BuiltPack built = BuildPack({"threats", 5, 6, 1, 1}, records, records);
  upstream_.List(built.target, built.bytes);
  upstream_.repository.UpdateTargets();
  ExpectRefused(RejectReason::kVersionGap);
}

TEST_F(RefusalTest, ExpiredMetadata) {
  now_ += absl::Hours(31 * 24);
  ExpectRefused(RejectReason::kMetadataExpired);
  // A clock set back does not make it valid again.
  now_ = TestTime();
  ExpectRefused(RejectReason::kMetadataExpired);
}

TEST_F(RefusalTest, AnOlderTimestamp) {
  upstream_.repository.timestamp["version"] = TimestampVersion() - 1;
  ExpectRefused(RejectReason::kMetadataRollback);
}

TEST_F(RefusalTest, WrongKeys) {
  upstream_.repository.signers[trust::Role::kTimestamp] = {testing::TestKey()};
  ExpectRefused(RejectReason::kMetadataThreshold);
}

TEST_F(RefusalTest, ADiskWithoutSpace) {
  PublishChanged([](BuiltPack*) {});
  CycleOptions options = Options();
  options.reserve_bytes = UINT64_MAX / 2;
  const auto before = SpoolFiles();
  upstream_.repository.fetched.clear();
  EXPECT_THAT(FeedCycle(options).Run(upstream_.repository, now_),
              IsRejectedFor(RejectReason::kNoSpace));
  EXPECT_EQ(SpoolFiles(), before);
  EXPECT_THAT(RequestedTargets(), IsEmpty());
}

}  // namespace
}  // namespace cloister::worker
