#include "server/updates/update_policy.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cloister::server {
namespace {

using reputation::Verdict;
using storage::FeedDirective;
using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

// `total` changes among `before` records.
ChangeSummary Changes(uint64_t before, uint64_t total) {
  ChangeSummary changes;
  changes.records_before = before;
  changes.changed = total;
  return changes;
}

ChangeSummary Incomplete() {
  ChangeSummary changes = Changes(1'000'000, 1);
  changes.complete = false;
  return changes;
}

struct DecisionRow {
  std::string name;
  UpdatePolicy policy;
  FeedDirective directive;
  ChangeSummary changes;
  absl::Duration known_for;  // since it was verified here; negative: the clock was set back
  HoldReason expected;
};

// Version 8 is offered.
const DecisionRow kDecisions[] = {
    {"ServesAtOnce", {}, {}, {}, {}, HoldReason::kNone},
    {"Manual", {.manual = true}, {}, {}, absl::Hours(100), HoldReason::kManual},
    {"ManualAccepted", {.manual = true}, {.accepted = 8}, {}, {}, HoldReason::kNone},
    {"AnotherIsAccepted", {.manual = true}, {.accepted = 7}, {}, {}, HoldReason::kManual},
    {"HoldOff", {.hold_off = absl::Hours(2)}, {}, {}, absl::Hours(1), HoldReason::kHoldOff},
    {"HoldOffIsOver", {.hold_off = absl::Hours(2)}, {}, {}, absl::Hours(2), HoldReason::kNone},
    {"ClockSetBackALittle",
     {.hold_off = absl::Hours(2)},
     {},
     {},
     -absl::Hours(1),
     HoldReason::kHoldOff},
    {"ClockSetBackFarDoesNotHoldForLong",
     {.hold_off = absl::Hours(2)},
     {},
     {},
     -absl::Hours(1000),
     HoldReason::kNone},
    {"HoldOffAccepted", {.hold_off = absl::Hours(2)}, {.accepted = 8}, {}, {}, HoldReason::kNone},
    {"Pinned", {}, {.pinned = 6}, {}, {}, HoldReason::kPinned},
    {"PinOutweighsAcceptance", {}, {.pinned = 6, .accepted = 8}, {}, {}, HoldReason::kPinned},
    {"PinnedToThisOne", {.manual = true}, {.pinned = 8, .rejected = 8}, {}, {}, HoldReason::kNone},
    {"Rejected", {}, {.rejected = 8}, {}, {}, HoldReason::kRejected},
    {"RejectionOutweighsAcceptance",
     {},
     {.accepted = 8, .rejected = 8},
     {},
     {},
     HoldReason::kRejected},
    {"WhatFollowsARejectedOneIsConsideredAnew", {}, {.rejected = 7}, {}, {}, HoldReason::kNone},
    {"MassChange", {}, {}, Changes(10'000, 3'001), {}, HoldReason::kMassChange},
    {"ShareThatIsAllowed", {}, {}, Changes(10'000, 3'000), {}, HoldReason::kNone},
    {"TooFewToHold", {}, {}, Changes(100, 999), {}, HoldReason::kNone},
    {"JustEnoughToHold", {}, {}, Changes(100, 1'000), {}, HoldReason::kMassChange},
    {"FirstImportIsExempt", {}, {}, Changes(0, 1'000'000), {}, HoldReason::kNone},
    {"NoLimit", {.max_changed_share = 1}, {}, Changes(1'000, 5'000), {}, HoldReason::kNone},
    {"MassChangeAccepted", {}, {.accepted = 8}, Changes(10'000, 9'000), {}, HoldReason::kNone},
    {"CountedInPartOnly", {}, {}, Incomplete(), {}, HoldReason::kMassChange},
    {"MassChangeOutweighsHoldOff",
     {.hold_off = absl::Hours(2)},
     {},
     Changes(10'000, 9'000),
     {},
     HoldReason::kMassChange},
};

class DecideTest : public ::testing::TestWithParam<DecisionRow> {};

TEST_P(DecideTest, Row) {
  const DecisionRow& row = GetParam();
  const HoldReason reason =
      Decide(row.policy, row.directive,
             {.version = 8, .taken = kNow - row.known_for, .changes = &row.changes}, kNow);
  EXPECT_EQ(HoldReasonName(reason), HoldReasonName(row.expected));
}

INSTANTIATE_TEST_SUITE_P(All, DecideTest, ::testing::ValuesIn(kDecisions),
                         [](const auto& row) { return row.param.name; });

TEST(HoldReasonTest, NamesAreDocumented) {
  EXPECT_EQ(HoldReasonName(HoldReason::kNone), "");
  EXPECT_EQ(HoldReasonName(HoldReason::kManual), "manual");
  EXPECT_EQ(HoldReasonName(HoldReason::kHoldOff), "hold_off");
  EXPECT_EQ(HoldReasonName(HoldReason::kPinned), "pinned");
  EXPECT_EQ(HoldReasonName(HoldReason::kMassChange), "mass_change");
  EXPECT_EQ(HoldReasonName(HoldReason::kRejected), "rejected");
}

TEST(ChangeSummaryTest, LinesTellTheGravestFirst) {
  ChangeSummary changes;
  changes.transitions = {
      {{Verdict::kTrusted, Verdict::kMalicious}, 3},
      {{Verdict::kKnown, Verdict::kSuspicious}, 1},
      {{Verdict::kMalicious, Verdict::kTrusted}, 2},
      {{Verdict::kMalicious, kNoRecord}, 5},
      {{Verdict::kMalicious, Verdict::kUnwanted}, 6},
      {{kNoRecord, Verdict::kMalicious}, 12},
      {{Verdict::kTrusted, Verdict::kKnown}, 7},
      {{Verdict::kTrusted, kNoRecord}, 8},
      {{kNoRecord, Verdict::kKnown}, 9},
  };
  changes.protected_listed = 7;
  changes.protected_examples = {"a", "b", "c", "d", "e", "f", "g"};
  changes.complete = false;
  EXPECT_THAT(changes.Lines(),
              ElementsAre("3 TRUSTED become MALICIOUS", "1 KNOWN becomes SUSPICIOUS",
                          "2 MALICIOUS become TRUSTED", "5 MALICIOUS removed",
                          "6 MALICIOUS become UNWANTED", "12 MALICIOUS added",
                          "7 TRUSTED become KNOWN", "8 TRUSTED removed", "9 KNOWN added",
                          "7 list a protected object and will be masked: a, b, c, d, e, …",
                          "and more: counting took too long and was ended"));
}

TEST(ChangeSummaryTest, NothingChangedIsNoLine) {
  EXPECT_THAT(ChangeSummary().Lines(), ElementsAre());
  EXPECT_EQ(ChangeSummary().share(), 0);
  EXPECT_DOUBLE_EQ(Changes(200, 50).share(), 0.25);
}

}  // namespace
}  // namespace cloister::server
