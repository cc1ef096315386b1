// What serves and what waits, with a real database and signed versions from a spool.

#include "server/updates/feed_gate.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/unit/server/feed_fixture.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;
using reputation::ObjectKind;
using reputation::RejectReason;
using reputation::Verdict;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

const Decision kDecision = {.actor = "alice", .reason = "because"};

Listing Host(const std::string& name, Verdict verdict = Verdict::kMalicious) {
  return ListingOf(ObjectKind::kHost, name, verdict);
}

std::vector<Listing> Hosts(int from, int to, Verdict verdict = Verdict::kMalicious) {
  std::vector<Listing> hosts;
  for (int i = from; i < to; ++i) hosts.push_back(Host(absl::StrCat("h", i, ".example"), verdict));
  return hosts;
}

std::vector<reputation::LookupKey> Keys(const std::vector<Listing>& listings) {
  std::vector<reputation::LookupKey> keys;
  for (const Listing& listing : listings) keys.push_back(listing.key);
  return keys;
}

class FeedGateTest : public FeedFixture {
 protected:
  FeedGateTest() {
    policy_.max_changed_records = 3;
    OpenUpdater();
  }
  void Reopen(const UpdatePolicy& policy) {
    policy_ = policy;
    OpenUpdater();
  }
  // Versions 1 and 2 serve, one after the other: 10 hosts, then one more.
  void ServeTwoVersions() {
    feed_.PublishSnapshot(Hosts(0, 10));
    feed_.HandOver();
    ExpectTaken(1);
    PublishOneMore();
    ExpectTaken(2);
  }
  void PublishOneMore() {
    feed_.PublishDelta({Host(absl::StrCat("more", feed_.version(), ".example"))});
    feed_.HandOver();
  }
  // Version 2 changes all of ten records' verdicts.
  void HoldAMassChange() {
    feed_.PublishSnapshot(Hosts(0, 10, Verdict::kTrusted));
    feed_.HandOver();
    ExpectTaken(1);
    feed_.PublishDelta(Hosts(0, 10, Verdict::kMalicious));
    feed_.HandOver();
    ExpectHeld(2, HoldReason::kMassChange);
  }
  PendingVersion Pending() const {
    const FeedUpdateState state = gate_->State();
    if (!state.pending) ADD_FAILURE() << "nothing waits";
    return state.pending.value_or(PendingVersion());
  }
  std::string Reason() const { return std::string(HoldReasonName(Pending().reason)); }
  // "action" of every audit entry.
  std::vector<std::string> Audit() const {
    std::vector<std::string> actions;
    const auto entries = store_->ListAudit(1, 100);
    EXPECT_THAT(entries, IsOk());
    for (const storage::AuditRecord& entry : *entries) {
      EXPECT_THAT(entry.detail, HasSubstr("threats"));
      actions.push_back(entry.action);
    }
    return actions;
  }
};

TEST_F(FeedGateTest, HoldOffServesByItselfWhenTheTimeIsOver) {
  Reopen({.hold_off = absl::Hours(6)});
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  const absl::Time taken = now_;
  ExpectHeld(1, HoldReason::kHoldOff);
  EXPECT_EQ(Pending().serves_at, taken + absl::Hours(6));
  now_ += absl::Hours(5);
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 0u);
  now_ += absl::Hours(1);
  ExpectNothing();  // nothing new in the spool
  EXPECT_EQ(ServedVersion(), 1u);
  EXPECT_FALSE(gate_->State().pending);
}

TEST_F(FeedGateTest, HoldOffGoesOnThroughARestart) {
  ServeTwoVersions();
  Reopen({.hold_off = absl::Hours(6)});
  PublishOneMore();
  const absl::Time taken = now_;
  ExpectHeld(3, HoldReason::kHoldOff);
  now_ += absl::Hours(4);
  Restart();
  EXPECT_EQ(Reason(), "hold_off") << "known before the spool is looked at";
  ExpectNothing();
  EXPECT_EQ(absl::ToUnixSeconds(Pending().serves_at), absl::ToUnixSeconds(taken + absl::Hours(6)));
  now_ += absl::Hours(2) + absl::Seconds(1);
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 3u);
}

// A publisher that publishes more often than the hold-off lasts must not keep a feed back for good,
// nor may anything serve before its time.
TEST_F(FeedGateTest, FrequentPublisherIsDelayedAndNotStarved) {
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  ExpectTaken(1);
  Reopen({.hold_off = absl::Hours(6), .max_changed_share = 1});
  std::map<uint64_t, absl::Time> published;
  absl::Time served_at = now_;
  uint64_t served = 1;
  for (int hour = 0; hour < 48; ++hour) {
    if (hour % 12 == 11) {
      feed_.PublishSnapshot(Hosts(0, 11 + hour));
      feed_.HandOver();
    } else {
      PublishOneMore();
    }
    published[feed_.version()] = now_;
    for (int minute = 0; minute < 60; minute += 20, now_ += absl::Minutes(20)) {
      if (hour % 7 == 0 && minute == 0) Restart();
      Poll();
      if (ServedVersion() == served) continue;
      served = ServedVersion();
      EXPECT_GE(now_ - published[served], absl::Hours(6)) << served;
      EXPECT_LE(now_ - served_at, absl::Hours(13)) << served;
      served_at = now_;
    }
  }
  EXPECT_GT(served, 30u);
}

// What the publisher mends soon enough never serves.
TEST_F(FeedGateTest, NewerVersionBeginsItsOwnHoldOff) {
  ServeTwoVersions();
  Reopen({.hold_off = absl::Hours(6)});
  PublishOneMore();
  ExpectHeld(3, HoldReason::kHoldOff);
  now_ += absl::Hours(4);
  PublishOneMore();
  ExpectHeld(4, HoldReason::kHoldOff);
  EXPECT_EQ(Pending().version, 4u);
  EXPECT_EQ(absl::ToUnixSeconds(Pending().serves_at), absl::ToUnixSeconds(now_ + absl::Hours(6)));
}

TEST_F(FeedGateTest, ManualWaitsForAcceptance) {
  Reopen({.manual = true});
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  ExpectHeld(1, HoldReason::kManual);
  now_ += absl::Hours(100);
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 0u);
  EXPECT_THAT(gate_->Accept(2, kDecision), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(gate_->Accept(1, kDecision), IsOk());
  EXPECT_EQ(ServedVersion(), 1u);
  EXPECT_FALSE(gate_->State().pending);
  PublishOneMore();
  ExpectHeld(2, HoldReason::kManual);
  EXPECT_THAT(Pending().changes.Lines(), ElementsAre("1 MALICIOUS added"));
  EXPECT_THAT(gate_->Accept(2, kDecision), IsOk());
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_THAT(Audit(), ElementsAre("feed.accept", "feed.accept"));
}

TEST_F(FeedGateTest, RejectedVersionNeverServesAndTheNextOneIsConsideredAnew) {
  HoldAMassChange();
  EXPECT_THAT(gate_->Reject(2, kDecision), IsOk());
  EXPECT_EQ(Reason(), "rejected");
  Restart();
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 1u);
  EXPECT_EQ(Reason(), "rejected");
  feed_.PublishDelta(Hosts(0, 9, Verdict::kTrusted));
  feed_.HandOver();
  ExpectTaken(3);
  EXPECT_THAT(Audit(), ElementsAre("feed.reject"));
}

TEST_F(FeedGateTest, RejectionCanBeTakenBackByAcceptance) {
  HoldAMassChange();
  EXPECT_THAT(gate_->Reject(2, kDecision), IsOk());
  EXPECT_THAT(gate_->Accept(2, kDecision), IsOk());
  EXPECT_EQ(ServedVersion(), 2u);
}

TEST_F(FeedGateTest, MassChangeIsHeldAndToldInWords) {
  HoldAMassChange();
  EXPECT_EQ(Pending().changes.records_before, 10u);
  EXPECT_THAT(Pending().changes.Lines(), ElementsAre("10 TRUSTED become MALICIOUS"));
  ASSERT_OK_AND_ASSIGN(ChangeSummary dry_run, gate_->Diff(2));
  EXPECT_EQ(dry_run.Lines(), Pending().changes.Lines());
  ASSERT_OK_AND_ASSIGN(ChangeSummary nothing, gate_->Diff(1));
  EXPECT_EQ(nothing.total(), 0u);
  EXPECT_THAT(gate_->Diff(7), HasCode(absl::StatusCode::kNotFound));
}

// The publisher takes it back: what it says now is compared with what serves, not with what waited.
TEST_F(FeedGateTest, MassChangeIsSupersededByASmallerOne) {
  HoldAMassChange();
  feed_.PublishDelta(Hosts(1, 10, Verdict::kTrusted));
  feed_.HandOver();
  ExpectTaken(3);
  EXPECT_FALSE(gate_->State().pending);
  ASSERT_OK_AND_ASSIGN(std::vector<storage::ServedFeed> kept, store_->KeptVersions("threats"));
  EXPECT_EQ(kept.size(), 2u) << "nobody is to roll back to what never served";
}

TEST_F(FeedGateTest, MassChangeBySnapshotIsHeldToo) {
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  ExpectTaken(1);
  feed_.PublishSnapshot(Hosts(100, 110));
  feed_.HandOver();
  ExpectHeld(2, HoldReason::kMassChange);
  EXPECT_THAT(Pending().changes.Lines(), ElementsAre("10 MALICIOUS removed", "10 MALICIOUS added"));
}

TEST_F(FeedGateTest, HeldMassChangeOutlivesARestartWithItsReason) {
  HoldAMassChange();
  Restart();
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 1u);
  EXPECT_EQ(Reason(), "mass_change");
  EXPECT_EQ(Pending().changes.changed, 10u);
  EXPECT_THAT(gate_->Accept(2, kDecision), IsOk());
  EXPECT_EQ(ServedVersion(), 2u);
}

// Nothing but the publisher's word is new, and what waits goes on waiting.
TEST_F(FeedGateTest, RenewedWordForAHeldVersionIsNoNewHold) {
  HoldAMassChange();
  now_ += absl::Hours(1);
  feed_.PublishTimestamp(now_);
  feed_.HandOver();
  const UpdateOutcome outcome = Poll();
  EXPECT_EQ(outcome.kind, UpdateOutcome::Kind::kHeld);
  EXPECT_FALSE(outcome.is_new);
  EXPECT_EQ(Reason(), "mass_change");
}

TEST_F(FeedGateTest, RollbackServesAtOnceAndStays) {
  ServeTwoVersions();
  ASSERT_OK_AND_ASSIGN(uint64_t version, gate_->Rollback(0, kDecision));
  EXPECT_EQ(version, 1u);
  EXPECT_EQ(ServedVersion(), 1u);
  EXPECT_EQ(gate_->State().pinned, 1u);
  EXPECT_EQ(Reason(), "pinned");
  ExpectNothing();
  Restart();
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 1u) << "nothing is served again by itself";
  PublishOneMore();
  ExpectHeld(3, HoldReason::kPinned);
  EXPECT_THAT(gate_->Accept(3, kDecision), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(gate_->Unpin(kDecision), IsOk());
  Poll();
  EXPECT_EQ(ServedVersion(), 3u);
  EXPECT_THAT(gate_->Unpin(kDecision), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Audit(), ElementsAre("feed.rollback", "feed.unpin"));
}

TEST_F(FeedGateTest, RollbackToWhatIsNotKeptChangesNothing) {
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  ExpectTaken(1);
  EXPECT_THAT(gate_->Rollback(0, kDecision), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(gate_->Rollback(7, kDecision), HasCode(absl::StatusCode::kNotFound));
  EXPECT_EQ(gate_->State().pinned, 0u);
  EXPECT_THAT(Audit(), ElementsAre());
}

// An administrator who is told that it failed must not see it happen the next day.
TEST_F(FeedGateTest, RollbackThatFailsIsTakenBack) {
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  ExpectTaken(1);
  feed_.PublishSnapshot(Hosts(0, 11));
  feed_.HandOver();
  ExpectTaken(2);
  ASSERT_OK_AND_ASSIGN(std::vector<storage::ServedFeed> kept, store_->KeptVersions("threats"));
  const std::string pack = store_->PackPath(kept.back().packs.front());
  std::string bytes = *storage::ReadFile(pack, 1 << 20);
  bytes[bytes.size() / 2] ^= 1;
  fs::remove(pack);
  ASSERT_THAT(storage::WriteFileAtomically(pack, bytes), IsOk());
  EXPECT_THAT(gate_->Rollback(1, kDecision).status(),
              testing::IsRejectedFor(RejectReason::kPackRotten));
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_EQ(gate_->State().pinned, 0u);
  now_ += absl::Hours(1);
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_THAT(Audit(), ElementsAre("feed.rollback", "feed.rollback.failed"));
}

TEST_F(FeedGateTest, PinHoldsWhatFollows) {
  ServeTwoVersions();
  EXPECT_THAT(gate_->Pin(kDecision), IsOk());
  PublishOneMore();
  ExpectHeld(3, HoldReason::kPinned);
  PublishOneMore();
  ExpectHeld(4, HoldReason::kPinned);
  EXPECT_EQ(Pending().version, 4u) << "the newest waits";
  Restart();
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 2u);
  EXPECT_THAT(gate_->Unpin(kDecision), IsOk());
  Poll();
  EXPECT_EQ(ServedVersion(), 4u);
}

TEST_F(FeedGateTest, NothingThatServesCannotBePinned) {
  EXPECT_THAT(gate_->Pin(kDecision), HasCode(absl::StatusCode::kFailedPrecondition));
}

// The process ends after the audit trail has the decision, and before it takes effect.
TEST_F(FeedGateTest, DecisionsThatWereNotCarriedOutAreAtTheNextStart) {
  ServeTwoVersions();
  const storage::AuditEvent event = {
      .at = now_, .actor = "alice", .action = "feed.rollback", .detail = "threats"};
  ASSERT_THAT(store_->SetDirective("threats", {.pinned = 1}, event), IsOk());
  Restart();
  EXPECT_EQ(ServedVersion(), 2u);
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 1u);
  ASSERT_THAT(store_->SetDirective("threats", {}, event), IsOk());
  Reopen({.manual = true});
  ExpectNothing();
  EXPECT_EQ(Reason(), "manual");
  ASSERT_THAT(store_->SetDirective("threats", {.accepted = 2}, event), IsOk());
  Restart();
  ExpectNothing();
  EXPECT_EQ(ServedVersion(), 2u);
}

// What was rolled back from needs a new acceptance.
TEST_F(FeedGateTest, AcceptanceDoesNotOutliveARollback) {
  Reopen({.manual = true});
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  ExpectHeld(1, HoldReason::kManual);
  EXPECT_THAT(gate_->Accept(1, kDecision), IsOk());
  PublishOneMore();
  ExpectHeld(2, HoldReason::kManual);
  EXPECT_THAT(gate_->Accept(2, kDecision), IsOk());
  EXPECT_THAT(gate_->Rollback(1, kDecision).status(), IsOk());
  EXPECT_THAT(gate_->Unpin(kDecision), IsOk());
  Poll();
  EXPECT_EQ(ServedVersion(), 1u);
  EXPECT_EQ(Reason(), "manual");
}

TEST_F(FeedGateTest, EveryDecisionNamesActorAndReasonInTheTrail) {
  ServeTwoVersions();
  EXPECT_THAT(gate_->Rollback(1, {.actor = "bob", .reason = "false alarms"}).status(), IsOk());
  ASSERT_OK_AND_ASSIGN(auto trail, store_->ListAudit(1, 10));
  ASSERT_EQ(trail.size(), 1u);
  EXPECT_EQ(trail[0].actor, "bob");
  EXPECT_EQ(trail[0].detail, "threats from version 2 to 1: false alarms");
}

class ProtectedGateTest : public FeedGateTest {
 protected:
  ProtectedGateTest() {
    ProtectionConfig config;
    config.own_domains = {"bank.example", "branch.example", "shop.example"};
    uint64_t passed_over = 0;
    auto built = BuildProtectedObjects(config, &passed_over);
    EXPECT_THAT(built, IsOk());
    protection_ = *std::move(built);
    OpenUpdater();
  }
  uint64_t Masked() {
    if (gate_->MaskedCountIsDue()) gate_->CountMasked([] { return absl::OkStatus(); });
    return gate_->State().masked_records;
  }
};

TEST_F(ProtectedGateTest, ThreatsThatListProtectedObjectsAreCountedAndTheRestServes) {
  feed_.PublishSnapshot({Host("bank.example"), Host("shop.example", Verdict::kTrusted),
                         Host("branch.example", Verdict::kSuspicious), Host("evil.example")});
  feed_.HandOver();
  ExpectTaken(1);
  EXPECT_EQ(Masked(), 2u);
  EXPECT_THAT(gate_->State().masked_examples, Contains(HasSubstr("bank.example")));
  feed_.PublishDelta({Host("shop.example"), Host("worse.example")});
  feed_.HandOver();
  ExpectTaken(2);
  EXPECT_EQ(Masked(), 3u);
  feed_.PublishDelta({Host("harmless.example")});
  feed_.HandOver();
  ExpectTaken(3);
  EXPECT_FALSE(gate_->MaskedCountIsDue()) << "it touches nothing protected";
  EXPECT_EQ(Masked(), 3u);
  Restart();
  EXPECT_EQ(Masked(), 3u) << "counted anew";
  ASSERT_THAT(gate_->Rollback(1, kDecision).status(), IsOk());
  EXPECT_EQ(Masked(), 2u);
}

TEST_F(ProtectedGateTest, DryRunNamesProtectedObjects) {
  Reopen({.manual = true});
  feed_.PublishSnapshot({Host("evil.example")});
  feed_.HandOver();
  ExpectHeld(1, HoldReason::kManual);
  ASSERT_THAT(gate_->Accept(1, kDecision), IsOk());
  feed_.PublishDelta({Host("bank.example"), Host("shop.example", Verdict::kTrusted)});
  feed_.HandOver();
  ExpectHeld(2, HoldReason::kManual);
  EXPECT_EQ(Pending().changes.protected_listed, 1u);
  ASSERT_EQ(Pending().changes.Lines().size(), 3u);
  EXPECT_THAT(Pending().changes.Lines()[2], HasSubstr("1 lists a protected object"));
  EXPECT_THAT(Pending().changes.Lines()[2], HasSubstr("bank.example"));
}

// What administrators do and look at while versions come, from other threads.
TEST_F(FeedGateTest, DecisionsDuringImportsLeaveASoundState) {
  Reopen({.max_changed_share = 1});
  ServeTwoVersions();
  std::atomic<bool> done{false};
  std::thread decisions([this, &done] {
    while (!done) {
      if (!gate_->Rollback(0, kDecision).ok()) continue;
      EXPECT_THAT(gate_->Unpin(kDecision), IsOk());
    }
  });
  std::thread looks([this, &done] {
    while (!done) {
      const FeedUpdateState state = gate_->State();
      EXPECT_EQ(state.feed, "threats");
      EXPECT_FALSE(state.damaged);
    }
  });
  for (int i = 0; i < 20; ++i) {
    feed_.PublishDelta({Host(absl::StrCat("more", i, ".example"))});
    feed_.HandOver();
    const UpdateOutcome outcome = Poll();
    EXPECT_NE(outcome.kind, UpdateOutcome::Kind::kRefused) << outcome.status;
  }
  done = true;
  decisions.join();
  looks.join();
  Poll();
  Poll();
  EXPECT_EQ(ServedVersion(), feed_.version()) << "nothing holds it";
  EXPECT_THAT(store_->VerifyAudit(), IsOk());
}

// A comparison of whole snapshots takes minutes where there are many records.
TEST_F(FeedGateTest, AnEndingProcessWaitsForNoComparison) {
  ServeTwoVersions();
  feed_.PublishDelta(Hosts(100, 5000));
  feed_.HandOver();
  ASSERT_THAT(gate_->Pin(kDecision), IsOk());
  ExpectHeld(3, HoldReason::kPinned);
  feed_.PublishDelta(Hosts(5000, 5010));
  feed_.HandOver();
  gate_->Stop();
  ExpectNothing();
  EXPECT_THAT(gate_->Diff(3).status(), HasCode(absl::StatusCode::kAborted));
  Restart();
  ExpectHeld(4, HoldReason::kPinned);
}

TEST_F(FeedGateTest, KeysAreWhatIsCompared) {
  feed_.PublishSnapshot(Hosts(0, 10));
  feed_.HandOver();
  ExpectTaken(1);
  Reopen({.manual = true});
  feed_.PublishDelta({Host("h0.example", Verdict::kSuspicious)}, Keys(Hosts(1, 3)));
  feed_.HandOver();
  ExpectHeld(2, HoldReason::kManual);
  EXPECT_EQ(Pending().changes.changed, 1u);
  EXPECT_EQ(Pending().changes.removed, 2u);
  EXPECT_EQ(Pending().changes.added, 0u);
}

}  // namespace
}  // namespace cloister::server
