#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/database.h"
#include "storage/store/generation_view.h"
#include "storage/store/version_fold.h"
#include "tests/unit/storage/store_fixture.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreFoldTest : public StoreTest {
 protected:
  static Entries EntriesOf(uint64_t version) {
    return SampleEntries(version * 100, 3000, static_cast<uint8_t>(version));
  }

  VersionSpec ServeUpTo(uint64_t last) {
    VersionSpec spec = Threats().Snapshot(1, EntriesOf(1), 2);
    EXPECT_THAT(store_->Serve(spec), IsOk());
    for (uint64_t version = 2; version <= last; ++version) {
      spec = Threats().Delta(spec, EntriesOf(version - 1), version, EntriesOf(version));
      EXPECT_THAT(store_->Serve(spec), IsOk()) << version;
    }
    return spec;
  }

  std::vector<std::string> PackNames() const {
    absl::StatusOr<std::vector<std::string>> names = ListDirectory(store_->PackDirectory());
    EXPECT_THAT(names, IsOk());
    return *names;
  }
};

TEST_F(StoreFoldTest, AFoldedChainServesTheSameAndUpdatesGoOnFromIt) {
  VersionSpec spec = ServeUpTo(10);
  EXPECT_EQ(store_->ServedDeltas("threats"), 9u);
  const ServedFeed before = store_->Current()->feeds()[0];
  ASSERT_OK_AND_ASSIGN(std::vector<VersionPack> packs, store_->Fold("threats", 0, nullptr));
  ASSERT_THAT(packs, SizeIs(1));
  EXPECT_EQ(packs[0].from_version, 0u);
  EXPECT_EQ(packs[0].to_version, 10u);
  EXPECT_EQ(packs[0].result, before.digest);
  EXPECT_EQ(packs[0].bytes, std::filesystem::file_size(store_->PackPath(packs[0].sha256)));
  for (int round = 0; round < 2; ++round) {
    const ServedFeed after = store_->Current()->feeds()[0];
    EXPECT_EQ(after.version, 10u);
    EXPECT_EQ(after.digest, before.digest);
    EXPECT_EQ(after.published, before.published);
    EXPECT_THAT(after.packs, ElementsAre(packs[0].sha256));
    EXPECT_EQ(store_->ServedDeltas("threats"), 0u);
    EXPECT_EQ(Served(0, 5000), RecordsOf(EntriesOf(10)));
    ASSERT_OK_AND_ASSIGN(VerifyReport report, store_->Verify("threats", nullptr));
    EXPECT_THAT(report.served, IsOk());
    EXPECT_THAT(report.rotten_packs, IsEmpty());
    Reopen();
  }
  // The chain's packs stay as long as a kept version needs them.
  EXPECT_TRUE(store_->HasPack(spec.packs[0].sha256));
  EXPECT_FALSE(store_->HasPack(spec.packs.back().sha256));
  ASSERT_THAT(store_->ServeKept("threats", 9), IsOk());
  EXPECT_EQ(Served(0, 5000), RecordsOf(EntriesOf(9)));
  ASSERT_THAT(store_->ServeKept("threats", 10), IsOk());
  spec.packs = packs;
  const VersionSpec next = Threats().Delta(spec, EntriesOf(10), 11, EntriesOf(11));
  ASSERT_THAT(store_->Serve(next), IsOk());
  EXPECT_EQ(Served(0, 5000), RecordsOf(EntriesOf(11)));
}

TEST_F(StoreFoldTest, WritesPartsOfBoundedSizeAndNoFasterThanAllowed) {
  ServeUpTo(3);
  const std::shared_ptr<const Generation> current = store_->Current();
  const auto& view = static_cast<const GenerationView&>(*current);
  const PackDirectory packs(directory_ / "folded");
  ASSERT_THAT(MakeDirectories(packs.path()), IsOk());
  FoldOptions options;
  options.database = view.database().get();
  options.family = view.family(0).get();
  options.packs = &packs;
  options.served = view.feeds()[0];
  options.part_bytes = 50'000;
  options.bytes_per_second = 1 << 20;
  options.progress = [](const StoreProgress&) { return absl::OkStatus(); };
  ASSERT_OK_AND_ASSIGN(std::vector<VersionPack> folded, FoldVersion(options));
  EXPECT_GT(folded.size(), 2u);
  ContentDigest digest;
  for (size_t i = 0; i < folded.size(); ++i) {
    EXPECT_LT(folded[i].bytes, 100'000u);
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<PackReader> reader,
                         PackReader::Open(packs.PathOf(folded[i].sha256), PackLimits()));
    EXPECT_EQ(reader->header().part, i + 1);
    EXPECT_EQ(reader->header().parts, folded.size());
    ASSERT_OK_AND_ASSIGN(PackSummary summary, reader->Validate());
    digest.Add(summary.digest);
  }
  EXPECT_EQ(digest, DigestOf(EntriesOf(3)));

  // What does not hold what was signed is not left behind.
  for (const VersionPack& pack : folded) packs.Remove(pack.sha256);
  options.served.digest = DigestOf(EntriesOf(4));
  EXPECT_THAT(FoldVersion(options), IsRejectedFor(RejectReason::kDigestMismatch));
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> left, ListDirectory(packs.path()));
  EXPECT_THAT(left, IsEmpty());

  // But what was there before stays: equal packs are equal files.
  options.served.digest = view.feeds()[0].digest;
  ASSERT_OK_AND_ASSIGN(folded, FoldVersion(options));
  options.served.digest = DigestOf(EntriesOf(4));
  EXPECT_THAT(FoldVersion(options), IsRejectedFor(RejectReason::kDigestMismatch));
  for (const VersionPack& pack : folded) EXPECT_EQ(packs.SizeOf(pack.sha256), pack.bytes);
}

TEST_F(StoreFoldTest, NothingToFoldIsNothingDone) {
  EXPECT_THAT(store_->Fold("threats", 0, nullptr), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(store_->Fold("other", 0, nullptr), HasCode(absl::StatusCode::kNotFound));
  const VersionSpec spec = ServeUpTo(1);
  const uint64_t generation = store_->Current()->number();
  ASSERT_OK_AND_ASSIGN(std::vector<VersionPack> packs, store_->Fold("threats", 0, nullptr));
  ASSERT_THAT(packs, SizeIs(2));
  EXPECT_EQ(packs[0].sha256, spec.packs[0].sha256);
  EXPECT_EQ(store_->Current()->number(), generation);
}

TEST_F(StoreFoldTest, EndsWhenAnotherVersionIsServedMeanwhileOrItIsToldTo) {
  const VersionSpec spec = ServeUpTo(3);
  const std::vector<std::string> before = PackNames();
  EXPECT_THAT(
      store_->Fold("threats", 0, [](const StoreProgress&) { return absl::CancelledError("stop"); }),
      HasCode(absl::StatusCode::kCancelled));
  EXPECT_EQ(PackNames(), before);
  const VersionSpec next = Threats().Delta(spec, EntriesOf(3), 4, EntriesOf(4));
  EXPECT_THAT(store_->Fold("threats", 0,
                           [&](const StoreProgress&) {
                             EXPECT_THAT(store_->Serve(next), IsOk());
                             return absl::OkStatus();
                           }),
              HasCode(absl::StatusCode::kAborted));
  EXPECT_EQ(Served(0, 5000), RecordsOf(EntriesOf(4)));
  EXPECT_EQ(PackNames().size(), before.size() + 1);
}

TEST_F(StoreFoldTest, NeedsTheSpaceItTakes) {
  ServeUpTo(3);
  store_.reset();
  options_.reserve_bytes = uint64_t{1} << 60;
  ASSERT_OK_AND_ASSIGN(store_, ReputationStore::Open(options_));
  EXPECT_THAT(store_->Fold("threats", 0, nullptr), IsRejectedFor(RejectReason::kNoSpace));
}

TEST_F(StoreFoldTest, WhatACrashLeftIsRemovedAtTheStart) {
  ServeUpTo(2);
  const std::vector<std::string> before = PackNames();
  ASSERT_THAT(WriteFileAtomically(store_->PackDirectory() + "/.tmp-fold-threats", "x"), IsOk());
  ASSERT_THAT(WriteFileAtomically(store_->PackPath(std::string(64, 'a')), "a part"), IsOk());
  Reopen();
  EXPECT_EQ(PackNames(), before);
}

// More deltas than levels once had room for, all at once.
TEST_F(StoreFoldTest, AChainOf24DeltasServesAndFolds) {
  VersionSpec spec = Threats().Snapshot(1, EntriesOf(1), 2);
  for (uint64_t version = 2; version <= 25; ++version) {
    spec = Threats().Delta(spec, EntriesOf(version - 1), version, EntriesOf(version));
  }
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_EQ(store_->ServedDeltas("threats"), 24u);
  EXPECT_EQ(Served(0, 6000), RecordsOf(EntriesOf(25)));
  ASSERT_THAT(store_->Fold("threats", 0, nullptr), IsOk());
  EXPECT_EQ(Served(0, 6000), RecordsOf(EntriesOf(25)));
}

}  // namespace
}  // namespace cloister::storage
