// The small parts of cloister-sync: pace, status file, log lines, stopping.

#include <sys/stat.h>

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/worker/feed_runner.h"
#include "sync/worker/log.h"
#include "sync/worker/schedule.h"
#include "sync/worker/status_board.h"
#include "sync/worker/status_file.h"
#include "sync/worker/status_text.h"
#include "sync/worker/stop_flag.h"
#include "sync/worker/worker.h"
#include "tests/support/repository_simulator.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::worker {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;

struct PaceCase {
  int interval_s;
  int minimum_s;
  uint32_t failures;
  double jitter;
  int expected_s;
  int retry_after_s = 0;
};

TEST(ScheduleTest, KeepsThePace) {
  const PaceCase cases[] = {
      {300, 0, 0, 0, 300},
      {300, 0, 0, 1, 330},      // never sooner than configured
      {300, 900, 0, 0, 900},    // the feed asks for longer
      {1800, 900, 0, 0, 1800},  // the operator does
      {300, 0, 1, 1, 15},       // the first failure is tried again soon
      {300, 0, 2, 1, 30},       // then doubling
      {300, 0, 5, 1, 240},
      {300, 0, 5, 0, 120},      // from half of it
      {300, 0, 100, 1, 3600},   // bounded, whatever the number
      {7200, 0, 100, 1, 7200},  // and never longer than the interval, if that is longer
      {300, 0, UINT32_MAX, 0, 1800},
      {300, 900, 1, 0, 900},        // the feed's minimum holds after failures, too
      {300, 0, 1, 1, 660, 600},     // what the server said is waited for
      {300, 0, 0, 0, 600, 600},     // also where another mirror served
      {300, 0, 100, 1, 3600, 600},  // and never shortens the wait
  };
  for (const PaceCase& c : cases) {
    EXPECT_EQ(NextDelay({absl::Seconds(c.interval_s), absl::Seconds(c.minimum_s), c.failures,
                         absl::Seconds(c.retry_after_s)},
                        c.jitter),
              absl::Seconds(c.expected_s))
        << c.interval_s << " " << c.minimum_s << " " << c.failures << " " << c.jitter;
  }
}

TEST(StatusFileTest, TellsWhatIsKnown) {
  FeedStatus fresh;
  fresh.feed = "software";
  FeedStatus failing;
  failing.feed = "threats";
  failing.last_result.emplace();
  failing.last_result->outcome = CycleResult::Outcome::kHandedOver;
  failing.last_result->version = 7;
  failing.last_result->timestamp_version = 12;
  failing.last_result->issued = absl::FromUnixSeconds(1'000'000'000);
  failing.last_success = absl::FromUnixSeconds(1'000'000'060);
  failing.last_error =
      reputation::Rejected(reputation::RejectReason::kTargetMissing, "not there: \xff");
  failing.last_error_time = absl::FromUnixSeconds(1'000'000'120);
  failing.failures = 2;
  failing.next_try = absl::FromUnixSeconds(1'000'000'150);

  testing::TemporaryDirectory directory;
  ASSERT_THAT(WriteStatusFile(directory / "status.json", {fresh, failing}), IsOk());
  const auto json = nlohmann::json::parse(*storage::ReadFile(directory / "status.json", 10'000));
  ASSERT_EQ(json["feeds"].size(), 2u);
  EXPECT_EQ(json["feeds"][0]["feed"], "software");
  EXPECT_TRUE(json["feeds"][0]["version"].is_null());
  EXPECT_TRUE(json["feeds"][0]["last_success"].is_null());
  EXPECT_TRUE(json["feeds"][0]["last_error"].is_null());
  const auto& second = json["feeds"][1];
  EXPECT_EQ(second["version"], 7);
  EXPECT_EQ(second["timestamp_version"], 12);
  EXPECT_EQ(second["issued"], "2001-09-09T01:46:40Z");
  EXPECT_EQ(second["outcome"], "handed_over");
  EXPECT_EQ(second["last_success"], "2001-09-09T01:47:40Z");
  EXPECT_EQ(second["failures"], 2);
  EXPECT_EQ(second["next_try"], "2001-09-09T01:49:10Z");
  EXPECT_EQ(second["last_error"]["reason"], "target_missing");
}

TEST(StatusFileTest, IsReadAsItWasWritten) {
  FeedStatus status;
  status.feed = "threats";
  status.last_result.emplace();
  status.last_result->outcome = CycleResult::Outcome::kRefreshed;
  status.last_result->version = 7;
  status.last_result->timestamp_version = 12;
  status.last_result->issued = absl::FromUnixSeconds(1'000'000'000);
  status.last_result->expired = true;
  status.last_result->bytes_fetched = 99;
  status.source = "https://feeds.example/";
  status.last_success = absl::FromUnixSeconds(1'000'000'060);
  status.last_error = absl::UnavailableError("gone");
  status.last_error_time = absl::FromUnixSeconds(1'000'000'120);
  status.failures = 2;
  status.next_try = absl::FromUnixSeconds(1'000'000'150);
  status.sources.push_back(
      {"https://feeds.example/", 3,
       reputation::Rejected(reputation::RejectReason::kMetadataRollback, "older"),
       absl::FromUnixSeconds(1'000'000'200)});
  testing::TemporaryDirectory directory;
  const std::string path = directory / "status.json";
  EXPECT_THAT(ReadStatusFile(path), HasCode(absl::StatusCode::kNotFound));
  ASSERT_THAT(WriteStatusFile(path, {status, FeedStatus()}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto read, ReadStatusFile(path));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(FormatStatus(read), FormatStatus({status, FeedStatus()}));
  EXPECT_FALSE(AllWell(read));
}

TEST(StatusFileTest, WhateverElseIsThereIsToldOrPassedOver) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "status.json";
  for (const char* text : {"", "no JSON", "[]", "7", "{\"x\": 1}"}) {
    ASSERT_THAT(storage::WriteFileAtomically(path, text), IsOk());
    EXPECT_THAT(ReadStatusFile(path), HasCode(absl::StatusCode::kDataLoss)) << text;
  }
  for (const char* text :
       {"{\"feeds\": 7}", "{\"feeds\": [7, null, [], {}, \"x\"]}",
        "{\"feeds\": [{\"feed\": 7, \"version\": \"x\", \"failures\": -1, \"sources\": [1, {}],"
        " \"last_error\": 7, \"issued\": \"soon\"}]}"}) {
    ASSERT_THAT(storage::WriteFileAtomically(path, text), IsOk());
    EXPECT_THAT(ReadStatusFile(path), IsOk()) << text;
  }
}

class StatusBoardTest : public ::testing::Test {
 protected:
  StatusBoardTest() {
    configuration_.state_directory = directory_.path();
    for (const char* name : {"software", "threats"}) {
      configuration_.feeds.emplace_back().name = name;
    }
  }

  testing::TemporaryDirectory directory_;
  Configuration configuration_;
};

TEST_F(StatusBoardTest, KnowsAfterARestartWhatWasKnown) {
  FeedStatus status;
  status.feed = "threats";
  status.failures = 3;
  StatusBoard(configuration_).Update(1, status);
  const StatusBoard board(configuration_);
  EXPECT_EQ(board.Get(0).feed, "software");
  EXPECT_EQ(board.Get(1).failures, 3u);
}

TEST_F(StatusBoardTest, TellsWhatABundleBrought) {
  const absl::Time now = absl::FromUnixSeconds(1'900'000'000);
  testing::RepositorySimulator repository(now);
  repository.timestamp["x-issued"] = "2030-01-02T03:04:05Z";
  ASSERT_THAT(storage::MakeDirectories(directory_ / "threats/trust"), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(directory_ / "threats/trust/timestamp.json",
                                           repository.Bytes(trust::Role::kTimestamp)),
              IsOk());
  StatusBoard board(configuration_);
  trust::BundleImport import;
  import.bundle = "usb.bundle";
  import.finished = now;
  import.feeds = {{"threats", "imported", 7, true, "", ""},
                  { "unknown",
                    "imported",
                    8,
                    false,
                    "",
                    "" }};
  board.Imported(import);
  const FeedStatus taken = board.Get(1);
  EXPECT_EQ(taken.last_result->version, 7u);
  EXPECT_TRUE(taken.last_result->expired);
  EXPECT_EQ(absl::FormatTime(taken.last_result->issued, absl::UTCTimeZone()),
            "2030-01-02T03:04:05+00:00");
  EXPECT_EQ(taken.source, "bundle usb.bundle");
  EXPECT_EQ(taken.last_success, now);
  EXPECT_FALSE(board.Get(0).last_result.has_value());
  // A run that was under way meanwhile, and failed, knows nothing of it.
  FeedStatus failed;
  failed.feed = "threats";
  failed.failures = 1;
  board.Update(1, failed);
  EXPECT_EQ(board.Get(1).failures, 1u);
  EXPECT_EQ(board.Get(1).last_result->version, 7u);
  import.feeds = {{ "threats", "refused", 0, false, "metadata_rollback", "" }};
  board.Imported(import);
  EXPECT_EQ(board.Get(1).last_result->version, 7u);
  EXPECT_THAT(std::string(board.Get(1).last_error.message()),
              ::testing::HasSubstr("bundle usb.bundle: metadata_rollback"));
}

TEST_F(StatusBoardTest, AFeedOfBundlesAloneFailsFromItsRotToItsMend) {
  const absl::Time now = absl::FromUnixSeconds(1'900'000'000);
  StatusBoard board(configuration_);
  board.Scrubbed("threats", absl::OkStatus(), now);
  EXPECT_THAT(board.Get(1).last_error, IsOk());
  const absl::Status rotten =
      reputation::Rejected(reputation::RejectReason::kPackRotten, "look at the disk");
  board.Scrubbed("threats", rotten, now);
  EXPECT_EQ(board.Get(0).failures, 0u);
  EXPECT_EQ(board.Get(1).failures, 1u);
  EXPECT_EQ(ErrorReason(StatusBoard(configuration_).Get(1).last_error), "pack_rotten");
  trust::BundleImport import;
  import.bundle = "usb.bundle";
  import.finished = now;
  import.feeds = {{ "threats", "imported", 7, false, "", "" }};
  board.Imported(import);
  EXPECT_EQ(board.Get(1).failures, 0u);
  board.Scrubbed("threats", rotten, now);
  board.Scrubbed("threats", absl::OkStatus(), now);
  EXPECT_EQ(board.Get(1).failures, 0u);
}

TEST(StatusTextTest, SaysHowOldAndWhatIsWrong) {
  const absl::Time now = absl::FromUnixSeconds(1'000'000'000);
  FeedStatus status;
  status.feed = "threats";
  status.last_result.emplace();
  status.last_result->version = 7;
  status.last_result->issued = now - absl::Hours(30);
  status.last_success = now - absl::Minutes(5);
  status.source = "https://a/";
  status.next_try = now + absl::Seconds(90);
  EXPECT_TRUE(AllWell({status}));
  EXPECT_EQ(FormatStatusText({status}, now),
            "threats: version 7, issued 30 h ago, from https://a/\n"
            "  last success 5 min ago, next try in 90 s\n");
  status.last_result->expired = true;
  status.failures = 1;
  status.last_error = absl::UnavailableError("\x1b[31mred\n");
  status.last_error_time = now - absl::Hours(72);
  status.next_try = now;
  EXPECT_FALSE(AllWell({status}));
  EXPECT_EQ(FormatStatusText({status}, now),
            "threats: version 7, issued 30 h ago, EXPIRED, from https://a/\n"
            "  last success 5 min ago, next try due\n"
            "  FAILING (3 days ago): unavailable: \\x1b[31mred\\n\n");
}

TEST(StatusFileTest, ErrorsWithoutAReasonHaveTheirCode) {
  EXPECT_EQ(ErrorReason(absl::UnavailableError("x")), "unavailable");
  EXPECT_EQ(ErrorReason(reputation::Rejected(reputation::RejectReason::kNoSpace, "x")), "no_space");
}

TEST(LogTest, ALineStaysOneLine) {
  EXPECT_EQ(FormatTextLine("refused", {{"feed", "threats"},
                                       {"message", "two words\nand a line"},
                                       {"empty", ""},
                                       {"quote", "a\"b"}}),
            "refused feed=threats message=\"two words\\nand a line\" empty=\"\" quote=\"a\\\"b\"");
}

TEST(DescribeTest, SaysWhatAPersonWantsToKnow) {
  CycleResult result;
  result.version = 7;
  EXPECT_EQ(Describe(result), "version 7 unchanged");
  result.outcome = CycleResult::Outcome::kRefreshed;
  EXPECT_EQ(Describe(result), "version 7 vouched for anew");
  result.outcome = CycleResult::Outcome::kHandedOver;
  result.packs_fetched = 2;
  result.bytes_fetched = 10240;
  EXPECT_EQ(Describe(result), "version 7 handed over (2 packs, 10240 bytes fetched)");
}

TEST(StopFlagTest, WakesWhoeverWaits) {
  StopFlag stop;
  EXPECT_FALSE(stop.WaitFor(absl::ZeroDuration()));
  EXPECT_FALSE(stop.WaitFor(absl::Milliseconds(2)));
  std::thread setter([&] { stop.Set(); });
  EXPECT_TRUE(stop.WaitFor(absl::InfiniteDuration()));
  setter.join();
  EXPECT_TRUE(stop.WaitFor(absl::ZeroDuration()));
}

TEST(StateLockTest, LetsOneInAtATime) {
  testing::TemporaryDirectory directory;
  {
    auto first = StateLock::Take(directory.path());
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT(StateLock::Take(directory.path()), HasCode(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_THAT(StateLock::Take(directory.path()), IsOk());
}

}  // namespace
}  // namespace cloister::worker
