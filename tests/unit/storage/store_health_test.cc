// Damage on the disk: found, told, and mended without a network.

#include <rocksdb/table.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/digest.h"
#include "storage/files/files.h"
#include "storage/store/pack_directory.h"
#include "storage/store/quarantine.h"
#include "tests/unit/storage/store_fixture.h"

namespace rocksdb {
// Exported by the library, though in none of its public headers: what a forger would compute too.
uint32_t ComputeBuiltinChecksumWithLastByte(ChecksumType type, const char* data, size_t size,
                                            char last_byte);
}  // namespace rocksdb

namespace cloister::storage {
namespace {

namespace fs = std::filesystem;

using ::cloister::reputation::LookupKey;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kRecords = 5000;

class StoreHealthTest : public StoreTest {
 protected:
  StoreHealthTest() { options_.block_cache_bytes = 0; }  // every lookup reads the disk

  static Entries EntriesOf(uint64_t version) {
    return SampleEntries(0, kRecords, static_cast<uint8_t>(version));
  }

  // Flips one bit of the file, in a block of records.
  void Rot(const std::string& sha256) {
    const std::string path = store_->PackPath(sha256);
    std::fstream pack(path, std::ios::in | std::ios::out | std::ios::binary);
    pack.seekg(static_cast<std::streamoff>(fs::file_size(path) / 2));
    const char byte = static_cast<char>(pack.get() ^ 4);
    pack.seekp(static_cast<std::streamoff>(fs::file_size(path) / 2));
    pack.put(byte);
  }

  FindResult FindAll() const {
    std::vector<LookupKey> keys;
    for (uint64_t i = 0; i < kRecords; ++i) keys.push_back(SampleKey(i));
    return store_->Current()->Find(keys);
  }

  // Whole, and of `version`.
  void ExpectWhole(uint64_t version) {
    EXPECT_EQ(store_->Current()->feeds()[0].version, version);
    EXPECT_EQ(Served(0, kRecords), RecordsOf(EntriesOf(version)));
    EXPECT_THAT(store_->DamagedFeeds(), IsEmpty());
    ASSERT_OK_AND_ASSIGN(VerifyReport report, store_->Verify("threats", nullptr));
    EXPECT_THAT(report.served, IsOk());
    EXPECT_THAT(report.rotten_packs, IsEmpty());
    EXPECT_EQ(report.entries, kRecords + 1);
  }

  std::vector<std::string> Quarantined() const {
    absl::StatusOr<std::vector<std::string>> names =
        ListDirectory(options_.directory + "/quarantine");
    return names.ok() ? *names : std::vector<std::string>();
  }
};

TEST_F(StoreHealthTest, ABitFlippedInAServedPackMakesAnswersPartialAndMarksTheFeed) {
  const VersionSpec spec = Threats().Snapshot(1, EntriesOf(1));
  ASSERT_THAT(store_->Serve(spec), IsOk());
  ASSERT_THAT(store_->Serve(SampleFeed(*store_, "software").Snapshot(1, EntriesOf(1))), IsOk());
  EXPECT_FALSE(FindAll().partial);
  EXPECT_THAT(store_->DamagedFeeds(), IsEmpty());
  Rot(spec.packs[0].sha256);
  const FindResult found = FindAll();
  EXPECT_TRUE(found.partial);
  EXPECT_GT(found.matches.size(), kRecords + kRecords / 2) << "what is sound is not answered";
  EXPECT_LT(found.matches.size(), 2 * kRecords);
  EXPECT_THAT(store_->DamagedFeeds(), ElementsAre("threats"));
}

TEST_F(StoreHealthTest, VerifyNamesRottenPacksAndTellsHowFarItIs) {
  const VersionSpec spec = Threats().Snapshot(1, EntriesOf(1), 2);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  std::vector<StoreProgress> seen;
  ASSERT_OK_AND_ASSIGN(VerifyReport report,
                       store_->Verify("threats", [&seen](const StoreProgress& progress) {
                         seen.push_back(progress);
                         return absl::OkStatus();
                       }));
  EXPECT_EQ(report.packs, 2u);
  EXPECT_EQ(report.bytes, spec.packs[0].bytes + spec.packs[1].bytes);
  EXPECT_EQ(report.entries, kRecords + 1);
  EXPECT_THAT(report.served, IsOk());
  ASSERT_THAT(seen, ::testing::Not(IsEmpty()));
  EXPECT_EQ(seen[0].doing, "hashing packs");
  EXPECT_EQ(seen[0].total, report.bytes);
  EXPECT_THAT(store_->DamagedFeeds(), IsEmpty());

  Rot(spec.packs[1].sha256);
  ASSERT_OK_AND_ASSIGN(report, store_->Verify("threats", nullptr));
  EXPECT_THAT(report.rotten_packs, ElementsAre(spec.packs[1].sha256));
  EXPECT_THAT(report.served, IsRejectedFor(RejectReason::kPackUnreadable));
  EXPECT_THAT(store_->DamagedFeeds(), ElementsAre("threats"));
  EXPECT_THAT(store_->Verify("other", nullptr), HasCode(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(report, store_->Verify("software", nullptr));
  EXPECT_EQ(report.packs, 0u);
}

// A number of the file's metadata; `*place` moves behind it.
size_t TakeVarint(const std::string& bytes, size_t* place) {
  size_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[(*place)++]);
    value |= static_cast<size_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}

// Empties the filter of a pack, all checksums right, so that it denies nearly all of its keys.
std::string WithLyingFilter(std::string bytes) {
  const std::string name = "fullfilter.rocksdb.BuiltinBloomFilter";
  size_t place = bytes.rfind(name) + name.size();
  const size_t offset = TakeVarint(bytes, &place);
  const size_t size = TakeVarint(bytes, &place);
  constexpr size_t kFilterTail = 5;  // says which filter it is
  memset(bytes.data() + offset, 0, size - kFilterTail);
  const uint32_t checksum = rocksdb::ComputeBuiltinChecksumWithLastByte(
      rocksdb::kXXH3, bytes.data() + offset, size, bytes[offset + size]);
  memcpy(bytes.data() + offset + size + 1, &checksum, sizeof(checksum));
  return bytes;
}

TEST_F(StoreHealthTest, VerifyFindsAFilterThatHidesWhatItsPackHolds) {
  VersionSpec spec = Threats().Snapshot(1, EntriesOf(1));
  ASSERT_OK_AND_ASSIGN(std::string bytes,
                       ReadFile(store_->PackPath(spec.packs[0].sha256), 1 << 30));
  bytes = WithLyingFilter(std::move(bytes));
  const reputation::Sha256Bytes hash = reputation::Sha256(bytes);
  spec.packs[0].sha256 =
      absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
  ASSERT_THAT(WriteFileAtomically(store_->PackPath(spec.packs[0].sha256), bytes), IsOk());
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_LT(FindAll().matches.size(), kRecords / 2) << "the filter lies";
  ASSERT_OK_AND_ASSIGN(VerifyReport report, store_->Verify("threats", nullptr));
  EXPECT_THAT(report.rotten_packs, IsEmpty());
  EXPECT_THAT(report.served, IsRejectedFor(RejectReason::kPackForeign));
  EXPECT_THAT(store_->DamagedFeeds(), IsEmpty()) << "a rebuild would not mend it";
}

TEST_F(StoreHealthTest, VerifyEndsWhenItIsToldTo) {
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, EntriesOf(1))), IsOk());
  EXPECT_THAT(
      store_->Verify("threats", [](const StoreProgress&) { return absl::CancelledError("stop"); }),
      HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(store_->DamagedFeeds(), IsEmpty());
}

TEST_F(StoreHealthTest, VerifyFindsARottenPackOfAVersionThatDoesNotServe) {
  const VersionSpec old = Threats().Snapshot(1, EntriesOf(1));
  ASSERT_THAT(store_->Serve(old), IsOk());
  ASSERT_THAT(store_->Serve(Threats().Snapshot(2, EntriesOf(2))), IsOk());
  Rot(old.packs[0].sha256);
  ASSERT_OK_AND_ASSIGN(VerifyReport report, store_->Verify("threats", nullptr));
  EXPECT_THAT(report.rotten_packs, ElementsAre(old.packs[0].sha256));
  EXPECT_THAT(report.served, IsOk());
  EXPECT_THAT(store_->DamagedFeeds(), ElementsAre("threats"));
  ASSERT_OK_AND_ASSIGN(RebuildReport rebuilt, store_->Rebuild("threats"));
  EXPECT_TRUE(rebuilt.complete);
  EXPECT_EQ(rebuilt.version, 2u);
  ExpectWhole(2);
  ASSERT_OK_AND_ASSIGN(std::vector<ServedFeed> kept, store_->KeptVersions("threats"));
  EXPECT_THAT(kept, SizeIs(1));
}

TEST_F(StoreHealthTest, ARebuildServesTheSameVersionWhereItsPacksAreWhole) {
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, EntriesOf(1), 2)), IsOk());
  const uint64_t generation = store_->Current()->number();
  ASSERT_OK_AND_ASSIGN(RebuildReport report, store_->Rebuild("threats"));
  EXPECT_EQ(report.version, 1u);
  EXPECT_TRUE(report.complete);
  EXPECT_THAT(report.quarantined, IsEmpty());
  EXPECT_GT(store_->Current()->number(), generation);
  ExpectWhole(1);
  Reopen();
  ExpectWhole(1);
  EXPECT_THAT(store_->Rebuild("other"), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(StoreHealthTest, ARebuildQuarantinesWhatRottedAndServesTheNewestWholeVersion) {
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, EntriesOf(1))), IsOk());
  const VersionSpec second = Threats().Snapshot(2, EntriesOf(2));
  ASSERT_THAT(store_->Serve(second), IsOk());
  const VersionSpec third = Threats().Snapshot(3, EntriesOf(3), 2);
  ASSERT_THAT(store_->Serve(third), IsOk());
  Rot(second.packs[0].sha256);
  Rot(third.packs[1].sha256);
  EXPECT_TRUE(FindAll().partial);
  ASSERT_OK_AND_ASSIGN(RebuildReport report, store_->Rebuild("threats"));
  EXPECT_EQ(report.version, 1u);
  EXPECT_FALSE(report.complete);
  EXPECT_THAT(report.quarantined,
              ::testing::UnorderedElementsAre(second.packs[0].sha256, third.packs[1].sha256));
  ExpectWhole(1);
  EXPECT_THAT(Quarantined(), SizeIs(2));
  EXPECT_FALSE(store_->HasPack(third.packs[1].sha256));
  Reopen();
  ExpectWhole(1);
  // Taken again, it serves.
  ASSERT_THAT(store_->Serve(Threats().Snapshot(3, EntriesOf(3), 2)), IsOk());
  ExpectWhole(3);
}

TEST_F(StoreHealthTest, WhereNothingIsWholeWhatIsSoundServesOnUntilThePackIsTakenAgain) {
  const VersionSpec spec = Threats().Snapshot(1, EntriesOf(1), 2);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  const std::string pack = store_->PackPath(spec.packs[0].sha256);
  fs::copy_file(pack, directory_ / "good");
  Rot(spec.packs[0].sha256);
  ASSERT_OK_AND_ASSIGN(RebuildReport report, store_->Rebuild("threats"));
  EXPECT_EQ(report.version, 0u);
  EXPECT_FALSE(report.complete);
  EXPECT_FALSE(store_->HasPack(spec.packs[0].sha256));
  for (int round = 0; round < 2; ++round) {
    const FindResult found = FindAll();
    EXPECT_TRUE(found.partial);
    EXPECT_GT(found.matches.size(), kRecords / 2);
    EXPECT_THAT(store_->DamagedFeeds(), ElementsAre("threats")) << round;
    Reopen();
  }
  // The same version again is not renewed, but built anew from the pack that came again.
  EXPECT_THAT(store_->Serve(spec), IsRejectedFor(RejectReason::kPackRotten));
  fs::copy_file(directory_ / "good", pack);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  ExpectWhole(1);
}

TEST_F(StoreHealthTest, ANewVersionOverARottenBaseStaysMarked) {
  const VersionSpec spec = Threats().Snapshot(1, EntriesOf(1), 2);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  Rot(spec.packs[0].sha256);
  EXPECT_TRUE(FindAll().partial);
  Entries next = EntriesOf(1);
  next[std::string(SampleKey(kRecords + 1).bytes())] = SampleValue(1, 7);
  ASSERT_THAT(store_->Serve(Threats().Delta(spec, EntriesOf(1), 2, next)), IsOk());
  EXPECT_THAT(store_->DamagedFeeds(), ElementsAre("threats"));
  ASSERT_THAT(store_->Serve(Threats().Snapshot(3, EntriesOf(3))), IsOk());
  EXPECT_THAT(store_->DamagedFeeds(), IsEmpty());
}

TEST_F(StoreHealthTest, APackThatIsMissingAtTheStartMarksTheFeed) {
  const VersionSpec spec = Threats().Snapshot(1, EntriesOf(1));
  ASSERT_THAT(store_->Serve(spec), IsOk());
  fs::remove(store_->PackPath(spec.packs[0].sha256));
  Reopen();
  EXPECT_EQ(Served(0, kRecords), RecordsOf(EntriesOf(1)));  // the database has it still
  EXPECT_THAT(store_->DamagedFeeds(), ElementsAre("threats"));
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, EntriesOf(1))), IsOk());
  ExpectWhole(1);
}

TEST_F(StoreHealthTest, QuarantineKeepsTheNewest) {
  const PackDirectory packs(directory_ / "some packs");
  const std::string quarantine = directory_ / "q";
  ASSERT_THAT(MakeDirectories(packs.path()), IsOk());
  std::string name;
  for (size_t i = 0; i < kMaxQuarantinedPacks + 3; ++i) {
    name = std::string(62, 'a') + absl::StrCat(10 + i);
    ASSERT_THAT(WriteFileAtomically(packs.PathOf(name), "rotten"), IsOk());
    ASSERT_THAT(QuarantinePack(packs, quarantine, name), IsOk());
    EXPECT_EQ(packs.SizeOf(name), 0u);
  }
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, ListDirectory(quarantine));
  ASSERT_THAT(names, SizeIs(kMaxQuarantinedPacks));
  EXPECT_THAT(names.back(), EndsWith(name + ".sst"));
  EXPECT_THAT(QuarantinePack(packs, quarantine, name), IsOk());
}

}  // namespace
}  // namespace cloister::storage
