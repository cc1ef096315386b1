#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "tests/unit/storage/store_fixture.h"

namespace cloister::storage {
namespace {

using ::cloister::reputation::LookupKey;
using ::cloister::reputation::RejectReason;
using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::IsRejectedFor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreServeTest : public StoreTest {
 protected:
  std::map<std::string, reputation::Sha256Bytes> PackHashes() const {
    std::map<std::string, reputation::Sha256Bytes> hashes;
    for (const auto& file : std::filesystem::directory_iterator(store_->PackDirectory())) {
      hashes[file.path().filename()] = *Sha256OfFile(file.path());
    }
    return hashes;
  }
};

TEST_F(StoreServeTest, BeginsWithFeedsThatServeNothing) {
  std::shared_ptr<const Generation> generation = store_->Current();
  ASSERT_THAT(generation->feeds(), SizeIs(2));
  EXPECT_EQ(generation->feeds()[0].feed, "threats");
  EXPECT_EQ(generation->feeds()[0].version, 0u);
  EXPECT_EQ(generation->number(), 0u);
  FindResult found = generation->Find(std::vector<LookupKey>{SampleKey(1)});
  EXPECT_THAT(found.matches, IsEmpty());
  EXPECT_FALSE(found.partial);
  EXPECT_THAT(generation->FindLabel(0, 7), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(generation->FindLabel(9, 7), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(StoreServeTest, ServesASnapshotInParts) {
  Entries entries = SampleEntries(0, 1000);
  VersionSpec spec = Threats().Snapshot(5, entries, 3);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_EQ(Served(0, 2000), RecordsOf(entries));
  std::shared_ptr<const Generation> generation = store_->Current();
  const ServedFeed& feed = generation->feeds()[0];
  EXPECT_EQ(generation->number(), 1u);
  EXPECT_EQ(feed.version, 5u);
  EXPECT_EQ(feed.digest, DigestOf(entries));
  EXPECT_EQ(feed.published, spec.published);
  EXPECT_THAT(feed.coverage.Names(), ElementsAre("file/sha256"));
  EXPECT_THAT(feed.packs, SizeIs(3));
  ASSERT_OK_AND_ASSIGN(reputation::Label label, generation->FindLabel(0, 7));
  EXPECT_EQ(label.threat_name, "Sample.Threat");
  EXPECT_THAT(generation->FindLabel(0, 8), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(StoreServeTest, OneKeyAndManyKeysAnswerAlike) {
  Entries entries = SampleEntries(0, 500);
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, entries)), IsOk());
  ASSERT_THAT(store_->Serve(SampleFeed(*store_, "software").Snapshot(1, SampleEntries(250, 500))),
              IsOk());
  std::shared_ptr<const Generation> generation = store_->Current();
  std::vector<LookupKey> keys;
  for (uint64_t i = 0; i < 1000; i += 3) keys.push_back(SampleKey(i));
  std::vector<reputation::Match> one_by_one;
  for (size_t layer = 1; layer <= 2; ++layer) {
    for (size_t i = 0; i < keys.size(); ++i) {
      for (reputation::Match match : generation->Find(std::span(&keys[i], 1)).matches) {
        if (match.layer != layer) continue;
        match.key_index = i;
        one_by_one.push_back(match);
      }
    }
  }
  EXPECT_EQ(generation->Find(keys).matches, one_by_one);
  EXPECT_THAT(one_by_one, SizeIs(333));
}

TEST_F(StoreServeTest, KeysThatAFeedDoesNotCoverAreNotAsked) {
  VersionSpec spec = Threats().Snapshot(1, SampleEntries(0, 10));
  spec.coverage = reputation::Coverage();
  spec.coverage.Add(reputation::LookupForm::kHostName);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_THAT(Served(0, 10), IsEmpty());
}

// The chain that the appliance lives on: a snapshot and up to eight deltas that change, add and
// remove, each served as it comes, and all at once by a store that starts from nothing.
TEST_F(StoreServeTest, LaysEightDeltasOverASnapshotAndNeverAltersAPack) {
  Entries entries = SampleEntries(0, 400);
  VersionSpec spec = Threats().Snapshot(1, entries, 2);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  for (uint64_t version = 2; version <= 9; ++version) {
    Entries next = SampleEntries(version * 40, 400, static_cast<uint8_t>(version));
    if (version % 3 == 0) next.erase(LabelKey(7));
    spec = Threats().Delta(spec, entries, version, next);
    auto before = PackHashes();
    ASSERT_THAT(store_->Serve(spec), IsOk()) << version;
    EXPECT_EQ(PackHashes(), before);
    EXPECT_EQ(Served(0, 1000), RecordsOf(next)) << version;
    EXPECT_EQ(store_->Current()->FindLabel(0, 7).ok(), version % 3 != 0);
    entries = next;
  }
  auto before = PackHashes();
  Reopen();
  EXPECT_EQ(PackHashes(), before);
  EXPECT_EQ(Served(0, 1000), RecordsOf(entries));
  EXPECT_EQ(store_->Current()->feeds()[0].version, 9u);

  ReputationStore::Options other = options_;
  other.directory = directory_ / "other";
  ASSERT_OK_AND_ASSIGN(auto fresh, ReputationStore::Open(other));
  for (const auto& [name, hash] : before) {
    std::filesystem::copy_file(absl::StrCat(store_->PackDirectory(), "/", name),
                               absl::StrCat(fresh->PackDirectory(), "/", name));
  }
  ASSERT_THAT(fresh->Serve(spec), IsOk());
  store_ = std::move(fresh);
  EXPECT_EQ(Served(0, 1000), RecordsOf(entries));
}

TEST_F(StoreServeTest, AReaderKeepsItsGenerationWhileNewOnesCome) {
  Entries entries = SampleEntries(0, 100);
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, entries)), IsOk());
  std::shared_ptr<const Generation> old = store_->Current();
  for (uint64_t version = 2; version < 6; ++version) {
    ASSERT_THAT(store_->Serve(Threats().Snapshot(version, SampleEntries(500, 10))), IsOk());
  }
  EXPECT_EQ(old->feeds()[0].version, 1u);
  std::vector<LookupKey> keys = {SampleKey(0), SampleKey(500)};
  FindResult found = old->Find(keys);
  ASSERT_THAT(found.matches, SizeIs(1));
  EXPECT_EQ(found.matches[0].key_index, 0u);
  // It also outlives the store.
  store_.reset();
  EXPECT_EQ(old->Find(keys).matches, found.matches);
}

TEST_F(StoreServeTest, RefusesAnOlderVersion) {
  ASSERT_THAT(store_->Serve(Threats().Snapshot(5, SampleEntries(0, 10))), IsOk());
  EXPECT_THAT(store_->Serve(Threats().Snapshot(4, SampleEntries(0, 20))),
              IsRejectedFor(RejectReason::kVersionRollback));
  EXPECT_EQ(store_->Current()->feeds()[0].version, 5u);
  EXPECT_EQ(store_->Current()->number(), 1u);
}

TEST_F(StoreServeTest, ServingTheSameVersionAgainOnlyRenewsIt) {
  VersionSpec spec = Threats().Snapshot(5, SampleEntries(0, 10));
  ASSERT_THAT(store_->Serve(spec), IsOk());
  absl::Time later = spec.published + absl::Hours(1);
  spec.published = later;
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].published, later);
  EXPECT_EQ(store_->Current()->number(), 1u);
  spec.published = later - absl::Minutes(1);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[0].published, later);
  EXPECT_EQ(Served(0, 20), RecordsOf(SampleEntries(0, 10)));
}

TEST_F(StoreServeTest, RefusesOtherContentUnderTheSameVersion) {
  ASSERT_THAT(store_->Serve(Threats().Snapshot(5, SampleEntries(0, 10))), IsOk());
  EXPECT_THAT(store_->Serve(Threats().Snapshot(5, SampleEntries(0, 11))),
              IsRejectedFor(RejectReason::kDigestMismatch));
}

TEST_F(StoreServeTest, RefusesADeltaMadeForAnotherBase) {
  Entries v1 = SampleEntries(0, 100);
  VersionSpec spec = Threats().Snapshot(1, v1);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  Entries with_more = SampleEntries(0, 110);
  Entries with_less = SampleEntries(0, 90);
  // Removes what is not there.
  EXPECT_THAT(store_->Serve(Threats().Delta(spec, with_more, 2, v1)),
              IsRejectedFor(RejectReason::kBaseMismatch));
  // Adds what is there already.
  EXPECT_THAT(store_->Serve(Threats().Delta(spec, with_less, 2, v1)),
              IsRejectedFor(RejectReason::kBaseMismatch));
  EXPECT_EQ(store_->Current()->feeds()[0].version, 1u);
  EXPECT_EQ(Served(0, 200), RecordsOf(v1));
}

TEST_F(StoreServeTest, RefusesADeltaWhoseSignedBaseIsAnother) {
  Entries v1 = SampleEntries(0, 100);
  Entries v2 = SampleEntries(50, 100);
  VersionSpec base = Threats().Snapshot(1, v1);
  ASSERT_THAT(store_->Serve(base), IsOk());
  VersionSpec spec = Threats().Delta(base, v1, 2, v2);
  spec.packs[1].base = DigestOf(v2);
  EXPECT_THAT(store_->Serve(spec), IsRejectedFor(RejectReason::kBaseMismatch));
  EXPECT_THAT(store_->Keep(spec), IsRejectedFor(RejectReason::kBaseMismatch));
  EXPECT_EQ(Served(0, 200), RecordsOf(v1));
  spec.packs[1].base = DigestOf(v1);
  ASSERT_THAT(store_->Serve(spec), IsOk());
}

TEST_F(StoreServeTest, RefusesADeltaThatLeadsElsewhereThanSigned) {
  Entries v1 = SampleEntries(0, 100);
  Entries v2 = SampleEntries(50, 100);
  VersionSpec base = Threats().Snapshot(1, v1);
  ASSERT_THAT(store_->Serve(base), IsOk());
  VersionSpec spec = Threats().Delta(base, v1, 2, v2);
  VersionSpec wrong = spec;
  wrong.packs[1].result = DigestOf(SampleEntries(50, 101));
  EXPECT_THAT(store_->Serve(wrong), IsRejectedFor(RejectReason::kDigestMismatch));
  EXPECT_EQ(Served(0, 200), RecordsOf(v1));
  // The right one is taken afterwards, and a reopened store has no trace of the attempt.
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_EQ(Served(0, 200), RecordsOf(v2));
  Reopen();
  EXPECT_EQ(Served(0, 200), RecordsOf(v2));
}

TEST_F(StoreServeTest, RefusesDeltasOnABaseWhoseSignedContentChanged) {
  Entries v1 = SampleEntries(0, 100);
  VersionSpec base = Threats().Snapshot(1, v1);
  ASSERT_THAT(store_->Serve(base), IsOk());
  VersionSpec spec = Threats().Delta(base, v1, 2, SampleEntries(0, 101));
  spec.packs[0].result = DigestOf(SampleEntries(0, 99));
  EXPECT_THAT(store_->Serve(spec), IsRejectedFor(RejectReason::kDigestMismatch));
}

TEST_F(StoreServeTest, ChecksDeltasOfAChainThatItHasNotServed) {
  Entries v1 = SampleEntries(0, 100);
  Entries v2 = SampleEntries(0, 120);
  VersionSpec spec = Threats().Delta(Threats().Snapshot(1, v1), SampleEntries(0, 110), 2, v2);
  EXPECT_THAT(store_->Serve(spec), IsRejectedFor(RejectReason::kDigestMismatch));
  EXPECT_EQ(store_->Current()->feeds()[0].version, 0u);
}

TEST_F(StoreServeTest, RefusesPacksThatDoNotConnect) {
  Entries v1 = SampleEntries(0, 10);
  Entries v2 = SampleEntries(0, 20);
  VersionSpec good = Threats().Delta(Threats().Snapshot(1, v1), v1, 2, v2);
  VersionSpec no_snapshot = good;
  no_snapshot.packs.erase(no_snapshot.packs.begin());
  VersionSpec gap = good;
  gap.packs[1].from_version = 3;
  VersionSpec short_of = good;
  short_of.version = 3;
  VersionSpec twice = good;
  twice.packs[1] = twice.packs[0];
  VersionSpec nothing = good;
  nothing.packs.clear();
  VersionSpec part_after_delta = good;
  part_after_delta.packs[1].from_version = 0;
  for (const VersionSpec& spec : {no_snapshot, gap, short_of, twice, nothing, part_after_delta}) {
    EXPECT_THAT(store_->Serve(spec), IsRejectedFor(RejectReason::kVersionGap));
  }
  VersionSpec path = good;
  path.packs[0].sha256 = "../../../etc/passwd";
  EXPECT_THAT(store_->Serve(path), HasCode(absl::StatusCode::kInvalidArgument));
  VersionSpec other_feed = good;
  other_feed.feed = "unheard-of";
  EXPECT_THAT(store_->Serve(other_feed), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(StoreServeTest, RefusesPacksThatAreNotWhatTheMetadataSays) {
  VersionSpec other_feed = SampleFeed(*store_, "software").Snapshot(1, SampleEntries(0, 10));
  other_feed.feed = "threats";
  EXPECT_THAT(store_->Serve(other_feed), IsRejectedFor(RejectReason::kPackHeaderMismatch));
  VersionSpec parts = Threats().Snapshot(1, SampleEntries(0, 10), 2);
  std::swap(parts.packs[0], parts.packs[1]);
  EXPECT_THAT(store_->Serve(parts), IsRejectedFor(RejectReason::kPackHeaderMismatch));
  parts.packs.pop_back();
  EXPECT_THAT(store_->Serve(parts), IsRejectedFor(RejectReason::kPackHeaderMismatch));
  VersionSpec missing = Threats().Snapshot(1, SampleEntries(0, 11));
  std::filesystem::remove(store_->PackPath(missing.packs[0].sha256));
  EXPECT_THAT(store_->Serve(missing), IsRejectedFor(RejectReason::kPackUnreadable));
  VersionSpec longer = Threats().Snapshot(1, SampleEntries(0, 12));
  longer.packs[0].bytes += 1;
  EXPECT_THAT(store_->Serve(longer), IsRejectedFor(RejectReason::kPackUnreadable));
  EXPECT_EQ(store_->Current()->number(), 0u);
}

TEST_F(StoreServeTest, KeepsDiskSpaceFree) {
  VersionSpec spec = Threats().Snapshot(1, SampleEntries(0, 10));
  options_.reserve_bytes = uint64_t{1} << 60;
  store_.reset();
  ASSERT_OK_AND_ASSIGN(store_, ReputationStore::Open(options_));
  EXPECT_THAT(store_->Serve(spec), IsRejectedFor(RejectReason::kNoSpace));
  EXPECT_EQ(store_->Current()->feeds()[0].version, 0u);
}

TEST_F(StoreServeTest, KeepsTheLastVersionsAndTheirPacks) {
  std::vector<std::string> packs;
  for (uint64_t version = 1; version <= 5; ++version) {
    VersionSpec spec = Threats().Snapshot(version, SampleEntries(version, 10));
    packs.push_back(spec.packs[0].sha256);
    ASSERT_THAT(store_->Serve(spec), IsOk());
  }
  for (int round = 0; round < 2; ++round) {
    ASSERT_OK_AND_ASSIGN(std::vector<ServedFeed> kept, store_->KeptVersions("threats"));
    ASSERT_THAT(kept, SizeIs(3));
    EXPECT_EQ(kept[0].version, 5u);
    EXPECT_EQ(kept[2].version, 3u);
    EXPECT_GT(kept[2].pack_bytes, 0u);
    for (size_t i = 0; i < packs.size(); ++i) EXPECT_EQ(store_->HasPack(packs[i]), i >= 2) << i;
    Reopen();
  }
  EXPECT_THAT(store_->KeptVersions("other"), HasCode(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(std::vector<ServedFeed> none, store_->KeptVersions("software"));
  EXPECT_THAT(none, IsEmpty());
  EXPECT_FALSE(store_->HasPack("../db/CURRENT"));
}

// All keys are found, with what the version that serves says of them: its number as confidence.
void ExpectOneVersion(const ReputationStore& store, const std::vector<LookupKey>& keys) {
  const std::shared_ptr<const Generation> generation = store.Current();
  const FindResult found = generation->Find(keys);
  EXPECT_EQ(found.matches.size(), keys.size());
  for (const reputation::Match& match : found.matches) {
    EXPECT_EQ(match.record.confidence, generation->feeds()[0].version);
  }
}

// Every lookup sees one version from start to end, also while versions wait, are rolled back to,
// compared, verified, folded and built anew, by several threads.
TEST_F(StoreServeTest, LookupsSeeWholeVersionsWhateverAdministratorsDo) {
  constexpr uint64_t kRecords = 64;
  std::vector<LookupKey> keys;
  for (uint64_t i = 0; i < kRecords; ++i) keys.push_back(SampleKey(i));
  auto entries = [](uint64_t version) {
    return SampleEntries(0, kRecords, static_cast<uint8_t>(version));
  };
  VersionSpec spec = Threats().Snapshot(1, entries(1));
  ASSERT_THAT(store_->Serve(spec), IsOk());
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    while (!done) ExpectOneVersion(*store_, keys);
  });
  threads.emplace_back([&] {
    while (!done) {
      absl::StatusOr<std::vector<ServedFeed>> kept = store_->KeptVersions("threats");
      // Either may be gone by the time it is asked for.
      store_
          ->CompareKept("threats", kept->back().version,
                        [](const RecordChange&) { return absl::OkStatus(); })
          .IgnoreError();
      ASSERT_OK_AND_ASSIGN(VerifyReport report, store_->Verify("threats", nullptr));
      EXPECT_THAT(report.served, IsOk());
      EXPECT_THAT(report.rotten_packs, IsEmpty());
    }
  });
  for (uint64_t version = 2; version <= 20; ++version) {
    const VersionSpec next = Threats().Snapshot(version, entries(version), 2);
    ASSERT_THAT(store_->Keep(next), IsOk());
    ASSERT_THAT(store_->ServeKept("threats", version), IsOk());
    const Entries before = entries(version++);
    ASSERT_THAT(store_->Serve(Threats().Delta(next, before, version, entries(version))), IsOk());
    ASSERT_THAT(store_->Fold("threats", 0, nullptr), IsOk());
    ASSERT_THAT(store_->ServeKept("threats", version - 1), IsOk());
    ASSERT_OK_AND_ASSIGN(RebuildReport report, store_->Rebuild("threats"));
    EXPECT_TRUE(report.complete);
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(store_->DamagedFeeds(), IsEmpty());
}

// Every lookup sees one version from start to end, whatever is imported meanwhile.
TEST_F(StoreServeTest, LookupsDuringImportsSeeWholeVersions) {
  constexpr uint64_t kVersions = 24;
  constexpr uint64_t kRecords = 64;
  std::vector<LookupKey> keys;
  for (uint64_t i = 0; i < kRecords; ++i) keys.push_back(SampleKey(i));
  ASSERT_THAT(store_->Serve(Threats().Snapshot(1, SampleEntries(0, kRecords, 1))), IsOk());
  std::atomic<bool> done = false;
  std::atomic<uint64_t> lookups = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        ExpectOneVersion(*store_, keys);
        ++lookups;
      }
    });
  }
  Entries entries = SampleEntries(0, kRecords, 1);
  VersionSpec spec = Threats().Snapshot(1, entries);
  for (uint64_t version = 2; version <= kVersions; ++version) {
    Entries next = SampleEntries(0, kRecords, static_cast<uint8_t>(version));
    spec = version % 8 == 0 ? Threats().Snapshot(version, next)
                            : Threats().Delta(spec, entries, version, next);
    EXPECT_THAT(store_->Serve(spec), IsOk());
    entries = next;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(lookups, 0u);
}

}  // namespace
}  // namespace cloister::storage
