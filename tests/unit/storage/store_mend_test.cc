// A database that is damaged or lost, built anew from the pack store at the start.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "storage/store/version_manifests.h"
#include "tests/unit/storage/store_fixture.h"

namespace cloister::storage {
namespace {

namespace fs = std::filesystem;

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreMendTest : public StoreTest {
 protected:
  std::string Db() const { return options_.directory + "/db"; }

  static Entries EntriesOf(uint64_t version) {
    return SampleEntries(0, 500, static_cast<uint8_t>(version));
  }

  // Serves versions 1 and 2 of two feeds, an override and a decision.
  void Fill() {
    for (uint64_t version = 1; version <= 2; ++version) {
      threats_.push_back(Threats().Snapshot(version, EntriesOf(version)));
      ASSERT_THAT(store_->Serve(threats_.back()), IsOk());
      ASSERT_THAT(
          store_->Serve(SampleFeed(*store_, "software").Snapshot(version, EntriesOf(version))),
          IsOk());
    }
    Override value;
    value.text = "object";
    ASSERT_THAT(store_->SetOverride(SampleKey(9999), value), IsOk());
    ASSERT_THAT(store_->SetDirective("threats", FeedDirective{.accepted = 2},
                                     {absl::UnixEpoch(), "admin", "feed.accept", "a test"}),
                IsOk());
  }

  // The table of db/ that is linked to the pack of `threats_[index]`.
  fs::path TableOf(size_t index) const {
    const std::string pack = store_->PackPath(threats_[index].packs[0].sha256);
    for (const auto& file : fs::directory_iterator(Db())) {
      if (fs::equivalent(file.path(), pack)) return file.path();
    }
    ADD_FAILURE() << "the database has no link to " << pack;
    return {};
  }

  void ExpectServes(size_t feed, uint64_t version) {
    EXPECT_EQ(store_->Current()->feeds()[feed].version, version);
    EXPECT_EQ(Served(0, 500, feed + 1), RecordsOf(version == 0 ? Entries() : EntriesOf(version)));
  }

  // What administrators entered.
  void ExpectEntered(bool there) {
    EXPECT_EQ(store_->Current()->FindOverride(SampleKey(9999)).ok(), there);
    EXPECT_EQ(store_->Current()->override_count(), there ? 1u : 0u);
    EXPECT_EQ(store_->audit_count(), there ? 2u : 0u);
    EXPECT_THAT(store_->VerifyAudit(), IsOk());
    ASSERT_OK_AND_ASSIGN(FeedDirective directive, store_->Directive("threats"));
    EXPECT_EQ(directive.accepted, there ? 2u : 0u);
  }

  std::vector<VersionSpec> threats_;
};

TEST_F(StoreMendTest, ATableThatTheDatabaseLostIsBuiltAnewFromItsPack) {
  Fill();
  const fs::path table = TableOf(1);
  store_.reset();
  fs::remove(table);
  Reopen();
  ExpectServes(0, 2);
  ExpectServes(1, 2);
  ExpectEntered(true);
  EXPECT_TRUE(fs::exists(Db() + ".damaged"));
  EXPECT_FALSE(fs::exists(Db() + ".new"));
  EXPECT_THAT(store_->DamagedFeeds(), IsEmpty());
  ASSERT_THAT(store_->ServeKept("threats", 1), IsOk());
  Reopen();
  ExpectServes(0, 1);
  ExpectEntered(true);
}

TEST_F(StoreMendTest, WhereAPackWasCutShortTheNewestWholeVersionServes) {
  Fill();
  const std::string pack = store_->PackPath(threats_[1].packs[0].sha256);
  store_.reset();
  fs::resize_file(pack, fs::file_size(pack) / 2);
  Reopen();
  ExpectServes(0, 1);
  ExpectServes(1, 2);
  ExpectEntered(true);
  EXPECT_FALSE(store_->HasPack(threats_[1].packs[0].sha256));
  ASSERT_OK_AND_ASSIGN(auto quarantined, ListDirectory(options_.directory + "/quarantine"));
  EXPECT_THAT(quarantined, SizeIs(1));
  // Taken again from outside.
  ASSERT_THAT(store_->Serve(Threats().Snapshot(2, EntriesOf(2))), IsOk());
  ExpectServes(0, 2);
}

TEST_F(StoreMendTest, WhereNoVersionIsWholeTheOtherFeedsServe) {
  Fill();
  for (const VersionSpec& spec : threats_) {
    const std::string pack = store_->PackPath(spec.packs[0].sha256);
    fs::resize_file(pack, fs::file_size(pack) / 2);
  }
  Reopen();
  ExpectServes(0, 0);
  ExpectServes(1, 2);
  ExpectEntered(true);
  ASSERT_OK_AND_ASSIGN(std::vector<ServedFeed> kept, store_->KeptVersions("threats"));
  EXPECT_THAT(kept, IsEmpty());
  ASSERT_THAT(store_->Serve(Threats().Snapshot(2, EntriesOf(2))), IsOk());
  ExpectServes(0, 2);
  Reopen();
  ExpectServes(0, 2);
}

TEST_F(StoreMendTest, ALostDatabaseIsBuiltAnewFromThePackStore) {
  Fill();
  ASSERT_THAT(store_->Keep(Threats().Snapshot(3, EntriesOf(3))), IsOk());
  ASSERT_THAT(store_->ServeKept("threats", 1), IsOk());
  const uint64_t generation = store_->Current()->number();
  store_.reset();
  fs::rename(Db(), directory_ / "moved away");
  Reopen();
  ExpectServes(0, 1);
  ExpectServes(1, 2);
  ExpectEntered(false);
  EXPECT_GT(store_->Current()->number(), generation - 3);
  ASSERT_OK_AND_ASSIGN(std::vector<ServedFeed> kept, store_->KeptVersions("threats"));
  ASSERT_THAT(kept, SizeIs(3));
  EXPECT_EQ(kept[0].version, 3u);
  ASSERT_THAT(store_->ServeKept("threats", 3), IsOk());
  ExpectServes(0, 3);
}

TEST_F(StoreMendTest, ALostDatabaseAndARottenPackMeanTheNewestWholeVersion) {
  Fill();
  const std::string pack = store_->PackPath(threats_[1].packs[0].sha256);
  store_.reset();
  std::fstream(pack, std::ios::in | std::ios::out | std::ios::binary) << "rot";
  fs::rename(Db(), directory_ / "moved away");
  Reopen();
  ExpectServes(0, 1);
  ExpectServes(1, 2);
}

TEST_F(StoreMendTest, DamagedRecordsOfVersionsArePassedOver) {
  Fill();
  store_.reset();
  const VersionManifests manifests(options_.directory + "/versions");
  ASSERT_OK_AND_ASSIGN(std::vector<StoredVersion> before, manifests.ReadAll());
  EXPECT_THAT(before, SizeIs(4));
  for (const auto& file : fs::directory_iterator(options_.directory + "/versions")) {
    if (file.path().filename().string().rfind("threats.", 0) != 0) continue;
    std::fstream manifest(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    manifest.seekp(70);
    manifest << "x";
  }
  ASSERT_OK_AND_ASSIGN(std::vector<StoredVersion> after, manifests.ReadAll());
  EXPECT_THAT(after, SizeIs(2));
  // The database has them still, and writes them again.
  Reopen();
  ExpectServes(0, 2);
  ASSERT_OK_AND_ASSIGN(after, manifests.ReadAll());
  EXPECT_THAT(after, SizeIs(4));
}

TEST_F(StoreMendTest, DamagedOverridesAreNeverDroppedInSilence) {
  Fill();
  const fs::path table = TableOf(1);
  store_.reset();
  for (const auto& file : fs::directory_iterator(Db())) {
    if (file.path().extension() == ".log" && fs::file_size(file.path()) > 100) {
      // Damage before the end of the log, which a crash does not make.
      std::fstream log(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      log.seekp(200);
      log << "damage";
    }
  }
  fs::remove(table);
  EXPECT_THAT(ReputationStore::Open(options_), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_FALSE(fs::exists(Db() + ".damaged"));
  EXPECT_FALSE(fs::exists(Db() + ".new"));
}

}  // namespace
}  // namespace cloister::storage
