#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "sync/trust_state/spool.h"
#include "sync/trust_state/trust_state.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using reputation::RejectReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

class TrustStateTest : public TrustFixture {
 protected:
  TrustStateTest() { Write(initial_root_, upstream_.InitialState().root); }

  static void Write(const std::string& path, const std::string& contents) {
    std::ofstream(path, std::ios::binary) << contents;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  bool Exists(const std::string& name) const { return std::filesystem::exists(Path(name)); }

  absl::StatusOr<TrustStateDirectory> Open() {
    return TrustStateDirectory::Open(directory_, initial_root_, limits_);
  }

  // One run: opens what is kept, refreshes, keeps.
  absl::Status Run() {
    absl::StatusOr<TrustStateDirectory> kept = Open();
    if (!kept.ok()) return kept.status();
    StartFrom(kept->state());
    absl::Status refreshed = Refresh();
    absl::Status saved = kept->Save(client_->state(), client_->new_roots());
    return saved.ok() ? refreshed : saved;
  }

  testing::TemporaryDirectory temporary_;
  std::string directory_ = temporary_ / "deep/trust";
  std::string initial_root_ = temporary_ / "initial.json";
};

TEST_F(TrustStateTest, StartsFromTheInitialRoot) {
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open());
  EXPECT_EQ(kept.state(), upstream_.InitialState());
  EXPECT_THAT(kept.roots(), ElementsAre(Key(1)));
  EXPECT_FALSE(Exists("root.json"));
}

TEST_F(TrustStateTest, KeepsWhatWasTrusted) {
  upstream_.RotateRootKey();
  upstream_.RotateRootKey();
  ASSERT_THAT(Run(), IsOk());
  std::filesystem::remove(initial_root_);
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open());
  EXPECT_EQ(kept.state(), client_->state());
  EXPECT_THAT(kept.roots(), ElementsAre(Key(1), Key(2), Key(3)));
  EXPECT_EQ(Read(Path("1.root.json")), upstream_.PublishedRoot(1));
  EXPECT_EQ(Read(Path("2.root.json")), upstream_.PublishedRoot(2));
  EXPECT_EQ(Read(Path("root.json")), upstream_.PublishedRoot(3));
  EXPECT_EQ(Read(Path("targets.json")), upstream_.Bytes(Role::kTargets));
  upstream_.fetched.clear();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("4.root.json", "timestamp.json"));
}

TEST_F(TrustStateTest, SavesWhatAFailedRunReached) {
  ASSERT_THAT(Run(), IsOk());
  upstream_.UpdateRoot();
  upstream_.UpdateTargets();
  upstream_.missing = {"2.targets.json"};
  EXPECT_THAT(Run(), IsRejectedFor(RejectReason::kMetadataMissing));
  EXPECT_EQ(Read(Path("root.json")), upstream_.PublishedRoot(2));
  EXPECT_EQ(Read(Path("snapshot.json")), upstream_.Bytes(Role::kSnapshot));
  upstream_.missing.clear();
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(TrustStateTest, RemovesWhatIsNoLongerTrusted) {
  upstream_.snapshot["version"] = 1'000'000;
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Run(), IsOk());
  upstream_.snapshot["version"] = 1;
  upstream_.RotateKey(Role::kSnapshot);
  upstream_.UpdateRoot();
  upstream_.UpdateTimestamp();
  upstream_.missing = {"timestamp.json"};
  EXPECT_THAT(Run(), IsRejectedFor(RejectReason::kMetadataMissing));
  EXPECT_FALSE(Exists("timestamp.json"));
  EXPECT_FALSE(Exists("snapshot.json"));
  EXPECT_TRUE(Exists("targets.json"));
  upstream_.missing.clear();
  EXPECT_THAT(Run(), IsOk());
}

TEST_F(TrustStateTest, WhatANewRootStoppedTrustingDoesNotOutliveACrashBesideIt) {
  ASSERT_THAT(Run(), IsOk());
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open());
  upstream_.RotateKey(Role::kSnapshot);
  upstream_.UpdateRoot();
  upstream_.UpdateSnapshot();
  StartFrom(kept.state());
  ASSERT_THAT(Refresh(), IsOk());
  // Saving ends where the root would be written: a directory is in its place.
  std::filesystem::remove(Path("root.json"));
  std::filesystem::create_directory(Path("root.json"));
  EXPECT_THAT(kept.Save(client_->state(), client_->new_roots()),
              IsRejectedFor(RejectReason::kIoError));
  EXPECT_FALSE(Exists("timestamp.json"));
  EXPECT_FALSE(Exists("snapshot.json"));
  EXPECT_TRUE(Exists("2.root.json"));
}

TEST_F(TrustStateTest, DamagedPartsAreFetchedAgain) {
  ASSERT_THAT(Run(), IsOk());
  Write(Path("timestamp.json"), "{");
  Write(Path("snapshot.json"), "");
  std::filesystem::remove(Path("targets.json"));
  Write(Path("foreign.root.json"), "ignored");
  Write(Path("01.root.json"), "ignored");
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(Read(Path("timestamp.json")), upstream_.Bytes(Role::kTimestamp));
  EXPECT_EQ(Read(Path("targets.json")), upstream_.Bytes(Role::kTargets));
}

TEST_F(TrustStateTest, FilesAreTheOwnersAlone) {
  ASSERT_THAT(Run(), IsOk());
  struct stat info;
  ASSERT_EQ(stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(stat(Path("root.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0077, 0u);
}

TEST_F(TrustStateTest, NamesBothPlacesWhereNoRootIs) {
  std::filesystem::remove(initial_root_);
  absl::StatusOr<TrustStateDirectory> kept = Open();
  ASSERT_THAT(kept, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(std::string(kept.status().message()), HasSubstr(Path("root.json")));
  EXPECT_THAT(std::string(kept.status().message()), HasSubstr(initial_root_));
}

TEST_F(TrustStateTest, RefusesARootThatIsNone) {
  Write(initial_root_, "{}");
  EXPECT_THAT(Open(), IsRejectedFor(RejectReason::kMetadataMalformed));
  Write(initial_root_, std::string(limits_.max_root_bytes + 1, ' '));
  EXPECT_THAT(Open(), HasCode(absl::StatusCode::kOutOfRange));
}

TEST_F(TrustStateTest, ADamagedRootSaysWhichFileAndHowToMend) {
  ASSERT_THAT(Run(), IsOk());
  Write(Path("root.json"), "half a fi");
  absl::StatusOr<TrustStateDirectory> kept = Open();
  ASSERT_THAT(kept, IsRejectedFor(RejectReason::kMetadataMalformed));
  EXPECT_THAT(std::string(kept.status().message()), HasSubstr(Path("root.json") + ": "));
  EXPECT_THAT(std::string(kept.status().message()), HasSubstr("put the feed's root in its place"));
}

TEST_F(TrustStateTest, DelegatedFilesAreKeptUnderSafeNames) {
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open());
  TrustedState state = kept.state();
  state.delegated = {{"plain-name_1", "1"}, {"../../up", "2"}, {"1.root", "3"}, {"a b?#%", "4"},
                     {"\u00e9", "5"},       {".", "6"},        {"roles/x", "7"}};
  ASSERT_THAT(kept.Save(state, {}), IsOk());
  EXPECT_EQ(Read(Path("delegated/plain-name_1.json")), "1");
  EXPECT_EQ(Read(Path("delegated/%2E%2E%2F%2E%2E%2Fup.json")), "2");
  EXPECT_EQ(Read(Path("delegated/1%2Eroot.json")), "3");
  EXPECT_EQ(Read(Path("delegated/a%20b%3F%23%25.json")), "4");
  EXPECT_EQ(Read(Path("delegated/%C3%A9.json")), "5");
  EXPECT_EQ(Read(Path("delegated/%2E.json")), "6");
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory again, Open());
  EXPECT_EQ(again.state(), state);
  EXPECT_THAT(again.roots(), ElementsAre(Key(1)));
  state.delegated.erase("../../up");
  ASSERT_THAT(again.Save(state, {}), IsOk());
  EXPECT_FALSE(Exists("delegated/%2E%2E%2F%2E%2E%2Fup.json"));
}

TEST_F(TrustStateTest, ForeignAndExcessiveFilesAreNoDelegatedRoles) {
  limits_.max_kept_delegated = 2;
  ASSERT_THAT(Run(), IsOk());
  std::filesystem::create_directory(Path("delegated"));
  Write(Path("state-of-somebody-else.json"), "not a role");
  for (const char* name : {"a b.json", "%2e.json", "%41.json", "%4.json", "%.json", "x.y.json"}) {
    Write(Path(std::string("delegated/") + name), "foreign");
  }
  Write(Path("delegated/large.json"), std::string(limits_.max_targets_bytes + 1, ' '));
  for (const char* name : {"r1.json", "r2.json", "r3.json"})
    Write(Path(std::string("delegated/") + name), "{}");
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open());
  EXPECT_EQ(kept.state().delegated.size(), 2u);
  EXPECT_EQ(kept.state().delegated.count("large"), 0u);
  EXPECT_EQ(kept.state().delegated.count("state-of-somebody-else"), 0u);
  // What was beyond the bounds goes; what is not ours stays.
  ASSERT_THAT(kept.Save(kept.state(), {}), IsOk());
  EXPECT_FALSE(Exists("delegated/large.json"));
  EXPECT_TRUE(Exists("delegated/a b.json"));
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory again, Open());
  EXPECT_EQ(again.state(), kept.state());
}

TEST_F(TrustStateTest, PassedRootsAreLeftOutWhereNotWanted) {
  upstream_.RotateRootKey();
  ASSERT_OK_AND_ASSIGN(
      TrustStateDirectory kept,
      TrustStateDirectory::Open(directory_, initial_root_, limits_, {.keeps_passed_roots = false}));
  StartFrom(kept.state());
  ASSERT_THAT(Refresh(), IsOk());
  ASSERT_THAT(kept.Save(client_->state(), client_->new_roots()), IsOk());
  EXPECT_TRUE(Exists("root.json"));
  EXPECT_FALSE(Exists("1.root.json"));
  EXPECT_FALSE(Exists("2.root.json"));
}

TEST_F(TrustStateTest, ClockNeverRunsBackwards) {
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open());
  ASSERT_OK_AND_ASSIGN(absl::Time time, kept.MonotonicTime(now_));
  EXPECT_EQ(time, now_);
  ASSERT_OK_AND_ASSIGN(time, kept.MonotonicTime(now_ - absl::Hours(24)));
  EXPECT_EQ(time, now_);
  // Another run knows it, too.
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory again, Open());
  ASSERT_OK_AND_ASSIGN(time, again.MonotonicTime(now_ - absl::Hours(24)));
  EXPECT_EQ(time, now_);
  ASSERT_OK_AND_ASSIGN(time, again.MonotonicTime(now_ + absl::Milliseconds(1500)));
  EXPECT_EQ(time, now_ + absl::Milliseconds(1500));
  ASSERT_OK_AND_ASSIGN(time, again.MonotonicTime(now_));
  EXPECT_EQ(time, now_ + absl::Seconds(1));
}

TEST_F(TrustStateTest, UnreadableClockSaysHowToMend) {
  ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open());
  Write(Path("clock"), "noon");
  absl::StatusOr<absl::Time> time = kept.MonotonicTime(now_);
  ASSERT_THAT(time, HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(time.status().message()), HasSubstr(Path("clock")));
}

TEST(Spool, EntryNamesSortByVersion) {
  EXPECT_EQ(SpoolEntryName(42), "00000000000000000042");
  EXPECT_EQ(SpoolEntryName(UINT64_MAX), "18446744073709551615");
  EXPECT_LT(SpoolEntryName(99), SpoolEntryName(100));
  for (uint64_t version : {uint64_t{0}, uint64_t{7}, UINT64_MAX}) {
    EXPECT_EQ(SpoolEntryVersion(SpoolEntryName(version)), version);
  }
}

TEST(Spool, OtherNamesAreNoEntries) {
  for (const char* name :
       {"", "42", ".incoming-00000000000000000042", "0000000000000000004x", "+0000000000000000042",
        " 0000000000000000042", "000000000000000000042", "99999999999999999999"}) {
    EXPECT_EQ(SpoolEntryVersion(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace cloister::trust
