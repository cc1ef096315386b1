#include "server/updates/known_chains.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/updates/serving_record.h"
#include "storage/files/files.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/server/feed_fixture.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::ListingOf;
using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::SizeIs;

namespace fs = std::filesystem;

class KnownChainsTest : public FeedFixture {
 protected:
  // Version 1, a snapshot, and version 2, a delta upon it, serve.
  KnownChainsTest() {
    feed_.PublishSnapshot({ListingOf(ObjectKind::kHost, "a.example", Verdict::kMalicious)});
    feed_.HandOver();
    ExpectTaken(1);
    feed_.PublishDelta({ListingOf(ObjectKind::kHost, "b.example", Verdict::kMalicious)});
    feed_.HandOver();
    ExpectTaken(2);
  }
  std::string folder() const { return directory_ / "trust/chains"; }
  KnownChains Opened() const { return KnownChains(folder(), "threats"); }
};

TEST_F(KnownChainsTest, EveryKeptVersionIsKnownAfterARestart) {
  KnownChains chains = Opened();
  EXPECT_TRUE(chains.Knows(2, feed_.chain()));
  EXPECT_TRUE(chains.Knows(1, {feed_.chain().front()}));
  EXPECT_FALSE(chains.Knows(1, feed_.chain()));
  EXPECT_THAT(chains.Held(*store_), SizeIs(2));  // each pack once
}

TEST_F(KnownChainsTest, VersionsThatAreNotKeptAreForgotten) {
  KnownChains chains = Opened();
  chains.KeepOnly({2});
  EXPECT_FALSE(fs::exists(folder() + "/1.json"));
  EXPECT_FALSE(Opened().Knows(1, {feed_.chain().front()}));
  EXPECT_TRUE(Opened().Knows(2, feed_.chain()));
}

TEST_F(KnownChainsTest, DamagedFilesArePassedOver) {
  for (const char* content : {"", "{", "[1]", "[{\"path\": \"x.sst\"}]", "{}"}) {
    ASSERT_THAT(storage::WriteFileAtomically(folder() + "/2.json", content), IsOk());
    EXPECT_FALSE(Opened().Knows(2, feed_.chain())) << content;
  }
  EXPECT_THAT(Opened().Held(*store_), SizeIs(1)) << "version 1 is known still";
  // A version in one snapshot can be told from its packs alone, one of deltas cannot.
  KnownChains chains = Opened();
  ASSERT_OK_AND_ASSIGN(std::vector<storage::ServedFeed> kept, store_->KeptVersions("threats"));
  for (const storage::ServedFeed& one : kept) chains.Recover(one, *store_);
  EXPECT_THAT(chains.Held(*store_), SizeIs(1));
}

TEST_F(KnownChainsTest, PartsOfASnapshotThatIsNotWholeAreNotHeld) {
  fs::remove(store_->PackPath(feed_.chain().front().sha256));
  const std::vector<trust::PackTarget> held = Opened().Held(*store_);
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_TRUE(held.front().is_delta());
}

TEST_F(KnownChainsTest, FoldingNeedsAVersionThatIsKnown) {
  KnownChains chains = Opened();
  EXPECT_THAT(chains.RememberFolded(7, {}), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(ServingRecordTest, SurvivesAndToleratesDamage) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "serving.json";
  EXPECT_FALSE(LoadServingRecord(path));
  const ServingRecord record = {
      .version = 7, .content_digest = "1:00", .since = absl::FromUnixSeconds(1'800'000'000)};
  ASSERT_THAT(SaveServingRecord(path, record), IsOk());
  EXPECT_EQ(LoadServingRecord(path), record);
  for (const char* content :
       {"", "7", "[]", "{\"version\": -1, \"content_digest\": \"\", \"since\": 0}",
        "{\"version\": 7, \"since\": 0}"}) {
    ASSERT_THAT(storage::WriteFileAtomically(path, content), IsOk());
    EXPECT_FALSE(LoadServingRecord(path)) << content;
  }
}

}  // namespace
}  // namespace cloister::server
