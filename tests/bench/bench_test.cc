// The instruments themselves: what they show must be what is there.

#include <unistd.h>

#include <cmath>
#include <set>

#include "cloister/v1/reputation.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/lookup_key.h"
#include "storage/pack/pack_reader.h"
#include "tests/bench/echo_server.h"
#include "tests/bench/feed_builder.h"
#include "tests/bench/histogram.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/report.h"
#include "tests/bench/workloads.h"
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

// Drives an echo of `answer` with `workload` for a moment.
absl::StatusOr<LoadResult> DriveEcho(const std::string& answer, const Workload& workload) {
  EchoServer::Options options;
  options.threads = 1;
  options.answers = {answer};
  options.batch = workload.method == kBatchLookupMethod;
  auto echo = EchoServer::Start(options);
  if (!echo.ok()) return echo.status();
  LoadOptions load;
  load.address = (*echo)->address();
  load.warm_up = absl::Milliseconds(10);
  load.duration = absl::Milliseconds(100);
  return DriveLoad(load, workload);
}

TEST(LoadDriverTest, CountsWhatTheEchoAnswers) {
  v1::LookupResponse answer;
  answer.set_status(v1::ANSWER_STATUS_LISTED);
  const Workload workload = UnaryWorkload(Digests(100, 1), 1);
  ASSERT_OK_AND_ASSIGN(const LoadResult result, DriveEcho(answer.SerializeAsString(), workload));
  EXPECT_GT(result.calls, 0u);
  EXPECT_EQ(result.latency.count(), result.calls);
  EXPECT_GT(result.seconds, 0);
  EXPECT_LT(result.seconds, 10);
  ASSERT_OK_AND_ASSIGN(const double hit_rate, HitRate(workload, result.answers));
  EXPECT_EQ(hit_rate, 1);
}

TEST(LoadDriverTest, CountsBatches) {
  v1::BatchLookupResponse answer;
  answer.set_statuses(std::string{v1::ANSWER_STATUS_LISTED, v1::ANSWER_STATUS_NOT_LISTED});
  const Workload workload = BatchWorkload(Digests(100, 1), 0.5, 2, 4);
  ASSERT_OK_AND_ASSIGN(const LoadResult result, DriveEcho(answer.SerializeAsString(), workload));
  ASSERT_OK_AND_ASSIGN(const double hit_rate, HitRate(workload, result.answers));
  EXPECT_EQ(hit_rate, 0.5);
}

TEST(LoadDriverTest, AnErrorEndsTheRun) {
  // A method that the echo does not answer.
  Workload workload = UnaryWorkload(Digests(100, 1), 1);
  workload.method = "/cloister.v1.ReputationService/Absent";
  EXPECT_THAT(DriveEcho("", workload), HasCode(absl::StatusCode::kUnimplemented));
}

TEST(WorkloadTest, AnswersThatDoNotFitAreAnError) {
  const Workload workload = BatchWorkload(Digests(100, 1), 0.5, 3, 4);
  v1::BatchLookupResponse two;
  two.set_statuses(std::string{v1::ANSWER_STATUS_LISTED, v1::ANSWER_STATUS_NOT_LISTED});
  EXPECT_THAT(HitRate(workload, {two.SerializeAsString()}), HasCode(absl::StatusCode::kInternal));
  EXPECT_THAT(HitRate(workload, {}), HasCode(absl::StatusCode::kInternal));
  EXPECT_THAT(HitRate(workload, {"\xff"}), HasCode(absl::StatusCode::kInternal));
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
