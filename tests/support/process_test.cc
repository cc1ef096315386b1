#include "tests/support/process.h"

#include <signal.h>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::testing {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);

TEST(ProcessTest, CapturesOutputErrorsAndExitCode) {
  ASSERT_OK_AND_ASSIGN(const ProcessResult result,
                       RunProcess({.argv = {"sh", "-c", "cat; echo \"$WHO\" >&2; exit 3"},
                                   .environment = {"WHO=me"},
                                   .input = "given"}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "given");
  EXPECT_EQ(result.errors, "me\n");
}

TEST(ProcessTest, SaysWhatCannotBeStarted) {
  EXPECT_THAT(RunProcess({.argv = {"/no/such/program"}}), HasCode(absl::StatusCode::kNotFound));
}

TEST(ProcessTest, KillsWhatRunsTooLong) {
  EXPECT_THAT(RunProcess({.argv = {"sleep", "100"}}, absl::Milliseconds(50)),
              HasCode(absl::StatusCode::kDeadlineExceeded));
}

TEST(ProcessTest, ForwardsSignalsAndReportsThem) {
  ASSERT_OK_AND_ASSIGN(auto process,
                       Process::Start({.argv = {"sh", "-c", "echo ready; exec sleep 100"}}));
  ASSERT_THAT(process->WaitForText("ready", kLong), IsOk());
  EXPECT_TRUE(process->running());
  ASSERT_THAT(process->Signal(SIGTERM), IsOk());
  ASSERT_OK_AND_ASSIGN(const int exit_code, process->Wait(kLong));
  EXPECT_EQ(exit_code, 128 + SIGTERM);
  EXPECT_FALSE(process->running());
  EXPECT_THAT(process->Signal(SIGTERM), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(ProcessTest, TellsThatTextNeverCame) {
  ASSERT_OK_AND_ASSIGN(auto process, Process::Start({.argv = {"echo", "other"}}));
  EXPECT_THAT(process->WaitForText("ready", kLong), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(WaitForFileTest, SeesAFileThatAppearsLater) {
  TemporaryDirectory directory;
  const std::string path = directory / "ready";
  ASSERT_OK_AND_ASSIGN(
      auto process,
      Process::Start({.argv = {"sh", "-c", "read x; echo 1 > " + path}, .input = "go\n"}));
  EXPECT_THAT(WaitForFile(path, kLong), IsOk());
}

TEST(WaitForFileTest, GivesUpAtTheDeadline) {
  TemporaryDirectory directory;
  EXPECT_THAT(WaitForFile(directory / "never", absl::Milliseconds(20)),
              HasCode(absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace cloister::testing
