// The instruments themselves: what they show must be what is there.

#include <unistd.h>

#include <cmath>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/lookup_key.h"
#include "storage/pack/pack_reader.h"
#include "tests/bench/feed_builder.h"
#include "tests/bench/histogram.h"
#include "tests/bench/key_choice.h"
#include "tests/bench/lookup_cases.h"
#include "tests/bench/plots.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/report.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::bench {
namespace {

using testing::HasCode;
using testing::IsOk;

TEST(HistogramTest, PercentilesAreWithinOneInSixtyFour) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(0.99), 0u);
  for (uint64_t value = 1; value <= 100'000; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.count(), 100'000u);
  for (double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 1.0}) {
    const double exact = fraction * 100'000;
    const auto found = static_cast<double>(histogram.Percentile(fraction));
    EXPECT_GE(found, exact) << fraction;
    EXPECT_LE(found, exact * (1 + 1.0 / 64) + 1) << fraction;
  }
}

TEST(HistogramTest, SmallValuesAreExactAndHugeOnesStayInside) {
  Histogram histogram;
  for (uint64_t value : {0, 1, 2, 63, 64, 65}) histogram.Add(value);
  EXPECT_EQ(histogram.Percentile(0.5), 2u);
  EXPECT_EQ(histogram.Percentile(1), 65u);
  histogram.Add(~uint64_t{0});
  EXPECT_GT(histogram.Percentile(1), 1'000'000'000u);
}

TEST(HistogramTest, TakesInAnother) {
  Histogram low, high;
  for (int i = 0; i < 9; ++i) low.Add(10);
  high.Add(50);
  low.Add(high);
  EXPECT_EQ(low.count(), 10u);
  EXPECT_EQ(low.Percentile(0.9), 10u);
  EXPECT_EQ(low.Percentile(1), 50u);
}

TEST(DigestsTest, RiseAndDiffer) {
  const Digests digests(10'000, 7), others(10'000, 8);
  std::set<std::string> seen;
  std::string last;
  for (uint64_t i = 0; i < digests.count(); ++i) {
    const std::string hex = digests.At(i).ToHex();
    EXPECT_LT(last, hex) << i;
    EXPECT_TRUE(seen.insert(hex).second);
    EXPECT_TRUE(seen.insert(others.At(i).ToHex()).second);
    last = hex;
  }
  EXPECT_EQ(digests.At(5).ToHex(), Digests(10'000, 7).At(5).ToHex());
}

TEST(KeyChoiceTest, HitsAsOftenAsAskedAndTheSameEveryTime) {
  const Digests listed(1000, 1);
  std::set<std::string> known;
  for (uint64_t i = 0; i < listed.count(); ++i) known.insert(listed.At(i).ToHex());
  for (const Spreading spreading : {Spreading::kUniform, Spreading::kZipf}) {
    for (const double hit_rate : {0.0, 0.05, 0.5, 1.0}) {
      const KeyChoice choice({listed, hit_rate, spreading, 7}),
          again({listed, hit_rate, spreading, 7});
      int hits = 0;
      for (uint64_t i = 0; i < 10'000; ++i) {
        hits += static_cast<int>(known.count(choice.At(i).ToHex()));
        ASSERT_EQ(choice.At(i), again.At(i));
      }
      EXPECT_NEAR(hits / 10'000.0, hit_rate, 0.02) << SpreadingName(spreading);
    }
  }
}

TEST(ZipfRanksTest, RanksComeAsOftenAsTheirPower) {
  constexpr uint64_t kCount = 1000;
  constexpr int kDrawn = 200'000;
  const ZipfRanks ranks(kCount);
  std::vector<double> share(kCount + 1);
  for (int i = 0; i < kDrawn; ++i) {
    const uint64_t rank = ranks.At(3, static_cast<uint64_t>(i));
    ASSERT_GE(rank, 1u);
    ASSERT_LE(rank, kCount);
    share[rank] += 1.0 / kDrawn;
  }
  double sum = 0;
  for (uint64_t rank = 1; rank <= kCount; ++rank) sum += std::pow(rank, -0.99);
  for (const int rank : {1, 2, 3, 10}) {
    EXPECT_NEAR(share[rank], std::pow(rank, -0.99) / sum, 0.004) << rank;
  }
  EXPECT_EQ(ZipfRanks(1).At(3, 0), 1u);
}

TEST(LookupCasesTest, EveryKindIsThereWithItsGoals) {
  const auto goals = [](bool quick) {
    std::multiset<std::string> found;
    for (const LookupCase& each : LookupCases(quick)) {
      if (each.rate_at_least) {
        found.insert(absl::StrCat(TransportName(each.transport), " ", each.keys_per_request, " ",
                                  each.hit_rate, " ", *each.rate_at_least));
      }
    }
    return found;
  };
  EXPECT_EQ(LookupCases(false).size(), 26u);
  EXPECT_THAT(goals(false),
              ::testing::UnorderedElementsAre("TCP 1 0.05 0.9", "TCP 1 1 0.75", "mTLS 1 0.05 0.9",
                                              "unix socket 1 0.05 0.9", "TCP 100 0.05 0.3",
                                              "TCP 1000 0.05 0.15"));
  EXPECT_EQ(goals(true).count("mTLS 1 0.05 0.9"), 1u);
}

TEST(ReportTest, RunsAreComparedRoundByRound) {
  Row row{.name = "x", .unit = "s"};
  SetRuns({1, 20, 3}, {2, 10, 3}, &row);
  EXPECT_EQ(row.value, 3);
  EXPECT_EQ(row.floor, 3);
  EXPECT_EQ(row.ratio, 1);
  EXPECT_EQ(row.least, 0.5);
  EXPECT_EQ(row.most, 2);
}

TEST(ReportTest, TellsItsGoalsAndHowTheyFared) {
  Report report(5);
  Row row{.name = "rate", .unit = "k/s", .at_least = 0.9, .of = "Lookup"};
  SetRuns({8}, {10}, &row);
  report.Add(row);
  report.Add({.name = "size", .value = 3, .unit = "B", .at_most = 4});
  report.Add({.name = "for information", .value = 3, .unit = "B"});
  report.Describe("versions", {{"grpc", "1"}});
  EXPECT_THAT(
      report.ToMarkdown(),
      ::testing::AllOf(::testing::HasSubstr("| Lookup: rate | 8 k/s | 10 k/s | 0.80 | 0.80 to "
                                            "0.80 | >= 0.9 x | missed |"),
                       ::testing::HasSubstr("| size | 3 B | | | | <= 4 B | met |"),
                       ::testing::Not(::testing::HasSubstr("information"))));
  EXPECT_THAT(report.ToJson(), ::testing::AllOf(::testing::HasSubstr("\"grpc\": \"1\""),
                                                ::testing::HasSubstr("for information")));
}

TEST(PlotsTest, AreMadeOfWhatThereIs) {
  Report report(5);
  EXPECT_TRUE(MakePlots(report).empty());
  Row row{.name = "rate", .unit = "k/s", .at_least = 0.9};
  SetRuns({8}, {10}, &row);
  report.Add(row);
  report.AddPoint("Lookup", "echo", 5, 70);
  report.AddPoint("Lookup, open loop at 50 %", "echo", 2, 300);
  std::vector<std::string> names;
  for (const Plot& plot : MakePlots(report)) names.push_back(plot.name);
  EXPECT_THAT(names, ::testing::ElementsAre("ratios", "throughput", "latency"));
  EXPECT_THAT(MakePlots(report)[0].script, ::testing::HasSubstr("0.8 0 0.8 0.8"));
  const testing::TemporaryDirectory directory;
  EXPECT_THAT(WritePlots(report, directory.path()), IsOk());
  EXPECT_EQ(access((directory / "latency.gp").c_str(), R_OK), 0);
}

TEST(ReportTest, MedianExtremesAndGoals) {
  Row row{.name = "x", .value = 1, .unit = "s"};
  row.floor = 2;
  SetRatios({0.9, 0.5, 0.7}, &row);
  EXPECT_EQ(row.ratio, 0.7);
  EXPECT_EQ(row.least, 0.5);
  EXPECT_EQ(row.most, 0.9);
  SetRatios({1, 2}, &row);
  EXPECT_EQ(row.ratio, 1.5);
  row.at_least = 1.5;
  EXPECT_TRUE(row.Met());
  row.at_least = 1.6;
  EXPECT_FALSE(row.Met());
  row.floor.reset();
  row.at_least.reset();
  row.at_most = 1;
  EXPECT_TRUE(row.Met()) << "without a floor the value counts";
}

TEST(ReportTest, AFigureThatIsNoneFails) {
  EXPECT_THAT(Report(1).CheckFigures(), HasCode(absl::StatusCode::kFailedPrecondition));
  for (double value : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    Report report(1);
    report.Add({.name = "x", .value = value, .unit = "s"});
    EXPECT_THAT(report.CheckFigures(), HasCode(absl::StatusCode::kFailedPrecondition)) << value;
  }
  Report report(1);
  report.Add({.name = "x", .value = 1, .unit = "s"});
  EXPECT_THAT(report.CheckFigures(), IsOk());
}

TEST(ProcessUsageTest, CountsThisProcess) {
  ASSERT_OK_AND_ASSIGN(const double before, ProcessorSeconds(getpid()));
  ASSERT_OK_AND_ASSIGN(double after, ProcessorSeconds(getpid()));
  for (uint64_t i = 0; after <= before; ++i) {
    RandomAt(i, i);
    ASSERT_OK_AND_ASSIGN(after, ProcessorSeconds(getpid()));
  }
  ASSERT_OK_AND_ASSIGN(const uint64_t memory, AnonymousBytes(getpid()));
  EXPECT_GT(memory, 100'000u);
  EXPECT_THAT(ProcessorSeconds(-1), HasCode(absl::StatusCode::kNotFound));
}

TEST(FeedBuilderTest, PacksHoldWhatWasAdded) {
  const testing::TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(const auto feed,
                       FeedBuilder::Create(directory / "feed", directory / "spool", "bench"));
  const Digests digests(2000, 1);
  ASSERT_THAT(feed->AddSnapshot(digests), IsOk());
  ASSERT_THAT(feed->AddDelta(Digests(20, 2)), IsOk());
  ASSERT_THAT(feed->PrepareHandOver(), IsOk());
  ASSERT_THAT(feed->HandOver(), IsOk());
  EXPECT_EQ(access((directory / "spool/bench/00000000000000000002/metadata/timestamp.json").c_str(),
                   R_OK),
            0);
  EXPECT_EQ(feed->records(), 2020u);
  ASSERT_EQ(feed->PackPaths().size(), 2u);
  ASSERT_OK_AND_ASSIGN(const auto pack, storage::PackReader::Open(feed->PackPaths()[0], {}));
  ASSERT_OK_AND_ASSIGN(const auto summary, pack->Validate());
  EXPECT_EQ(summary.records, 2000u);
  EXPECT_EQ(summary.labels, kLabels);
}

}  // namespace
}  // namespace cloister::bench
