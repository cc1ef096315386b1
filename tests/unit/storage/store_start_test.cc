#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "storage/store/database.h"
#include "storage/store/database_options.h"
#include "tests/unit/storage/store_fixture.h"

namespace cloister::storage {
namespace {

namespace fs = std::filesystem;

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreStartTest : public StoreTest {
 protected:
  std::string Db() const { return options_.directory + "/db"; }

  // Fills the store so that tables and logs exist, and closes it.
  void FillAndClose() {
    ASSERT_THAT(store_->Serve(Threats().Snapshot(1, SampleEntries(0, 100))), IsOk());
    Override value;
    value.text = "object";
    ASSERT_THAT(store_->SetOverride(SampleKey(1), value), IsOk());
    store_.reset();
  }

  std::vector<fs::path> DbFiles(const std::string& extension) const {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(Db())) {
      if (file.path().extension() == extension) files.push_back(file.path());
    }
    return files;
  }

  void ExpectDamageReported() {
    absl::StatusOr<std::unique_ptr<ReputationStore>> store = ReputationStore::Open(options_);
    EXPECT_THAT(store, HasCode(absl::StatusCode::kDataLoss));
    EXPECT_THAT(std::string(store.status().message()),
                AllOf(HasSubstr(Db()), HasSubstr("packs/"), HasSubstr("backup")));
  }
};

TEST_F(StoreStartTest, DirectoriesAreForTheOwnerOnly) {
  struct stat info;
  for (const char* name : {"", "/db", "/packs", "/staging", "/versions"}) {
    ASSERT_EQ(stat((options_.directory + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700u) << name;
  }
}

TEST_F(StoreStartTest, RefusesOptionsThatMakeNoSense) {
  ReputationStore::Options options = options_;
  options.directory = directory_ / "other";
  for (const char* name : {"", "a/b", "..", ".hidden", "white space", "b\xc3\xb6se"}) {
    options.feeds = {name};
    EXPECT_THAT(ReputationStore::Open(options), HasCode(absl::StatusCode::kInvalidArgument));
  }
  options.feeds = {"twice", "twice"};
  EXPECT_THAT(ReputationStore::Open(options), HasCode(absl::StatusCode::kInvalidArgument));
  options.feeds = {};
  options.kept_versions = 0;
  EXPECT_THAT(ReputationStore::Open(options), HasCode(absl::StatusCode::kInvalidArgument));
  options.directory = "";
  EXPECT_THAT(ReputationStore::Open(options), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(StoreStartTest, ASecondOneIsToldThatTheFirstIsOpen) {
  absl::StatusOr<std::unique_ptr<ReputationStore>> second = ReputationStore::Open(options_);
  EXPECT_THAT(second, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("open in another process"));
}

TEST_F(StoreStartTest, DropsFamiliesThatNoVersionRefersTo) {
  FillAndClose();
  {
    ASSERT_OK_AND_ASSIGN(OpenedDatabase opened, OpenedDatabase::Open(Db(), 1 << 20));
    ASSERT_THAT(opened.families, SizeIs(1));
    ASSERT_THAT(ColumnFamily::Create(opened.database, "threats.2.9.1"), IsOk());
  }
  Reopen();
  EXPECT_EQ(Served(0, 100).size(), 100u);
  store_.reset();
  ASSERT_OK_AND_ASSIGN(OpenedDatabase opened, OpenedDatabase::Open(Db(), 1 << 20));
  ASSERT_THAT(opened.families, SizeIs(1));
  EXPECT_THAT(opened.families.begin()->first, HasSubstr("threats.1."));
}

TEST_F(StoreStartTest, RemovesStagingLinksTemporaryFilesAndUnwantedPacks) {
  VersionSpec unserved = Threats().Snapshot(9, SampleEntries(0, 7));
  FillAndClose();
  ASSERT_THAT(WriteFileAtomically(options_.directory + "/staging/left.sst", "x"), IsOk());
  ASSERT_THAT(WriteFileAtomically(options_.directory + "/packs/.tmp-left", "x"), IsOk());
  ASSERT_THAT(WriteFileAtomically(options_.directory + "/packs/readme", "kept"), IsOk());
  Reopen();
  EXPECT_FALSE(store_->HasPack(unserved.packs[0].sha256));
  std::string served = store_->Current()->feeds()[0].packs[0];
  ASSERT_OK_AND_ASSIGN(auto packs, ListDirectory(store_->PackDirectory()));
  EXPECT_THAT(packs, ::testing::UnorderedElementsAre(served + ".sst", "readme"));
  ASSERT_OK_AND_ASSIGN(auto staged, ListDirectory(options_.directory + "/staging"));
  EXPECT_THAT(staged, IsEmpty());
}

TEST_F(StoreStartTest, AFreshDatabaseKeepsThePacksItFinds) {
  VersionSpec spec = Threats().Snapshot(1, SampleEntries(0, 100));
  ASSERT_THAT(store_->Serve(spec), IsOk());
  store_.reset();
  fs::rename(Db(), directory_ / "moved away");
  fs::rename(options_.directory + "/versions", directory_ / "moved away, too");
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[0].version, 0u);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_EQ(Served(0, 100).size(), 100u);
}

// Column families of release 0.1 had ten levels.
TEST_F(StoreStartTest, OpensColumnFamiliesWithFewerLevels) {
  const std::string path = directory_ / "old";
  const auto cache = rocksdb::NewLRUCache(1 << 20);
  rocksdb::ColumnFamilyOptions ten_levels = FeedOptions(cache);
  ten_levels.num_levels = 10;
  {
    ASSERT_OK_AND_ASSIGN(OpenedDatabase opened, OpenedDatabase::Open(path, 1 << 20));
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    rocksdb::DB* db = opened.database->db();
    ASSERT_TRUE(db->CreateColumnFamily(ten_levels, "threats.1.1.1", &handle).ok());
    const ColumnFamily family(opened.database, handle);
    const VersionSpec spec = Threats().Snapshot(1, SampleEntries(0, 100));
    rocksdb::IngestExternalFileOptions options;
    ASSERT_TRUE(
        db->IngestExternalFile(handle, {store_->PackPath(spec.packs[0].sha256)}, options).ok());
  }
  ASSERT_OK_AND_ASSIGN(OpenedDatabase opened, OpenedDatabase::Open(path, 1 << 20));
  ASSERT_THAT(opened.families, SizeIs(1));
  std::string value;
  EXPECT_TRUE(opened.database->db()
                  ->Get(rocksdb::ReadOptions(), opened.families.begin()->second->handle(),
                        std::string(SampleKey(1).bytes()), &value)
                  .ok());
}

TEST_F(StoreStartTest, FeedsMayComeAndGoInTheConfiguration) {
  FillAndClose();
  options_.feeds = {"software"};
  Reopen();
  EXPECT_THAT(store_->Current()->feeds(), SizeIs(1));
  options_.feeds = {"new", "threats"};
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[1].version, 1u);
  EXPECT_EQ(Served(0, 100, /*layer=*/2).size(), 100u);
}

TEST_F(StoreStartTest, AMissingTableIsReported) {
  FillAndClose();
  for (const fs::path& table : DbFiles(".sst")) fs::remove(table);
  ExpectDamageReported();
}

TEST_F(StoreStartTest, AMissingCurrentFileIsReportedRatherThanAFreshDatabaseMade) {
  FillAndClose();
  fs::remove(Db() + "/CURRENT");
  ExpectDamageReported();
}

TEST_F(StoreStartTest, ADamagedManifestIsReported) {
  FillAndClose();
  for (const auto& file : fs::directory_iterator(Db())) {
    if (file.path().filename().string().rfind("MANIFEST", 0) != 0) continue;
    std::fstream manifest(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    manifest.seekp(30);
    manifest << "damage";
  }
  ExpectDamageReported();
}

TEST_F(StoreStartTest, ADamagedTableIsReported) {
  FillAndClose();
  for (const fs::path& table : DbFiles(".sst")) {
    fs::resize_file(table, fs::file_size(table) / 2);
  }
  ExpectDamageReported();
}

TEST_F(StoreStartTest, AnUnreadableVersionRecordIsReported) {
  FillAndClose();
  {
    ASSERT_OK_AND_ASSIGN(OpenedDatabase opened, OpenedDatabase::Open(Db(), 1 << 20));
    Database& database = *opened.database;
    ASSERT_TRUE(database.db()
                    ->Put(rocksdb::WriteOptions(), database.meta(), "version/threats/2", "\xff")
                    .ok());
  }
  ExpectDamageReported();
}

// What one layer cannot read does not hide what the others hold.
TEST_F(StoreStartTest, AnUnreadableLayerMakesTheAnswerPartial) {
  options_.block_cache_bytes = 0;
  Reopen();
  VersionSpec spec = Threats().Snapshot(1, SampleEntries(0, 5000));
  ASSERT_THAT(store_->Serve(spec), IsOk());
  ASSERT_THAT(store_->Serve(SampleFeed(*store_, "software").Snapshot(1, SampleEntries(0, 5000))),
              IsOk());
  // The pack is linked into the database: damage to one is damage to both.
  std::fstream pack(store_->PackPath(spec.packs[0].sha256),
                    std::ios::in | std::ios::out | std::ios::binary);
  pack << std::string(100'000, '\0');
  pack.close();
  std::vector<reputation::LookupKey> keys;
  for (uint64_t i = 0; i < 200; ++i) keys.push_back(SampleKey(i));
  FindResult found = store_->Current()->Find(keys);
  EXPECT_TRUE(found.partial);
  size_t second = 0;
  for (const reputation::Match& match : found.matches) second += match.layer == 2 ? 1 : 0;
  EXPECT_EQ(second, keys.size());
}

}  // namespace
}  // namespace cloister::storage
