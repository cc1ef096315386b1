// Driving load: what is counted is what was answered, over every transport, by every contender.

#include <unistd.h>

#include <set>

#include "cloister/v1/reputation.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/bench/echo_server.h"
#include "tests/bench/feed_builder.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/multi_get_floor.h"
#include "tests/bench/redis_peer.h"
#include "tests/bench/turns.h"
#include "tests/bench/workloads.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::bench {
namespace {

using testing::HasCode;
using testing::IsOk;

LoadOptions ShortLoad() {
  LoadOptions load;
  load.warm_up = absl::Milliseconds(10);
  load.duration = absl::Milliseconds(100);
  return load;
}

KeyChoice Choice(double hit_rate) {
  return KeyChoice({Digests(2000, 1), hit_rate, Spreading::kUniform, 7});
}

Workload Unary() { return MakeWorkload(Choice(1), {.keys = 100}); }

std::string Listed() {
  v1::LookupResponse answer;
  answer.set_status(v1::ANSWER_STATUS_LISTED);
  return answer.SerializeAsString();
}

EchoServer::Options OneAnswer(const std::string& answer, const Workload& workload) {
  EchoServer::Options options;
  options.threads = 1;
  options.answers = {answer};
  options.batch = workload.method == kBatchLookupMethod;
  return options;
}

// Drives an echo of `answer` with `workload` for a moment.
absl::StatusOr<LoadResult> DriveEcho(const std::string& answer, const Workload& workload) {
  const auto echo = EchoServer::Start(OneAnswer(answer, workload));
  if (!echo.ok()) return echo.status();
  LoadOptions load = ShortLoad();
  load.target.address = (*echo)->address();
  return DriveLoad(load, workload);
}

TEST(LoadDriverTest, CountsWhatTheEchoAnswers) {
  const Workload workload = Unary();
  ASSERT_OK_AND_ASSIGN(const LoadResult result, DriveEcho(Listed(), workload));
  EXPECT_GT(result.calls, 0u);
  EXPECT_EQ(result.latency.count(), result.calls);
  EXPECT_GT(result.seconds, 0);
  EXPECT_LT(result.seconds, 10);
  EXPECT_GT(result.client_cpu_s, 0);
  EXPECT_EQ(result.server_cpu_s, 0) << "no process of its own";
  ASSERT_OK_AND_ASSIGN(const double hit_rate, HitRate(workload, result.answers));
  EXPECT_EQ(hit_rate, 1);
}

TEST(LoadDriverTest, CountsBatches) {
  v1::BatchLookupResponse answer;
  answer.set_statuses(std::string{v1::ANSWER_STATUS_LISTED, v1::ANSWER_STATUS_NOT_LISTED});
  const Workload workload =
      MakeWorkload(Choice(0.5), {.keys = 100, .keys_per_request = 2, .outstanding = 4});
  ASSERT_OK_AND_ASSIGN(const LoadResult result, DriveEcho(answer.SerializeAsString(), workload));
  ASSERT_OK_AND_ASSIGN(const double hit_rate, HitRate(workload, result.answers));
  EXPECT_EQ(hit_rate, 0.5);
  EXPECT_THAT(CheckHitRate(workload, hit_rate), IsOk());
  EXPECT_THAT(CheckHitRate(workload, 0.7), HasCode(absl::StatusCode::kInternal));
}

TEST(LoadDriverTest, AnErrorEndsTheRun) {
  // A method that the echo does not answer.
  Workload workload = Unary();
  workload.method = "/cloister.v1.ReputationService/Absent";
  EXPECT_THAT(DriveEcho("", workload), HasCode(absl::StatusCode::kUnimplemented));
}

TEST(LoadDriverTest, ReachesAServerOverEveryTransport) {
  const testing::TemporaryDirectory directory;
  const Workload workload = Unary();
  const TlsFiles tls = MakeTlsFiles(directory.path());
  for (const Transport transport : {Transport::kTcp, Transport::kMutualTls, Transport::kUnix}) {
    EchoServer::Options options = OneAnswer(Listed(), workload);
    if (transport == Transport::kUnix) options.address = "unix:" + (directory / "echo");
    if (transport == Transport::kMutualTls) options.tls = tls;
    ASSERT_OK_AND_ASSIGN(const auto echo, EchoServer::Start(options));
    LoadOptions load = ShortLoad();
    load.target = {.address = echo->address(), .tls = options.tls};
    ASSERT_OK_AND_ASSIGN(const LoadResult result, DriveLoad(load, workload));
    EXPECT_GT(result.calls, 0u) << TransportName(transport);
    if (transport != Transport::kMutualTls) continue;
    load.target.tls.reset();
    EXPECT_FALSE(DriveLoad(load, workload).ok()) << "plaintext to a server that wants TLS";
  }
}

TEST(OpenLoopTest, SendsByItsScheduleAndCountsFromIt) {
  const Workload workload = Unary();
  ASSERT_OK_AND_ASSIGN(const auto echo, EchoServer::Start(OneAnswer(Listed(), workload)));
  LoadOptions load = ShortLoad();
  load.target.address = echo->address();
  ASSERT_OK_AND_ASSIGN(const LoadResult result, DriveAtRate(load, workload, 1000));
  EXPECT_EQ(result.calls, 100u) << "no more and no fewer than were scheduled";
  EXPECT_EQ(result.latency.count(), 100u);
  EXPECT_EQ(result.lateness.count(), 100u);
  EXPECT_GE(result.seconds, 0.098);
  EXPECT_THAT(DriveAtRate(load, workload, 0), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DriveAtRate(load, workload, 1), HasCode(absl::StatusCode::kInvalidArgument));
}

// A closed loop would send fewer calls and call them fast.
TEST(OpenLoopTest, WhatCannotBeSentInTimeCountsAsLate) {
  const Workload workload = Unary();
  ASSERT_OK_AND_ASSIGN(const auto echo, EchoServer::Start(OneAnswer(Listed(), workload)));
  LoadOptions load = ShortLoad();
  load.warm_up = absl::ZeroDuration();
  load.target.address = echo->address();
  load.duration = absl::Milliseconds(20);
  // More than any machine does: the last of 20 ms are sent long after they were due.
  ASSERT_OK_AND_ASSIGN(const LoadResult result, DriveAtRate(load, workload, 1e6));
  EXPECT_EQ(result.calls, 20'000u);
  EXPECT_GT(result.seconds, 0.03);
  EXPECT_GT(static_cast<double>(result.latency.Percentile(1)) / 1e6, result.seconds - 0.021);
}

TEST(OpenLoopTest, AnErrorEndsTheRun) {
  Workload workload = Unary();
  ASSERT_OK_AND_ASSIGN(const auto echo, EchoServer::Start(OneAnswer(Listed(), workload)));
  workload.method = "/cloister.v1.ReputationService/Absent";
  LoadOptions load = ShortLoad();
  load.target.address = echo->address();
  EXPECT_THAT(DriveAtRate(load, workload, 1000), HasCode(absl::StatusCode::kUnimplemented));
}

TEST(TurnsTest, EveryRoundHasOneRunOfEachInTurnedOrder) {
  std::string order;
  std::set<uint64_t> starts;
  const auto contender = [&](const std::string& name) {
    return Contender{name, [&order, &starts, name](const LoadOptions& options) {
                       order += name;
                       starts.insert(options.first_request);
                       LoadResult result;
                       result.calls = order.size();
                       return absl::StatusOr<LoadResult>(result);
                     }};
  };
  ASSERT_OK_AND_ASSIGN(const auto runs,
                       RunByTurns({contender("a"), contender("b")}, {.rounds = 3}));
  EXPECT_EQ(order, "abbaab");
  EXPECT_EQ(starts.size(), 3u) << "both start alike in a round, and elsewhere in the next";
  const auto calls = [](const LoadResult& run) { return static_cast<double>(run.calls); };
  EXPECT_THAT(Figures(runs[0], calls), ::testing::ElementsAre(1, 4, 5));
  EXPECT_THAT(Figures(runs[1], calls), ::testing::ElementsAre(2, 3, 6));
}

TEST(TurnsTest, AnErrorNamesWhoseItIs) {
  const Contender broken{"Redis", [](const LoadOptions&) -> absl::StatusOr<LoadResult> {
                           return absl::UnavailableError("gone");
                         }};
  const auto runs = RunByTurns({broken}, {.rounds = 3});
  EXPECT_THAT(runs, HasCode(absl::StatusCode::kUnavailable));
  EXPECT_EQ(runs.status().message(), "Redis: gone");
}

TEST(WorkloadTest, AnswersThatDoNotFitAreAnError) {
  const Workload workload =
      MakeWorkload(Choice(0.5), {.keys = 99, .keys_per_request = 3, .outstanding = 4});
  v1::BatchLookupResponse two;
  two.set_statuses(std::string{v1::ANSWER_STATUS_LISTED, v1::ANSWER_STATUS_NOT_LISTED});
  EXPECT_THAT(HitRate(workload, {two.SerializeAsString()}), HasCode(absl::StatusCode::kInternal));
  EXPECT_THAT(HitRate(workload, {}), HasCode(absl::StatusCode::kInternal));
  EXPECT_THAT(HitRate(workload, {"\xff"}), HasCode(absl::StatusCode::kInternal));
}

constexpr WorkloadSize kBatches = {.keys = 10'000, .keys_per_request = 100, .outstanding = 4};

TEST(RedisPeerTest, HoldsTheKeysAndNoOthers) {
  const auto redis = RedisPeer::Start();
  if (absl::IsNotFound(redis.status())) GTEST_SKIP() << "no redis-server here";
  ASSERT_THAT(redis, IsOk());
  ASSERT_THAT((*redis)->Fill(Digests(2000, 1)), IsOk());
  ASSERT_OK_AND_ASSIGN(const uint64_t bytes, (*redis)->ResidentBytes());
  EXPECT_GT(bytes, 100'000u);
  ASSERT_OK_AND_ASSIGN(const LoadResult result,
                       (*redis)->Drive(ShortLoad(), MakeRedisWorkload(Choice(0.5), kBatches)));
  EXPECT_GT(result.calls, 0u);
  EXPECT_EQ(result.latency.count(), result.calls);
  EXPECT_GT(result.server_cpu_s, 0);
  RedisWorkload other = MakeRedisWorkload(Choice(0.5), kBatches);
  other.hit_rate = 1;
  EXPECT_THAT((*redis)->Drive(ShortLoad(), other), HasCode(absl::StatusCode::kInternal));
}

TEST(MultiGetFloorTest, FindsWhatThePacksHold) {
  const testing::TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(const auto feed,
                       FeedBuilder::Create(directory / "feed", directory / "spool", "bench"));
  ASSERT_THAT(feed->AddSnapshot(Digests(2000, 1)), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto floor,
                       MultiGetFloor::Open(directory / "floor", feed->PackPaths()));
  EXPECT_EQ(access(feed->PackPaths()[0].c_str(), R_OK), 0) << "the packs stay where they are";
  MultiGetWorkload workload = MakeMultiGetWorkload(Choice(0.5), kBatches);
  ASSERT_OK_AND_ASSIGN(const LoadResult result, floor->Drive(ShortLoad(), workload));
  EXPECT_GT(result.calls, 0u);
  EXPECT_GT(result.client_cpu_s, 0);
  workload.hit_rate = 1;
  EXPECT_THAT(floor->Drive(ShortLoad(), workload), HasCode(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace cloister::bench
