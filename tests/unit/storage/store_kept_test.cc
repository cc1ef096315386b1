// Kept and waiting versions, rollback, pins, and the decisions about them.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/store/database.h"
#include "storage/store/stored_version.h"
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

class StoreKeptTest : public StoreTest {
 protected:
  static Entries EntriesOf(uint64_t version) {
    return SampleEntries(version * 10, 100, static_cast<uint8_t>(version));
  }
  static AuditEvent Event(const std::string& action) {
    return {absl::FromUnixSeconds(1'700'000'000), "admin@example.org", action, "a test"};
  }

  // Versions 1 to `last` as a snapshot and deltas, each served.
  VersionSpec ServeUpTo(uint64_t last) {
    VersionSpec spec = Threats().Snapshot(1, EntriesOf(1), 2);
    EXPECT_THAT(store_->Serve(spec), IsOk());
    for (uint64_t version = 2; version <= last; ++version) {
      spec = Next(spec);
      EXPECT_THAT(store_->Serve(spec), IsOk()) << version;
    }
    return spec;
  }
  VersionSpec Next(const VersionSpec& spec) const {
    return Threats().Delta(spec, EntriesOf(spec.version), spec.version + 1,
                           EntriesOf(spec.version + 1));
  }
  void ExpectServes(uint64_t version) {
    EXPECT_EQ(store_->Current()->feeds()[0].version, version);
    EXPECT_EQ(Served(0, 300), RecordsOf(EntriesOf(version)));
  }
  std::vector<uint64_t> KeptNumbers() const {
    absl::StatusOr<std::vector<ServedFeed>> kept = store_->KeptVersions("threats");
    EXPECT_THAT(kept, IsOk());
    std::vector<uint64_t> numbers;
    for (const ServedFeed& version : *kept) numbers.push_back(version.version);
    return numbers;
  }
  bool HasAll(const VersionSpec& spec) const {
    for (const VersionPack& pack : spec.packs) {
      if (!store_->HasPack(pack.sha256)) return false;
    }
    return true;
  }
  // Flips a bit in the middle of a pack.
  void Rot(const std::string& sha256) {
    std::fstream pack(store_->PackPath(sha256), std::ios::in | std::ios::out | std::ios::binary);
    pack.seekg(200);
    const char byte = static_cast<char>(pack.get() ^ 1);
    pack.seekp(200);
    pack.put(byte);
  }
};

TEST_F(StoreKeptTest, AKeptVersionIsServedAgainAndStaysAfterARestart) {
  ServeUpTo(3);
  const uint64_t generation = store_->Current()->number();
  ASSERT_THAT(store_->ServeKept("threats", 1), IsOk());
  ExpectServes(1);
  EXPECT_GT(store_->Current()->number(), generation);
  EXPECT_THAT(KeptNumbers(), ElementsAre(3, 2, 1));
  Reopen();
  ExpectServes(1);
  EXPECT_THAT(KeptNumbers(), ElementsAre(3, 2, 1));
  ASSERT_THAT(store_->ServeKept("threats", 3), IsOk());
  ExpectServes(3);
  ASSERT_THAT(store_->ServeKept("threats", 3), IsOk());
  Reopen();
  ExpectServes(3);
  EXPECT_THAT(store_->ServeKept("threats", 9), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->ServeKept("other", 1), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(StoreKeptTest, UpdatesGoOnFromAVersionThatWasRolledBackTo) {
  const VersionSpec newest = ServeUpTo(3);
  ASSERT_THAT(store_->ServeKept("threats", 2), IsOk());
  ASSERT_THAT(store_->Serve(newest), IsOk());
  ExpectServes(3);
  ASSERT_THAT(store_->ServeKept("threats", 1), IsOk());
  ASSERT_THAT(store_->Serve(Next(newest)), IsOk());
  ExpectServes(4);
}

TEST_F(StoreKeptTest, AVersionWaitsOverARestartAndIsServedWhenAsked) {
  const VersionSpec spec = ServeUpTo(2);
  const VersionSpec next = Next(spec);
  ASSERT_THAT(store_->Keep(next), IsOk());
  ExpectServes(2);
  EXPECT_THAT(KeptNumbers(), ElementsAre(3, 2, 1));
  Reopen();
  ExpectServes(2);
  EXPECT_THAT(KeptNumbers(), ElementsAre(3, 2, 1));
  EXPECT_TRUE(HasAll(next));
  ASSERT_THAT(store_->ServeKept("threats", 3), IsOk());
  ExpectServes(3);
  Reopen();
  ExpectServes(3);
}

TEST_F(StoreKeptTest, AFirstVersionMayWait) {
  ASSERT_THAT(store_->Keep(Threats().Snapshot(1, EntriesOf(1))), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].version, 0u);
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[0].version, 0u);
  ASSERT_THAT(store_->ServeKept("threats", 1), IsOk());
  ExpectServes(1);
}

TEST_F(StoreKeptTest, OneVersionWaitsAtATime) {
  const VersionSpec spec = ServeUpTo(1);
  const VersionSpec second = Next(spec);
  const VersionSpec third = Next(second);
  ASSERT_THAT(store_->Keep(second), IsOk());
  ASSERT_THAT(store_->Keep(third), IsOk());
  EXPECT_THAT(KeptNumbers(), ElementsAre(3, 1));
  EXPECT_TRUE(HasAll(third));
  const VersionSpec other = Threats().Snapshot(4, EntriesOf(4));
  ASSERT_THAT(store_->Keep(other), IsOk());
  EXPECT_THAT(KeptNumbers(), ElementsAre(4, 1));
  EXPECT_FALSE(store_->HasPack(third.packs.back().sha256));
  EXPECT_TRUE(HasAll(spec));
}

TEST_F(StoreKeptTest, WhatWaitedGoesWhenANewerVersionServes) {
  const VersionSpec spec = ServeUpTo(2);
  ASSERT_THAT(store_->Keep(Next(spec)), IsOk());
  ASSERT_THAT(store_->Serve(Threats().Snapshot(5, EntriesOf(5))), IsOk());
  EXPECT_THAT(KeptNumbers(), ElementsAre(5, 2, 1));
}

TEST_F(StoreKeptTest, KeepingTheSameVersionAgainOnlyRenewsIt) {
  VersionSpec next = Next(ServeUpTo(1));
  ASSERT_THAT(store_->Keep(next), IsOk());
  next.published += absl::Hours(1);
  ASSERT_THAT(store_->Keep(next), IsOk());
  ASSERT_OK_AND_ASSIGN(std::vector<ServedFeed> kept, store_->KeptVersions("threats"));
  EXPECT_EQ(kept[0].published, next.published);
  Reopen();
  ASSERT_OK_AND_ASSIGN(kept, store_->KeptVersions("threats"));
  EXPECT_EQ(kept[0].published, next.published);
}

std::vector<reputation::SourceNote> SomeSources() {
  return {{.name = "urlhaus",
           .licence = "CC0-1.0",
           .attribution = "abuse.ch",
           .url = "https://urlhaus.example/",
           .redistribution = reputation::Redistribution::kInternal},
          {.name = "own"}};
}

TEST_F(StoreKeptTest, SourcesStayWithTheirVersion) {
  VersionSpec first = Threats().Snapshot(1, EntriesOf(1));
  first.sources = SomeSources();
  ASSERT_THAT(store_->Serve(first), IsOk());
  VersionSpec second = Next(first);
  second.sources = {{.name = "other"}};
  ASSERT_THAT(store_->Keep(second), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].sources, first.sources);
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[0].sources, first.sources);
  ASSERT_THAT(store_->ServeKept("threats", 2), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].sources, second.sources);
  ASSERT_THAT(store_->Fold("threats", 0, nullptr), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].sources, second.sources);
  ASSERT_THAT(store_->ServeKept("threats", 1), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].sources, first.sources);
  // A database that is lost is built anew from what lies beside the packs.
  store_.reset();
  std::filesystem::rename(directory_ / "data/db", directory_ / "moved away");
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[0].sources, first.sources);
}

TEST_F(StoreKeptTest, TheSameVersionWithOtherNotesIsRenewed) {
  VersionSpec spec = ServeUpTo(1);
  spec.sources = SomeSources();
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].sources, spec.sources);
  VersionSpec old = spec;
  old.published -= absl::Hours(1);
  old.sources = {};
  ASSERT_THAT(store_->Serve(old), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].sources, spec.sources) << "an older word";
  VersionSpec next = Next(spec);
  ASSERT_THAT(store_->Keep(next), IsOk());
  next.sources = {{.name = "other"}};
  ASSERT_THAT(store_->Keep(next), IsOk());
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[0].sources, spec.sources);
  ASSERT_OK_AND_ASSIGN(std::vector<ServedFeed> kept, store_->KeptVersions("threats"));
  EXPECT_EQ(kept[0].sources, next.sources);
}

TEST_F(StoreKeptTest, WhatWaitsIsProvedAsWhatServes) {
  const VersionSpec spec = ServeUpTo(1);
  const VersionSpec foreign = Threats().Delta(spec, SampleEntries(0, 5), 2, EntriesOf(2));
  EXPECT_THAT(store_->Keep(foreign), IsRejectedFor(RejectReason::kBaseMismatch));
  VersionSpec wrong = Next(spec);
  wrong.packs.back().result = DigestOf(EntriesOf(3));
  EXPECT_THAT(store_->Keep(wrong), IsRejectedFor(RejectReason::kDigestMismatch));
  EXPECT_THAT(store_->Keep(spec), IsRejectedFor(RejectReason::kVersionRollback));
  VersionSpec missing = Next(spec);
  std::filesystem::remove(store_->PackPath(missing.packs.back().sha256));
  EXPECT_THAT(store_->Keep(missing), IsRejectedFor(RejectReason::kPackUnreadable));
  EXPECT_THAT(KeptNumbers(), ElementsAre(1));
  // A chain of its own, with two deltas of which neither served.
  const VersionSpec chain = Next(Next(Threats().Snapshot(4, EntriesOf(4), 2)));
  ASSERT_THAT(store_->Keep(chain), IsOk());
  ASSERT_THAT(store_->Forget("threats", 6), IsOk());
  EXPECT_FALSE(HasAll(chain));
}

TEST_F(StoreKeptTest, EachDeltaOfAWaitingChainIsProved) {
  const VersionSpec spec = ServeUpTo(1);
  VersionSpec chain = Next(Next(spec));
  chain.packs[chain.packs.size() - 2].result = DigestOf(EntriesOf(9));
  EXPECT_THAT(store_->Keep(chain), IsRejectedFor(RejectReason::kDigestMismatch));
  EXPECT_THAT(store_->Serve(chain), IsRejectedFor(RejectReason::kDigestMismatch));
  ExpectServes(1);
}

TEST_F(StoreKeptTest, RetentionCountsWhatServesAndOlderVersions) {
  const VersionSpec spec = ServeUpTo(5);
  EXPECT_THAT(KeptNumbers(), ElementsAre(5, 4, 3));
  ASSERT_THAT(store_->Keep(Next(spec)), IsOk());
  EXPECT_THAT(KeptNumbers(), ElementsAre(6, 5, 4, 3));
  ASSERT_THAT(store_->ServeKept("threats", 6), IsOk());
  EXPECT_THAT(KeptNumbers(), ElementsAre(6, 5, 4));
}

TEST_F(StoreKeptTest, APinnedVersionIsNeverPruned) {
  VersionSpec spec = ServeUpTo(2);
  FeedDirective pin;
  pin.pinned = 2;
  ASSERT_THAT(store_->SetDirective("threats", pin, Event("feed.pin")), IsOk());
  for (int i = 0; i < 5; ++i) {
    spec = Next(spec);
    ASSERT_THAT(store_->Serve(spec), IsOk());
  }
  EXPECT_THAT(KeptNumbers(), ElementsAre(7, 6, 5, 2));
  ASSERT_THAT(store_->ServeKept("threats", 2), IsOk());
  ExpectServes(2);
}

TEST_F(StoreKeptTest, ForgetRemovesWhatNothingElseNeeds) {
  const VersionSpec spec = ServeUpTo(2);
  const VersionSpec next = Next(spec);
  ASSERT_THAT(store_->Keep(next), IsOk());
  EXPECT_THAT(store_->Forget("threats", 2), HasCode(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(store_->Forget("threats", 3), IsOk());
  EXPECT_THAT(store_->Forget("threats", 3), HasCode(absl::StatusCode::kNotFound));
  EXPECT_FALSE(store_->HasPack(next.packs.back().sha256));
  EXPECT_TRUE(HasAll(spec));
  Reopen();
  EXPECT_THAT(KeptNumbers(), ElementsAre(2, 1));
}

TEST_F(StoreKeptTest, ARottenVersionIsNotServed) {
  VersionSpec other = Threats().Snapshot(1, EntriesOf(1));
  ASSERT_THAT(store_->Serve(other), IsOk());
  ASSERT_THAT(store_->Serve(Threats().Snapshot(2, EntriesOf(2))), IsOk());
  Rot(other.packs[0].sha256);
  EXPECT_THAT(store_->ServeKept("threats", 1), IsRejectedFor(RejectReason::kPackRotten));
  ExpectServes(2);
  EXPECT_THAT(store_->DamagedFeeds(), ElementsAre("threats")) << "a rebuild gets rid of it";
  std::filesystem::remove(store_->PackPath(other.packs[0].sha256));
  EXPECT_THAT(store_->ServeKept("threats", 1), IsRejectedFor(RejectReason::kPackRotten));
}

TEST_F(StoreKeptTest, WhenAVersionWasTakenIsRemembered) {
  VersionSpec spec = Threats().Snapshot(1, EntriesOf(1));
  spec.taken = absl::FromUnixSeconds(1'800'000'000);
  ASSERT_THAT(store_->Serve(spec), IsOk());
  EXPECT_EQ(store_->Current()->feeds()[0].taken, spec.taken);
  Reopen();
  EXPECT_EQ(store_->Current()->feeds()[0].taken, spec.taken);
}

TEST_F(StoreKeptTest, DirectivesAndTheirAuditEntriesSurviveARestart) {
  ASSERT_OK_AND_ASSIGN(FeedDirective none, store_->Directive("threats"));
  EXPECT_EQ(none, FeedDirective());
  const FeedDirective directive{.pinned = 3, .accepted = 4, .rejected = 5};
  ASSERT_THAT(store_->SetDirective("threats", directive, Event("feed.rollback")), IsOk());
  ASSERT_THAT(store_->AppendAudit(Event("feed.rebuild")), IsOk());
  const uint64_t generation = store_->Current()->number();
  for (int round = 0; round < 2; ++round) {
    ASSERT_OK_AND_ASSIGN(FeedDirective found, store_->Directive("threats"));
    EXPECT_EQ(found, directive);
    ASSERT_OK_AND_ASSIGN(FeedDirective other, store_->Directive("software"));
    EXPECT_EQ(other, FeedDirective());
    ASSERT_OK_AND_ASSIGN(std::vector<AuditRecord> audit, store_->ListAudit(1, 10));
    ASSERT_THAT(audit, SizeIs(2));
    EXPECT_EQ(audit[0].action, "feed.rollback");
    EXPECT_EQ(audit[0].actor, "admin@example.org");
    EXPECT_EQ(audit[1].action, "feed.rebuild");
    EXPECT_THAT(store_->VerifyAudit(), IsOk());
    EXPECT_EQ(store_->audit_count(), 2u);
    Reopen();
  }
  EXPECT_EQ(store_->Current()->number(), generation);
  EXPECT_THAT(store_->SetDirective("other", directive, Event("x")),
              HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->Directive("other"), HasCode(absl::StatusCode::kNotFound));
  AuditEvent bad = Event("feed.pin");
  bad.actor = "\xff";
  EXPECT_THAT(store_->SetDirective("threats", FeedDirective(), bad),
              HasCode(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(FeedDirective kept, store_->Directive("threats"));
  EXPECT_EQ(kept, directive);
}

// What release 0.1 wrote: versions without lengths and digests of packs, state, and time.
TEST_F(StoreKeptTest, ADatabaseOfTheFirstReleaseIsReadAndCompleted) {
  VersionSpec spec = ServeUpTo(3);
  store_.reset();
  {
    ASSERT_OK_AND_ASSIGN(OpenedDatabase opened,
                         OpenedDatabase::Open(options_.directory + "/db", 1 << 20));
    rocksdb::DB* db = opened.database->db();
    for (uint64_t version = 1; version <= 3; ++version) {
      const std::string key = VersionKey("threats", version);
      std::string value;
      ASSERT_TRUE(db->Get(rocksdb::ReadOptions(), opened.database->meta(), key, &value).ok());
      ASSERT_OK_AND_ASSIGN(StoredVersion stored, DecodeVersion(value));
      stored.packs.clear();
      stored.served.taken = absl::UnixEpoch();
      ASSERT_TRUE(
          db->Put(rocksdb::WriteOptions(), opened.database->meta(), key, EncodeVersion(stored))
              .ok());
    }
  }
  Reopen();
  ExpectServes(3);
  EXPECT_EQ(store_->ServedDeltas("threats"), 2u);
  EXPECT_EQ(store_->Current()->feeds()[0].taken, store_->Current()->feeds()[0].published);
  ASSERT_THAT(store_->ServeKept("threats", 2), IsOk());
  ExpectServes(2);
  ASSERT_THAT(store_->Serve(Next(spec)), IsOk());
  ExpectServes(4);
  EXPECT_GT(store_->Current()->feeds()[0].pack_bytes, 0u);
}

// The bytes themselves, as release 0.1 put them: feed "threats", version 7, column family
// "threats.7.1.1", one pack, 2 entries, coverage, published 1700000000, generation 3, 1 record.
TEST(StoredVersionTest, ReadsTheEncodingOfTheFirstRelease) {
  std::string bytes = "\x0a\x07threats\x10\x07\x1a\x0dthreats.7.1.1\x22\x20";
  bytes += std::string(32, '\xab');
  bytes += "\x28\x02\x32\x20" + std::string(32, '\x01');
  bytes +=
      "\x3a\x0b"
      "file/sha256";
  bytes += "\x50\x80\xe2\xcf\xaa\x06\x58\x03\x60\x01";
  ASSERT_OK_AND_ASSIGN(StoredVersion version, DecodeVersion(bytes));
  EXPECT_EQ(version.served.feed, "threats");
  EXPECT_EQ(version.served.version, 7u);
  EXPECT_EQ(version.column_family, "threats.7.1.1");
  EXPECT_EQ(version.generation, 3u);
  EXPECT_FALSE(version.waits);
  EXPECT_THAT(version.packs, IsEmpty());
  EXPECT_THAT(version.served.packs, SizeIs(1));
  EXPECT_EQ(version.served.digest.entries(), 2u);
  EXPECT_EQ(version.served.published, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(version.served.taken, version.served.published);
}

}  // namespace
}  // namespace cloister::storage
