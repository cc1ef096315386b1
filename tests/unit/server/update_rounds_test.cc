// Damage and folding: what the threads of updates do, a round at a time.

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "server/updates/background_work.h"
#include "server/updates/spool_watcher.h"
#include "storage/files/files.h"
#include "tests/unit/server/feed_fixture.h"

namespace cloister::server {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;
using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

// Writes down what it is told.
class Notes : public UpdateObserver {
 public:
  void OnHeld(const std::string& /*feed*/, const UpdateOutcome& outcome) override {
    told.push_back(absl::StrCat("held: ", std::string(HoldReasonName(outcome.reason))));
  }
  void OnRefused(const std::string& /*feed*/, const UpdateOutcome& outcome) override {
    told.push_back(absl::StrCat("refused: ", outcome.status.message()));
  }
  void OnDamage(const std::string& /*feed*/, bool damaged) override {
    told.push_back(damaged ? "damaged" : "whole");
  }
  void OnRebuilt(const std::string& /*feed*/,
                 const absl::StatusOr<storage::RebuildReport>& result) override {
    told.push_back(!result.ok() ? "not rebuilt" : result->complete ? "rebuilt" : "in part");
  }
  void OnServing(const std::string& /*feed*/, uint64_t version, absl::Time /*since*/,
                 absl::string_view cause) override {
    told.push_back(absl::StrCat(version, " by ", std::string(cause)));
  }
  void OnExpiry(const std::string& /*feed*/, absl::Time /*expires*/, bool expired) override {
    told.push_back(expired ? "expired" : "renewed");
  }
  void OnFolded(const std::string& /*feed*/, const absl::Status& status,
                absl::Duration /*took*/) override {
    told.push_back(status.ok() ? "folded" : "not folded");
  }
  void OnChecked(const std::string& /*feed*/, const ChangeSummary& /*changes*/,
                 absl::Duration /*took*/) override {
    if (on_checked) std::exchange(on_checked, nullptr)();
  }
  std::vector<std::string> Told() { return std::exchange(told, {}); }

  std::vector<std::string> told;
  std::function<void()> on_checked;  // called once
};

Listing Host(int number) {
  return ListingOf(ObjectKind::kHost, absl::StrCat("h", number, ".example"), Verdict::kMalicious);
}

class UpdateRoundsTest : public FeedFixture {
 protected:
  // As the daemon wires it; `updater_` goes into the rounds.
  void OpenRounds() {
    OpenUpdater();
    gate_ = *FeedGate::Open({.feed = "threats",
                             .policy = policy_,
                             .store = store_.get(),
                             .observer = &notes_,
                             .state_directory = directory_ / "trust",
                             .clock = [this] { return now_; }});
    FeedUpdater::Options options = UpdaterOptions();
    options.gate = gate_.get();
    options.chains = chains_.get();
    std::vector<SpoolRounds::Feed> feeds;
    feeds.push_back({.updater = *FeedUpdater::Create(options), .gate = gate_.get()});
    rounds_ = std::make_unique<SpoolRounds>(
        std::move(feeds),
        SpoolRounds::Options{
            .store = store_.get(), .observer = &notes_, .clock = [this] { return now_; }});
  }
  void Round() {
    rounds_->Run([] { return false; });
  }
  void RestartRounds() {
    rounds_.reset();
    OpenStore();
    OpenRounds();
    notes_.Told();
  }
  // Version 1, then version 2, both as snapshots that share no pack.
  void ServeTwoSnapshots() {
    OpenRounds();
    for (int i = 1; i <= 2; ++i) {
      feed_.PublishSnapshot({Host(i), Host(10)});
      feed_.HandOver();
      Round();
    }
    ASSERT_THAT(notes_.Told(), ElementsAre("1 by update", "2 by update"));
  }
  std::string ServedPack() const {
    return store_->PackPath(store_->Current()->feeds()[0].packs.front());
  }
  void Rot(const std::string& pack) {
    std::string bytes = *storage::ReadFile(pack, 1 << 20);
    bytes[bytes.size() / 2] ^= 1;
    fs::remove(pack);  // another file: the database has its own link to the old one
    ASSERT_THAT(storage::WriteFileAtomically(pack, bytes), IsOk());
  }
  void FindDamage() { ASSERT_THAT(store_->Verify("threats", nullptr), IsOk()); }
  bool Finds(const Listing& listing) const {
    return !store_->Current()->Find({{listing.key}}).matches.empty();
  }
  size_t Quarantined() const {
    const auto names = storage::ListDirectory(directory_ / "data/quarantine");
    return names.ok() ? names->size() : 0;
  }

  Notes notes_;
  std::unique_ptr<SpoolRounds> rounds_;
};

TEST_F(UpdateRoundsTest, RottenPackIsQuarantinedAndComesBackFromTheSpool) {
  ServeTwoSnapshots();
  Rot(ServedPack());
  FindDamage();
  EXPECT_TRUE(gate_->State().damaged);
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("damaged", "in part", "1 by rebuild"));
  EXPECT_EQ(ServedVersion(), 1u) << "the best that is whole";
  EXPECT_TRUE(gate_->State().damaged) << "not what should serve";
  EXPECT_EQ(Quarantined(), 1u);
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("2 by rebuild", "whole"));
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_TRUE(Finds(Host(2)));
  EXPECT_FALSE(gate_->State().damaged);
  Round();
  EXPECT_THAT(notes_.Told(), IsEmpty());
}

// It served by decision once; damage must not make it wait again.
TEST_F(UpdateRoundsTest, WhatServedBeforeTheDamageNeedNotBeAcceptedAgain) {
  ServeTwoSnapshots();
  policy_.manual = true;
  Rot(ServedPack());
  RestartRounds();
  FindDamage();
  Round();
  EXPECT_EQ(ServedVersion(), 1u);
  Round();
  EXPECT_EQ(ServedVersion(), 2u) << ::testing::PrintToString(notes_.Told());
  Round();
  EXPECT_FALSE(gate_->State().damaged);
}

TEST_F(UpdateRoundsTest, WhereTheSpoolCannotHelpTheBestKeptVersionServesAndTheDamageShows) {
  ServeTwoSnapshots();
  fs::remove_all(spool() + "/threats");
  Rot(ServedPack());
  FindDamage();
  for (int i = 0; i < 5; ++i) Round();
  EXPECT_EQ(ServedVersion(), 1u);
  EXPECT_TRUE(gate_->State().damaged);
  RestartRounds();
  Round();
  EXPECT_TRUE(gate_->State().damaged) << "it is known after a restart, too";
  feed_.HandOver();
  Round();
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_FALSE(gate_->State().damaged);
}

TEST_F(UpdateRoundsTest, OnlyVersionThatRottedGoesOnServingUntilItsPackComes) {
  OpenRounds();
  feed_.PublishSnapshot({Host(1)});
  const std::string entry = feed_.HandOver();
  Round();
  fs::rename(entry, directory_ / "elsewhere");
  Rot(ServedPack());
  FindDamage();
  notes_.Told();
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("damaged", "in part"));
  EXPECT_TRUE(Finds(Host(1)));
  // The second attempt follows at once, then they become rare.
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("in part"));
  Round();
  EXPECT_THAT(notes_.Told(), IsEmpty());
  fs::rename(directory_ / "elsewhere", entry);
  now_ += absl::Minutes(1);
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("rebuilt", "whole"));
  EXPECT_TRUE(Finds(Host(1)));
}

// The next delta is compared with data that cannot be read. That refusal must not outlive the mend.
TEST_F(UpdateRoundsTest, DamageThatAnUpdateFindsIsMendedAndTheUpdateTaken) {
  ServeTwoSnapshots();
  {
    const std::string pack = ServedPack();  // which is the database's own file, too
    fs::permissions(pack, fs::perms::owner_all);
    std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(40);
    const char byte = static_cast<char>(file.get());
    file.seekp(40);
    file.put(static_cast<char>(byte ^ 1));
  }
  RestartRounds();
  feed_.PublishDelta({Host(3)}, {Host(2).key});
  feed_.HandOver();
  for (int i = 0; i < 4; ++i) Round();
  EXPECT_EQ(ServedVersion(), 3u) << ::testing::PrintToString(notes_.Told());
  EXPECT_FALSE(gate_->State().damaged);
  EXPECT_FALSE(Finds(Host(2)));
  EXPECT_TRUE(Finds(Host(3)));
  EXPECT_TRUE(Finds(Host(10)));
  EXPECT_EQ(Quarantined(), 1u);
}

// What serves is whole, and yet there is something to mend: nothing else would ever fetch the pack.
TEST_F(UpdateRoundsTest, RottenPackOfAVersionThatWaitsComesBackFromTheSpool) {
  ServeTwoSnapshots();
  const Decision decision{.actor = "alice", .reason = "freeze"};
  ASSERT_THAT(gate_->Pin(decision), IsOk());
  feed_.PublishDelta({Host(3)});
  feed_.HandOver();
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("held: pinned"));
  Rot(store_->PackPath(feed_.chain().back().sha256));
  ASSERT_THAT(gate_->Unpin(decision), IsOk());
  for (int i = 0; i < 3; ++i) Round();
  EXPECT_EQ(ServedVersion(), 3u);
  EXPECT_EQ(Quarantined(), 1u);
  EXPECT_FALSE(gate_->State().damaged);
}

TEST_F(UpdateRoundsTest, RebuildByCommandIsAudited) {
  ServeTwoSnapshots();
  ASSERT_OK_AND_ASSIGN(storage::RebuildReport report,
                       gate_->Rebuild({.actor = "alice", .reason = "to be sure"}));
  EXPECT_TRUE(report.complete);
  ASSERT_OK_AND_ASSIGN(auto trail, store_->ListAudit(1, 10));
  ASSERT_EQ(trail.size(), 1u);
  EXPECT_EQ(trail[0].action, "feed.rebuild");
  EXPECT_EQ(trail[0].actor, "alice");
}

TEST_F(UpdateRoundsTest, LapseOfThePublishersWordIsToldOnce) {
  ServeTwoSnapshots();
  now_ += absl::Hours(24 * 40);
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("expired"));
  Round();
  EXPECT_THAT(notes_.Told(), IsEmpty());
  EXPECT_EQ(ServedVersion(), 2u) << "what serves goes on serving";
  for (trust::Role role : {trust::Role::kRoot, trust::Role::kTargets, trust::Role::kSnapshot,
                           trust::Role::kTimestamp}) {
    feed_.upstream().SetExpires(role, now_ + absl::Hours(24 * 30));
  }
  feed_.upstream().UpdateRoot();
  feed_.upstream().UpdateTargets();
  feed_.HandOver();
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("renewed"));
}

class FoldTest : public UpdateRoundsTest {
 protected:
  void OpenBackground() {
    background_ = std::make_unique<BackgroundRounds>(
        std::vector<BackgroundRounds::Feed>{{.gate = gate_.get(), .chains = chains_.get()}},
        BackgroundRounds::Options{
            .store = store_.get(), .observer = &notes_, .clock = [this] { return now_; }});
  }
  void ServeWithDeltas(int deltas) {
    OpenRounds();
    OpenBackground();
    feed_.PublishSnapshot({Host(0)});
    feed_.HandOver();
    Round();
    for (int i = 1; i <= deltas; ++i) ServeAnother();
    notes_.Told();
  }
  void ServeAnother() {
    feed_.PublishDelta({Host(static_cast<int>(feed_.version()))});
    feed_.HandOver();
    Round();
    ASSERT_EQ(ServedVersion(), feed_.version());
  }

  std::unique_ptr<BackgroundRounds> background_;
};

TEST_F(FoldTest, EightDeltasServeAsTheyAre) {
  ServeWithDeltas(8);
  background_->Run();
  EXPECT_THAT(notes_.Told(), IsEmpty());
  EXPECT_EQ(store_->ServedDeltas("threats"), 8u);
}

TEST_F(FoldTest, NineDeltasAreFoldedAndTheNextDeltaGoesOn) {
  ServeWithDeltas(9);
  background_->Run();
  EXPECT_THAT(notes_.Told(), ElementsAre("folded"));
  EXPECT_EQ(store_->ServedDeltas("threats"), 0u);
  ServeAnother();
  EXPECT_EQ(store_->ServedDeltas("threats"), 1u) << "upon what was folded";
  for (int i = 0; i <= 10; ++i) EXPECT_TRUE(Finds(Host(i))) << i;
  RestartRounds();
  OpenBackground();
  feed_.PublishDelta({Host(11)}, {Host(0).key});
  feed_.OfferNewestPackOnly();  // nothing that it follows is on offer, here or there
  feed_.HandOver();
  Round();
  EXPECT_EQ(ServedVersion(), 12u);
  EXPECT_EQ(store_->ServedDeltas("threats"), 2u);
  EXPECT_FALSE(Finds(Host(0)));
  EXPECT_TRUE(Finds(Host(5)));
}

TEST_F(FoldTest, FoldThatIsCancelledChangesNothing) {
  ServeWithDeltas(9);
  background_->Cancel();
  background_->Run();
  EXPECT_THAT(notes_.Told(), IsEmpty());
  EXPECT_EQ(store_->ServedDeltas("threats"), 9u);
}

// Both threads work at once: an update is on its way while what it goes on from is folded.
TEST_F(FoldTest, UpdateThatAFoldOvertookIsTakenAtTheNextLook) {
  ServeWithDeltas(9);
  feed_.PublishDelta({Host(10)});
  feed_.OfferNewestPackOnly();
  feed_.HandOver();
  notes_.on_checked = [this] { background_->Run(); };
  Round();
  EXPECT_THAT(notes_.Told(), ElementsAre("folded")) << "nothing is wrong with the update";
  Round();
  EXPECT_EQ(ServedVersion(), 11u);
  EXPECT_EQ(store_->ServedDeltas("threats"), 1u);
}

// Between the fold and the note of what its packs are nothing seems to lead on.
TEST_F(FoldTest, FoldHasTheSpoolLookedAtAgain) {
  ServeWithDeltas(9);
  EXPECT_FALSE(gate_->TakeAgainRequested());
  background_->Run();
  EXPECT_TRUE(gate_->TakeAgainRequested());
}

// The process ends between the database's write and the note of what the packs are.
TEST_F(FoldTest, FoldedPacksThatNobodyNotedAreFoundAtTheNextStart) {
  ServeWithDeltas(9);
  ASSERT_THAT(store_->Fold("threats", 0, nullptr), IsOk());
  RestartRounds();
  ServeAnother();
  EXPECT_EQ(store_->ServedDeltas("threats"), 1u);
}

}  // namespace
}  // namespace cloister::server
