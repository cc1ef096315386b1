#include "server/updates/feed_updater.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/unit/server/feed_fixture.h"

namespace cloister::server {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;
using reputation::ObjectKind;
using reputation::RejectReason;
using reputation::Verdict;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class FeedUpdaterTest : public FeedFixture {
 protected:
  static Listing File(char digit, Verdict verdict = Verdict::kMalicious) {
    return ListingOf(ObjectKind::kFile, std::string(64, digit), verdict, "Threat.A");
  }
  bool Finds(char digit) const {
    const auto keys = reputation::Object::FileHex(std::string(64, digit))->Keys(false);
    return !store_->Current()->Find(keys.keys).matches.empty();
  }
  // The entry as handed over, with the newest pack's file path.
  std::string NewestPack(const std::string& entry) const {
    return entry + "/targets/" + testing::SpooledFeed::TargetName(feed_.chain().back());
  }
  size_t PacksKept() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(store_->PackDirectory()), {}));
  }
  void ServeFirstVersion() {
    feed_.PublishSnapshot({File('a')});
    feed_.HandOver();
    ExpectTaken(1);
  }
  std::string HandOverDelta() {
    feed_.PublishDelta({File('b')});
    return feed_.HandOver();
  }
};

TEST_F(FeedUpdaterTest, EmptySpoolIsNothing) { ExpectNothing(); }

TEST_F(FeedUpdaterTest, SnapshotThenDeltaServe) {
  ServeFirstVersion();
  EXPECT_TRUE(Finds('a'));
  EXPECT_FALSE(Finds('b'));
  ExpectNothing();
  feed_.PublishDelta({File('b')}, {File('a').key});
  feed_.HandOver();
  ExpectTaken(2);
  EXPECT_FALSE(Finds('a'));
  EXPECT_TRUE(Finds('b'));
}

TEST_F(FeedUpdaterTest, NewTimestampOnlyRenewsTheDatasAge) {
  ServeFirstVersion();
  now_ += absl::Hours(1);
  feed_.PublishTimestamp(now_);
  feed_.HandOver();
  ExpectTaken(1);
  EXPECT_EQ(absl::ToUnixSeconds(store_->Current()->feeds()[0].published),
            absl::ToUnixSeconds(now_));
}

// Else data would look fresh until that day, whatever came or stayed away.
TEST_F(FeedUpdaterTest, TimestampOfTheFutureDoesNotHideTheDatasAge) {
  ServeFirstVersion();
  feed_.PublishTimestamp(now_ + absl::Hours(24 * 365));
  feed_.HandOver();
  ExpectTaken(1);
  EXPECT_LE(store_->Current()->feeds()[0].published, now_);
  feed_.PublishTimestamp(now_ + absl::Hours(1));
  feed_.HandOver();
  now_ += absl::Hours(2);
  ExpectTaken(1);
  EXPECT_EQ(absl::ToUnixSeconds(store_->Current()->feeds()[0].published),
            absl::ToUnixSeconds(now_ - absl::Hours(1)));
}

TEST_F(FeedUpdaterTest, DataWithoutATimeOfIssueAgesThroughARestart) {
  feed_.upstream().timestamp.erase("x-issued");
  ServeFirstVersion();
  const absl::Time arrived = now_;
  now_ += absl::Hours(1);
  OpenUpdater();
  ExpectNothing();
  EXPECT_EQ(absl::ToUnixSeconds(store_->Current()->feeds()[0].published),
            absl::ToUnixSeconds(arrived));
  feed_.upstream().UpdateTimestamp();
  feed_.HandOver();
  ExpectTaken(1);
  EXPECT_EQ(absl::ToUnixSeconds(store_->Current()->feeds()[0].published),
            absl::ToUnixSeconds(now_));
}

TEST_F(FeedUpdaterTest, ChainThatCouldNotBeRememberedIsRememberedLater) {
  const std::string path = UpdaterOptions().state_directory + "/chains/1.json";
  fs::create_directories(path);
  feed_.PublishSnapshot({File('a')});
  feed_.HandOver();
  EXPECT_THAT(Poll().status, testing::IsRejectedFor(RejectReason::kIoError));
  EXPECT_EQ(ServedVersion(), 1u);
  fs::remove(path);
  now_ += absl::Seconds(1);
  ExpectMended();
  EXPECT_TRUE(fs::is_regular_file(path));
}

TEST_F(FeedUpdaterTest, SkippedEntriesDoNotMatter) {
  ServeFirstVersion();
  HandOverDelta();
  feed_.PublishDelta({File('c')});
  feed_.HandOver();
  ExpectTaken(3);
  EXPECT_TRUE(Finds('b'));
  EXPECT_TRUE(Finds('c'));
}

TEST_F(FeedUpdaterTest, RestartGoesOnWhereItWas) {
  ServeFirstVersion();
  Restart();
  EXPECT_EQ(ServedVersion(), 1u);
  ExpectNothing();  // nor is it news again
  EXPECT_GT(updater_->expires(), now_);
  HandOverDelta();
  ExpectTaken(2);
}

// Nothing older may be taken after a restart, whatever lies in the spool.
TEST_F(FeedUpdaterTest, OlderEntryIsNotTakenAfterRestart) {
  ServeFirstVersion();
  HandOverDelta();
  ExpectTaken(2);
  fs::remove_all(spool() + "/threats/" +
                 absl::StrCat("0000000000000000000", feed_.timestamp_version()));
  OpenUpdater();
  ExpectRefused(RejectReason::kMetadataRollback);
  ExpectNothing();
}

// Who has the timestamp key may sign the highest version there is. A new key begins anew, below.
TEST_F(FeedUpdaterTest, NewTimestampKeyEndsAFastForward) {
  ServeFirstVersion();
  feed_.upstream().timestamp["version"] = 1'000'000;
  const std::string forged = feed_.HandOver();
  ExpectTaken(1);
  feed_.upstream().timestamp["version"] = 1;
  feed_.upstream().RotateKey(trust::Role::kTimestamp);
  feed_.upstream().UpdateRoot();
  HandOverDelta();
  fs::remove_all(forged);  // as cloister-sync does
  ExpectTaken(2);
}

TEST_F(FeedUpdaterTest, DamagedPackInTheStoreIsTakenAgain) {
  ServeFirstVersion();
  const std::string pack = store_->PackPath(feed_.chain().front().sha256);
  fs::remove(pack);
  ASSERT_THAT(storage::WriteFileAtomically(pack, "cut short"), IsOk());
  HandOverDelta();
  ExpectTaken(2);
  EXPECT_TRUE(Finds('a'));
  EXPECT_EQ(fs::file_size(pack), feed_.chain().front().bytes);
}

TEST_F(FeedUpdaterTest, ServerThatLostItsDataTakesTheEntryAgain) {
  ServeFirstVersion();
  HandOverDelta();
  ExpectTaken(2);
  CloseFeed();
  store_.reset();
  fs::remove_all(directory_ / "data");
  Restart();
  ExpectTaken(2);
  EXPECT_TRUE(Finds('a'));
  EXPECT_TRUE(Finds('b'));
}

TEST_F(FeedUpdaterTest, AlteredPackIsRefusedAndTheGenuineOneTaken) {
  ServeFirstVersion();
  const std::string entry = HandOverDelta();
  std::string pack = *storage::ReadFile(NewestPack(entry), 1 << 20);
  pack[100] ^= 1;
  ASSERT_THAT(storage::WriteFileAtomically(NewestPack(entry), pack), IsOk());
  ExpectRefused(RejectReason::kTargetHashMismatch);
  ExpectNothing();  // the same entry is not tried again
  feed_.HandOver();
  ExpectTaken(2);
}

TEST_F(FeedUpdaterTest, TruncatedPackIsRefused) {
  ServeFirstVersion();
  fs::resize_file(NewestPack(HandOverDelta()), 100);
  ExpectRefused(RejectReason::kTargetHashMismatch);
}

TEST_F(FeedUpdaterTest, MissingPackIsRefused) {
  ServeFirstVersion();
  fs::remove(NewestPack(HandOverDelta()));
  ExpectRefused(RejectReason::kTargetMissing);
}

TEST_F(FeedUpdaterTest, LinkInPlaceOfAPackIsRefused) {
  ServeFirstVersion();
  const std::string pack = NewestPack(HandOverDelta());
  fs::rename(pack, directory_ / "elsewhere");
  fs::create_symlink(directory_ / "elsewhere", pack);
  ExpectRefused(RejectReason::kSpoolForeign);
}

TEST_F(FeedUpdaterTest, PipeInPlaceOfAPackIsRefusedWithoutWaiting) {
  ServeFirstVersion();
  const std::string pack = NewestPack(HandOverDelta());
  fs::remove(pack);
  ASSERT_EQ(mkfifo(pack.c_str(), 0600), 0);
  ExpectRefused(RejectReason::kSpoolForeign);
}

TEST_F(FeedUpdaterTest, PipeInPlaceOfMetadataIsRefusedWithoutWaiting) {
  ServeFirstVersion();
  const std::string file = HandOverDelta() + "/metadata/timestamp.json";
  fs::remove(file);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  ExpectRefused(RejectReason::kSpoolForeign);
}

TEST_F(FeedUpdaterTest, LinkInPlaceOfAnEntryIsRefused) {
  ServeFirstVersion();
  const std::string entry = HandOverDelta();
  fs::rename(entry, directory_ / "elsewhere");
  fs::create_directory_symlink(directory_ / "elsewhere", entry);
  ExpectRefused(RejectReason::kSpoolForeign);
}

TEST_F(FeedUpdaterTest, FileInPlaceOfAnEntryIsRefused) {
  ServeFirstVersion();
  const std::string name = spool() + "/threats/00000000000000000099";
  ASSERT_THAT(storage::WriteFileAtomically(name, "x"), IsOk());
  ExpectRefused(RejectReason::kSpoolForeign);
  ExpectNothing();
  fs::remove(name);
  ExpectMended();
}

TEST_F(FeedUpdaterTest, LinkInPlaceOfTheFeedsFolderIsRefused) {
  ServeFirstVersion();
  fs::rename(spool() + "/threats", directory_ / "elsewhere");
  fs::create_directory_symlink(directory_ / "elsewhere", spool() + "/threats");
  ExpectRefused(RejectReason::kSpoolForeign);
  ExpectNothing();
}

TEST_F(FeedUpdaterTest, ForeignFilesBesideEntriesDoNotMatter) {
  ServeFirstVersion();
  const std::string folder = spool() + "/threats/";
  for (const char* name : {"README", ".incoming-00000000000000000050", "50", "x.json"}) {
    ASSERT_THAT(storage::WriteFileAtomically(folder + name, "x"), IsOk());
  }
  ExpectNothing();
  const std::string entry = HandOverDelta();
  ASSERT_THAT(storage::WriteFileAtomically(entry + "/targets/notes.txt", "x"), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(entry + "/metadata/notes.txt", "x"), IsOk());
  ExpectTaken(2);
}

TEST_F(FeedUpdaterTest, EntryWithoutMetadataFolderIsRefused) {
  ServeFirstVersion();
  fs::remove_all(HandOverDelta() + "/metadata");
  ExpectRefused(RejectReason::kMetadataMissing);
}

TEST_F(FeedUpdaterTest, MissingMetadataFileIsRefused) {
  ServeFirstVersion();
  fs::remove(HandOverDelta() + "/metadata/timestamp.json");
  ExpectRefused(RejectReason::kMetadataMissing);
}

TEST_F(FeedUpdaterTest, WrongSignatureIsRefused) {
  ServeFirstVersion();
  feed_.PublishDelta({File('b')});
  feed_.upstream().signers[trust::Role::kTimestamp] = {testing::TestKey()};
  feed_.HandOver();
  ExpectRefused(RejectReason::kMetadataThreshold);
}

TEST_F(FeedUpdaterTest, WrongSignatureOfTargetsIsRefused) {
  ServeFirstVersion();
  feed_.upstream().signers[trust::Role::kTargets] = {testing::TestKey()};
  HandOverDelta();
  ExpectRefused(RejectReason::kMetadataThreshold);
}

TEST_F(FeedUpdaterTest, OversizedMetadataIsRefused) {
  ServeFirstVersion();
  const std::string entry = HandOverDelta();
  ASSERT_THAT(
      storage::WriteFileAtomically(entry + "/metadata/timestamp.json", std::string(100'000, ' ')),
      IsOk());
  ExpectRefused(RejectReason::kMetadataTooLarge);
}

TEST_F(FeedUpdaterTest, OldMetadataUnderANewNameIsRefused) {
  ServeFirstVersion();
  feed_.HandOver(feed_.timestamp_version() + 5);
  ExpectRefused(RejectReason::kMetadataVersionMismatch);
}

TEST_F(FeedUpdaterTest, RolledBackTimestampIsRefused) {
  ServeFirstVersion();
  feed_.PublishTimestamp(now_);
  feed_.HandOver();
  ExpectTaken(1);
  feed_.upstream().timestamp["version"] = feed_.timestamp_version() - 1;
  feed_.HandOver(feed_.timestamp_version() + 9);
  ExpectRefused(RejectReason::kMetadataRollback);
}

// Expired metadata: refused online, taken offline within the configured age.
TEST_F(FeedUpdaterTest, ExpiredMetadataIsTakenOnlyOfflineAndWithinTheConfiguredAge) {
  ServeFirstVersion();
  feed_.PublishDelta({File('b')});
  feed_.upstream().SetExpires(trust::Role::kTimestamp, now_ - absl::Hours(3));
  FeedUpdater::Options options = UpdaterOptions();
  options.accept_expired_within = absl::Hours(4);
  OpenUpdater(options);
  feed_.HandOver();
  ExpectRefused(RejectReason::kMetadataExpired);
  const std::string entry = feed_.HandOver();
  ASSERT_THAT(storage::WriteFileAtomically(entry + "/origin", "offline"), IsOk());
  options.accept_expired_within = absl::Hours(2);
  OpenUpdater(options);
  ExpectRefused(RejectReason::kMetadataExpired);
  options.accept_expired_within = absl::Hours(4);
  OpenUpdater(options);
  const UpdateOutcome outcome = Poll();
  EXPECT_EQ(outcome.kind, UpdateOutcome::Kind::kAccepted) << outcome.status;
  EXPECT_TRUE(outcome.expired);
  EXPECT_LT(outcome.expires, now_);
  EXPECT_TRUE(gate_->State().expired);
  feed_.upstream().SetExpires(trust::Role::kTimestamp, now_ + absl::Hours(3));
  feed_.PublishTimestamp(now_);
  feed_.HandOver();
  ExpectTaken(2);
  EXPECT_FALSE(gate_->State().expired);
}

TEST_F(FeedUpdaterTest, ClockSetBackDoesNotReviveExpiredMetadata) {
  ServeFirstVersion();
  feed_.PublishTimestamp(now_);
  feed_.HandOver();
  now_ += absl::Hours(24 * 60);
  ExpectRefused(RejectReason::kMetadataExpired);
  now_ -= absl::Hours(24 * 60);
  feed_.HandOver();
  ExpectRefused(RejectReason::kMetadataExpired);
}

TEST_F(FeedUpdaterTest, AnotherFeedsRepositoryIsRefused) {
  ServeFirstVersion();
  feed_.PublishDelta({File('b')});
  auto& targets = feed_.upstream().targets["targets"];
  for (auto& target : targets) target["custom"]["cloister"]["feed"] = "software";
  feed_.upstream().UpdateTargets();
  feed_.HandOver();
  ExpectRefused(RejectReason::kWrongFeed);
}

// Signed metadata may lie about a pack; what the pack says of itself must agree.
TEST_F(FeedUpdaterTest, PackOfAnotherVersionIsRefused) {
  feed_.PublishSnapshot({File('a')});
  auto& custom = feed_.upstream().targets["targets"]["full-1-1.sst"]["custom"]["cloister"];
  custom["to"] = 2;
  feed_.upstream().UpdateTargets();
  feed_.HandOver();
  ExpectRefused(RejectReason::kPackHeaderMismatch);
  EXPECT_FALSE(store_->HasPack(feed_.chain().back().sha256)) << "it must not enter the store";
}

TEST_F(FeedUpdaterTest, SignedRubbishIsRefused) {
  feed_.PublishSnapshot({File('a')});
  auto entry = feed_.upstream().targets["targets"]["full-1-1.sst"];
  feed_.upstream().AddTarget("full-1-1.sst", std::string(5000, 'x'), entry["custom"]);
  feed_.upstream().UpdateTargets();
  const std::string path = feed_.HandOver();
  for (const auto& [name, content] : feed_.upstream().target_files) {
    ASSERT_THAT(storage::WriteFileAtomically(path + "/targets/" + name, content), IsOk());
  }
  ExpectRefused(RejectReason::kPackUnreadable);
  EXPECT_EQ(ServedVersion(), 0u);
}

TEST_F(FeedUpdaterTest, WrongContentDigestIsRefused) {
  ServeFirstVersion();
  feed_.PublishDelta({File('b')});
  auto& custom = feed_.upstream().targets["targets"]["delta-1-2.sst"]["custom"]["cloister"];
  custom["content_digest"] = absl::StrCat("4:", std::string(64, '0'));
  feed_.upstream().UpdateTargets();
  feed_.HandOver();
  ExpectRefused(RejectReason::kDigestMismatch);
  EXPECT_EQ(PacksKept(), 1u) << "packs of a refused version must not fill the disk";
}

TEST_F(FeedUpdaterTest, DeltaThatRemovesWhatIsAbsentIsRefused) {
  ServeFirstVersion();
  feed_.PublishDelta({}, {File('f').key});
  feed_.HandOver();
  ExpectRefused(RejectReason::kBaseMismatch);
}

// A delta may follow a snapshot that is no longer on offer; the server has it.
TEST_F(FeedUpdaterTest, DeltaFollowsPacksThatAreNoLongerOnOffer) {
  ServeFirstVersion();
  HandOverDelta();
  ExpectTaken(2);
  OpenUpdater();  // what is known of the packs outlives the process
  feed_.PublishDelta({File('c')});
  feed_.OfferNewestPackOnly();
  feed_.HandOver();
  ExpectTaken(3);
  EXPECT_TRUE(Finds('a'));
  EXPECT_TRUE(Finds('c'));
}

// The delta is tried first, for it is smaller.
TEST_F(FeedUpdaterTest, SnapshotMakesAWrongDeltaGood) {
  ServeFirstVersion();
  feed_.PublishDelta({File('b')}, {File('f').key});
  feed_.OfferSnapshotToo();
  feed_.HandOver();
  const UpdateOutcome outcome = Poll();
  EXPECT_EQ(outcome.kind, UpdateOutcome::Kind::kAccepted) << outcome.status;
  ASSERT_EQ(outcome.setbacks.size(), 1u);
  EXPECT_THAT(outcome.setbacks[0], testing::IsRejectedFor(RejectReason::kBaseMismatch));
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_TRUE(Finds('b'));
}

TEST_F(FeedUpdaterTest, FullDiskIsTriedAgainAfterAPause) {
  feed_.PublishSnapshot({File('a')});
  feed_.HandOver();
  FeedUpdater::Options options = UpdaterOptions();
  options.intake.reserve_bytes = uint64_t{1} << 62;
  OpenUpdater(options);
  ExpectRefused(RejectReason::kNoSpace);
  ExpectNothing();
  now_ += absl::Seconds(1);
  ExpectRefused(RejectReason::kNoSpace);
  now_ += absl::Seconds(1);
  ExpectNothing();  // the pause has doubled
  now_ += absl::Seconds(1);
  ExpectRefused(RejectReason::kNoSpace);
}

// A forged entry with a higher number must not hide a genuine one.
TEST_F(FeedUpdaterTest, HostileHigherEntryHidesNothing) {
  ServeFirstVersion();
  feed_.PublishDelta({File('b')});
  const std::string forged = feed_.HandOver(99);
  ASSERT_THAT(storage::WriteFileAtomically(forged + "/metadata/timestamp.json", "{}"), IsOk());
  ExpectRefused(RejectReason::kMetadataMalformed);
  feed_.HandOver();
  const UpdateOutcome outcome = Poll();
  EXPECT_EQ(outcome.kind, UpdateOutcome::Kind::kAccepted) << outcome.status;
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_THAT(outcome.standing, testing::IsRejectedFor(RejectReason::kMetadataMalformed))
      << "that it is there must stay known";
  ExpectNothing();
  feed_.PublishDelta({File('c')});
  feed_.HandOver();
  ExpectTaken(3);
  fs::remove_all(forged);
  ExpectMended();
  ExpectNothing();
}

// After a restart the older entry is looked at, too; that it was taken long ago is no news.
TEST_F(FeedUpdaterTest, OlderEntryBelowARefusedOneIsNoNews) {
  ServeFirstVersion();
  const std::string entry = HandOverDelta();
  fs::resize_file(NewestPack(entry), 100);
  ExpectRefused(RejectReason::kTargetHashMismatch);
  ExpectNothing();
  OpenUpdater();
  ExpectRefused(RejectReason::kTargetHashMismatch);
  ExpectNothing();
  ExpectNothing();
}

TEST_F(FeedUpdaterTest, RefusalIsGoneWhenTheSpoolIsMended) {
  ServeFirstVersion();
  fs::rename(spool() + "/threats", directory_ / "elsewhere");
  fs::create_directory_symlink(directory_ / "elsewhere", spool() + "/threats");
  ExpectRefused(RejectReason::kSpoolForeign);
  ExpectNothing();
  fs::remove(spool() + "/threats");
  ExpectMended();  // an empty spool is none to complain about
  fs::rename(directory_ / "elsewhere", spool() + "/threats");
  ExpectNothing();
}

TEST_F(FeedUpdaterTest, MoreRootsThanTheLimitArePassedInSeveralSteps) {
  ServeFirstVersion();
  for (int i = 0; i < 5; ++i) feed_.upstream().RotateRootKey();
  HandOverDelta();
  FeedUpdater::Options options = UpdaterOptions();
  options.limits.max_root_rotations = 3;
  OpenUpdater(options);
  ExpectRefused(RejectReason::kRootRotationLimit);
  ExpectNothing();
  now_ += absl::Seconds(1);
  ExpectTaken(2);
}

TEST_F(FeedUpdaterTest, DamagedTrustedMetadataDoesNotStopTheFeed) {
  ServeFirstVersion();
  const std::string root = UpdaterOptions().state_directory + "/root.json";
  const std::string good = *storage::ReadFile(root, 1 << 20);
  ASSERT_THAT(storage::WriteFileAtomically(root, "{"), IsOk());
  Restart();
  HandOverDelta();
  ExpectRefused(RejectReason::kMetadataMalformed);
  EXPECT_TRUE(Finds('a'));
  ExpectNothing();
  now_ += absl::Seconds(2);
  ExpectNothing();  // the same is not told again
  ASSERT_THAT(storage::WriteFileAtomically(root, good), IsOk());
  now_ += absl::Minutes(1);
  ExpectTaken(2);
}

// As the worker may hand over to a server that was down for long.
TEST_F(FeedUpdaterTest, ChainOfTwentyFourDeltasIsTaken) {
  feed_.PublishSnapshot({File('a')});
  for (int i = 0; i < 24; ++i) {
    feed_.PublishDelta(
        {ListingOf(ObjectKind::kHost, absl::StrCat("h", i, ".example"), Verdict::kMalicious)});
  }
  feed_.HandOver();
  ExpectTaken(25);
  EXPECT_EQ(store_->ServedDeltas("threats"), 24u);
}

TEST_F(FeedUpdaterTest, ServingSinceOutlivesARestart) {
  const absl::Time start = absl::FromUnixSeconds(absl::ToUnixSeconds(now_));
  ServeFirstVersion();
  now_ += absl::Hours(5);
  Restart();
  EXPECT_EQ(absl::FromUnixSeconds(absl::ToUnixSeconds(gate_->serving_since())), start);
  ExpectNothing();
  HandOverDelta();
  ExpectTaken(2);
  EXPECT_EQ(gate_->serving_since(), now_);
}

TEST_F(FeedUpdaterTest, MissingRootIsToldWithTheFeed) {
  updater_.reset();
  FeedUpdater::Options options = UpdaterOptions();
  options.root = directory_ / "nowhere.json";
  options.state_directory = directory_ / "other-trust";
  const auto opened = FeedUpdater::Create(options);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("feed threats"));
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("nowhere.json"));
}

TEST_F(FeedUpdaterTest, RotatedRootIsFollowed) {
  ServeFirstVersion();
  feed_.upstream().RotateKey(trust::Role::kTimestamp);
  feed_.upstream().RotateRootKey();
  HandOverDelta();
  ExpectTaken(2);
}

}  // namespace
}  // namespace cloister::server
