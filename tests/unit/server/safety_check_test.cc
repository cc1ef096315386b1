#include "server/updates/safety_check.h"

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/lookup_key.h"
#include "tests/support/status_matchers.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using reputation::LookupKey;
using reputation::Record;
using reputation::Verdict;
using storage::RecordChange;
using ::testing::ElementsAre;
using ::testing::Pair;

// One key and nothing else.
class OneProtected : public ProtectedObjects {
 public:
  explicit OneProtected(LookupKey key) : key_(key) {}
  std::optional<std::string> Protects(const LookupKey& key, reputation::Scope) const override {
    return key == key_ ? std::make_optional<std::string>("own domain bank.example") : std::nullopt;
  }
  std::optional<std::string> ProtectsAnswer(std::span<const LookupKey> keys, size_t index,
                                            reputation::Scope scope) const override {
    return Protects(keys[index], scope);
  }
  std::optional<std::string> ProtectsText(reputation::ObjectKind, absl::string_view,
                                          reputation::Scope) const override {
    return std::nullopt;
  }
  size_t size() const override { return 1; }

 private:
  LookupKey key_;
};

const LookupKey kBank = LookupKey::ForHost("bank.example");
const LookupKey kOther = LookupKey::ForHost("other.example");

std::optional<Record> With(Verdict verdict) {
  if (verdict == kNoRecord) return std::nullopt;
  if (verdict == kExclusion) return Record::Excluded(reputation::Scope::kSubtree);
  Record record;
  record.verdict = verdict;
  return record;
}

RecordChange Change(const LookupKey& key, Verdict before, Verdict after) {
  return {.key = key.bytes(), .before = With(before), .after = With(after)};
}

TEST(ChangeCounterTest, CountsByTransition) {
  ChangeCounter counter(nullptr, 100);
  counter.Count(Change(kOther, kNoRecord, Verdict::kMalicious));
  counter.Count(Change(kOther, Verdict::kMalicious, kNoRecord));
  counter.Count(Change(kOther, Verdict::kTrusted, Verdict::kMalicious));
  counter.Count(Change(kOther, Verdict::kTrusted, Verdict::kMalicious));
  counter.Count(Change(kOther, Verdict::kKnown, Verdict::kKnown));  // another field changed
  EXPECT_EQ(counter.summary().added, 1u);
  EXPECT_EQ(counter.summary().removed, 1u);
  EXPECT_EQ(counter.summary().changed, 2u);
  EXPECT_EQ(counter.summary().total(), 4u);
  EXPECT_DOUBLE_EQ(counter.summary().share(), 0.04);
  EXPECT_THAT(counter.summary().transitions,
              ElementsAre(Pair(Pair(kNoRecord, Verdict::kMalicious), 1u),
                          Pair(Pair(Verdict::kMalicious, kNoRecord), 1u),
                          Pair(Pair(Verdict::kTrusted, Verdict::kMalicious), 2u)));
}

TEST(ChangeCounterTest, ExclusionsAreARecordWithoutAVerdict) {
  ChangeCounter counter(nullptr, 100);
  counter.Count(Change(kOther, kNoRecord, kExclusion));
  counter.Count(Change(kOther, kExclusion, kNoRecord));
  counter.Count(Change(kOther, Verdict::kMalicious, kExclusion));
  counter.Count(Change(kOther, Verdict::kKnown, kExclusion));
  counter.Count(Change(kOther, kExclusion, kExclusion));  // another field changed
  EXPECT_EQ(counter.summary().added, 1u);
  EXPECT_EQ(counter.summary().removed, 1u);
  EXPECT_EQ(counter.summary().changed, 2u);
  EXPECT_THAT(counter.summary().Lines(),
              ElementsAre("1 MALICIOUS becomes EXCLUDED", "1 EXCLUDED added", "1 EXCLUDED removed",
                          "1 KNOWN becomes EXCLUDED"));
}

struct ProtectedRow {
  std::string name;
  LookupKey key;
  Verdict before;
  Verdict after;
  uint64_t listed;
  bool touched;
};

const ProtectedRow kProtectedRows[] = {
    {"ThreatComes", kBank, kNoRecord, Verdict::kMalicious, 1, true},
    {"ThreatWorsens", kBank, Verdict::kSuspicious, Verdict::kMalicious, 1, true},
    {"TrustTurnsIntoThreat", kBank, Verdict::kTrusted, Verdict::kUnwanted, 1, true},
    {"ThreatGoes", kBank, Verdict::kMalicious, kNoRecord, 0, true},
    {"ThreatTurnsIntoTrust", kBank, Verdict::kMalicious, Verdict::kTrusted, 0, true},
    {"TrustComes", kBank, kNoRecord, Verdict::kTrusted, 0, false},
    {"ExclusionComes", kBank, kNoRecord, kExclusion, 0, false},
    {"ThreatTurnsIntoExclusion", kBank, Verdict::kMalicious, kExclusion, 0, true},
    {"KnownGoes", kBank, Verdict::kKnown, kNoRecord, 0, false},
    {"ThreatOnAnother", kOther, kNoRecord, Verdict::kMalicious, 0, false},
};

class ProtectedChangeTest : public ::testing::TestWithParam<ProtectedRow> {};

TEST_P(ProtectedChangeTest, Row) {
  const OneProtected protection(kBank);
  ChangeCounter counter(&protection, 1);
  counter.Count(Change(GetParam().key, GetParam().before, GetParam().after));
  EXPECT_EQ(counter.summary().protected_listed, GetParam().listed);
  EXPECT_EQ(counter.touches_protected(), GetParam().touched);
}

INSTANTIATE_TEST_SUITE_P(All, ProtectedChangeTest, ::testing::ValuesIn(kProtectedRows),
                         [](const auto& row) { return row.param.name; });

// What is protected only from records that reach down.
class ProtectedSubtree : public OneProtected {
 public:
  using OneProtected::OneProtected;
  std::optional<std::string> Protects(const LookupKey& key,
                                      reputation::Scope scope) const override {
    if (scope != reputation::Scope::kSubtree) return std::nullopt;
    return OneProtected::Protects(key, scope);
  }
};

TEST(ChangeCounterTest, RecordThatReachesFartherComesToListAProtectedObject) {
  const ProtectedSubtree protection(kBank);
  ChangeCounter counter(&protection, 1);
  RecordChange change = Change(kBank, Verdict::kMalicious, Verdict::kMalicious);
  counter.Count(change);
  EXPECT_FALSE(counter.touches_protected());
  change.after->scope = reputation::Scope::kSubtree;
  counter.Count(change);
  EXPECT_TRUE(counter.touches_protected());
  EXPECT_EQ(counter.summary().protected_listed, 1u);
  EXPECT_EQ(counter.summary().total(), 0u) << "the verdict is the same";
}

TEST(ChangeCounterTest, KeepsTwentyExamples) {
  const OneProtected protection(kBank);
  ChangeCounter counter(&protection, 1);
  for (int i = 0; i < 50; ++i) counter.Count(Change(kBank, kNoRecord, Verdict::kMalicious));
  EXPECT_EQ(counter.summary().protected_listed, 50u);
  EXPECT_EQ(counter.summary().protected_examples.size(), 20u);
}

// A comparison that finds `changes` changes.
Comparison Finding(int changes) {
  return [changes](const storage::RecordChangeVisitor& visit) {
    for (int i = 0; i < changes; ++i) {
      absl::Status status = visit(Change(kOther, kNoRecord, Verdict::kMalicious));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  };
}

TEST(SafetyCheckTest, OneThatTakesTooLongTellsThatThereIsMore) {
  absl::Time now = absl::UnixEpoch();
  const SafetyCheckOptions options = {.clock = [&now] { return now += absl::Seconds(1); },
                                      .longest = absl::Seconds(10)};
  ASSERT_OK_AND_ASSIGN(SafetyCheckResult whole, RunSafetyCheck(Finding(10'000), 7, options));
  EXPECT_TRUE(whole.changes.complete);
  EXPECT_EQ(whole.changes.added, 10'000u);
  EXPECT_EQ(whole.changes.records_before, 7u);
  ASSERT_OK_AND_ASSIGN(SafetyCheckResult cut, RunSafetyCheck(Finding(1'000'000), 7, options));
  EXPECT_FALSE(cut.changes.complete);
  EXPECT_GT(cut.changes.added, 0u);
  EXPECT_LT(cut.changes.added, 100'000u);
}

TEST(SafetyCheckTest, GivesWayToDecisions) {
  const std::atomic<int> waiting{1};
  const SafetyCheckOptions options = {.clock = [] { return absl::UnixEpoch(); },
                                      .interrupted = &waiting};
  EXPECT_THAT(RunSafetyCheck(Finding(1'000'000), 7, options), HasCode(absl::StatusCode::kAborted));
}

TEST(SafetyCheckTest, ErrorsOfTheComparisonPassThrough) {
  const SafetyCheckOptions options = {.clock = [] { return absl::UnixEpoch(); }};
  const auto broken = [](const storage::RecordChangeVisitor&) {
    return absl::DataLossError("unreadable");
  };
  EXPECT_THAT(RunSafetyCheck(broken, 7, options), HasCode(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace cloister::server
