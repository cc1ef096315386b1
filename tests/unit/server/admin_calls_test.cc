// What the admin service needs besides gRPC: threads for long calls, and what feeds are told as.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/admin/feed_info.h"
#include "server/admin/long_calls.h"
#include "tests/support/status_matchers.h"

namespace cloister::server {
namespace {

using ::testing::ElementsAre;

TEST(LongCallsTest, WhatWaitsIsBoundedAndRunsBeforeTheEnd) {
  std::atomic<int> done{0};
  absl::Notification go;
  absl::Notification running;
  {
    LongCalls calls(1, 2);
    ASSERT_TRUE(calls.Run([&] {
      running.Notify();
      go.WaitForNotification();
      ++done;
    }));
    running.WaitForNotification();
    EXPECT_TRUE(calls.Run([&] { ++done; }));
    EXPECT_TRUE(calls.Run([&] { ++done; }));
    EXPECT_FALSE(calls.Run([&] { ++done; })) << "two wait already";
    go.Notify();
  }
  EXPECT_EQ(done, 3);
}

TEST(LongCallsTest, CallsRunSideBySide) {
  LongCalls calls(2, 2);
  absl::Notification first;
  absl::Notification second;
  ASSERT_TRUE(calls.Run([&] {
    first.Notify();
    second.WaitForNotification();
  }));
  ASSERT_TRUE(calls.Run([&] {
    first.WaitForNotification();
    second.Notify();
  }));
}

TEST(BusyNamesTest, ANameIsBusyUntilItIsLeft) {
  BusyNames names;
  EXPECT_TRUE(names.Enter("threats"));
  EXPECT_FALSE(names.Enter("threats"));
  EXPECT_TRUE(names.Enter("software"));
  names.Leave("threats");
  EXPECT_TRUE(names.Enter("threats"));
}

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class FeedInfoTest : public ::testing::Test {
 protected:
  FeedInfoTest() {
    served_.version = 3;
    served_.published = kNow - absl::Seconds(90);
    report_.expires = kNow + absl::Hours(1);
    config_.name = "threats";
  }
  static PendingVersion Waiting(HoldReason reason) {
    PendingVersion pending;
    pending.version = 4;
    pending.reason = reason;
    pending.taken = kNow;
    return pending;
  }
  v1::Feed Told() const {
    v1::Feed feed;
    SetFeed({.served = served_, .config = config_, .report = report_, .state = state_}, kNow,
            &feed);
    return feed;
  }

  storage::ServedFeed served_;
  FeedConfig config_;
  FeedReport report_;
  FeedUpdateState state_;
};

TEST_F(FeedInfoTest, TheGravestHealthIsTold) {
  EXPECT_EQ(Told().health(), v1::FEED_HEALTH_SERVING);
  state_.pending = Waiting(HoldReason::kManual);
  EXPECT_EQ(Told().health(), v1::FEED_HEALTH_HELD);
  report_.refusal = reputation::Rejected(reputation::RejectReason::kVersionGap, "no way");
  EXPECT_EQ(Told().health(), v1::FEED_HEALTH_UPDATE_REFUSED);
  report_.expires = kNow;
  EXPECT_EQ(Told().health(), v1::FEED_HEALTH_EXPIRED);
  state_.damaged = true;
  EXPECT_EQ(Told().health(), v1::FEED_HEALTH_DAMAGED);
  served_.version = 0;
  EXPECT_EQ(Told().health(), v1::FEED_HEALTH_EMPTY);
}

TEST_F(FeedInfoTest, WhatWaitsPinsAndMasksIsTold) {
  PendingVersion pending;
  pending.version = 4;
  pending.reason = HoldReason::kHoldOff;
  pending.taken = kNow;
  pending.serves_at = kNow + absl::Hours(2);
  pending.changes.records_before = 10;
  pending.changes.added = 2;
  pending.changes.transitions[{kNoRecord, reputation::Verdict::kMalicious}] = 2;
  pending.changes.transitions[{reputation::Verdict::kMalicious, kExclusion}] = 1;
  state_.pending = pending;
  state_.pinned = 3;
  state_.masked_records = 5;
  state_.masked_examples = {"empty file"};
  const v1::Feed feed = Told();
  EXPECT_EQ(feed.pending().version(), 4u);
  EXPECT_EQ(feed.pending().reason(), v1::HOLD_REASON_HOLD_OFF);
  EXPECT_EQ(feed.pending().serves_at().seconds(), absl::ToUnixSeconds(kNow) + 7200);
  ASSERT_EQ(feed.pending().changes().transitions_size(), 2);
  EXPECT_EQ(feed.pending().changes().transitions(1).before(), v1::VERDICT_MALICIOUS);
  EXPECT_EQ(feed.pending().changes().transitions(1).after(), v1::VERDICT_UNSPECIFIED);
  EXPECT_TRUE(feed.pending().changes().transitions(1).after_excluded());
  EXPECT_FALSE(feed.pending().changes().transitions(1).before_excluded());
  EXPECT_EQ(feed.pending().changes().transitions(0).before(), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(feed.pending().changes().transitions(0).after(), v1::VERDICT_MALICIOUS);
  EXPECT_THAT(feed.pending().changes().lines(),
              ElementsAre("1 MALICIOUS becomes EXCLUDED", "2 MALICIOUS added"));
  EXPECT_TRUE(feed.pending().changes().complete());
  EXPECT_EQ(feed.pinned_version(), 3u);
  EXPECT_EQ(feed.masked_records(), 5u);
  EXPECT_THAT(feed.masked_examples(), ElementsAre("empty file"));
  state_.pending->serves_at = absl::InfiniteFuture();
  EXPECT_FALSE(Told().pending().has_serves_at());
}

TEST_F(FeedInfoTest, EveryReasonToHoldHasAName) {
  for (const auto& [reason, told] : std::vector<std::pair<HoldReason, v1::HoldReason>>{
           {HoldReason::kManual, v1::HOLD_REASON_MANUAL},
           {HoldReason::kHoldOff, v1::HOLD_REASON_HOLD_OFF},
           {HoldReason::kPinned, v1::HOLD_REASON_PINNED},
           {HoldReason::kMassChange, v1::HOLD_REASON_MASS_CHANGE},
           {HoldReason::kRejected, v1::HOLD_REASON_REJECTED}}) {
    state_.pending = Waiting(reason);
    EXPECT_EQ(Told().pending().reason(), told);
  }
}

}  // namespace
}  // namespace cloister::server
