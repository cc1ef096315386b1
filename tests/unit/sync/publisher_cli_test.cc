#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/duration.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

ParseOutcome Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "cloister-publish");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  ParseOutcome outcome = ParseArguments(static_cast<int>(words.size()), words.data());
  ::testing::internal::GetCapturedStdout();
  ::testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(Duration, ReadsAndWritesWhatPeopleWrite) {
  EXPECT_EQ(*ParseLifetime("3600s"), absl::Hours(1));
  EXPECT_EQ(*ParseLifetime("30m"), absl::Minutes(30));
  EXPECT_EQ(*ParseLifetime("7d"), absl::Hours(168));
  for (const char* bad : {"", "7", "d", "0d", "-1d", "1.5h", "7 d", "9999d", "1w"}) {
    EXPECT_THAT(ParseLifetime(bad), HasCode(absl::StatusCode::kInvalidArgument)) << bad;
  }
  EXPECT_EQ(FormatLifetime(absl::Hours(51) + absl::Seconds(5)), "2 days 3 hours");
  EXPECT_EQ(FormatLifetime(absl::Minutes(1)), "1 minute");
  EXPECT_EQ(FormatLifetime(absl::ZeroDuration()), "0 seconds");
}

TEST(Arguments, ReadsACompletePublish) {
  const ParseOutcome outcome = Parse({"publish",
                                      "--repository",
                                      "r",
                                      "--keys",
                                      "k",
                                      "--source",
                                      "csv:a.csv",
                                      "--source",
                                      "debian-packages:b",
                                      "--snapshot",
                                      "--verdict",
                                      "trusted",
                                      "--minimum-poll",
                                      "60",
                                      "--timestamp-expires",
                                      "3600s",
                                      "--output",
                                      "json",
                                      "--covers",
                                      "url"});
  ASSERT_TRUE(outcome.arguments.has_value());
  const Arguments& arguments = *outcome.arguments;
  EXPECT_EQ(arguments.run, RunPublish);
  ASSERT_EQ(arguments.sources.size(), 2u);
  EXPECT_EQ(arguments.sources[1].format, "debian-packages");
  EXPECT_EQ(arguments.sources[1].path, "b");
  EXPECT_EQ(arguments.terms.verdict, reputation::Verdict::kTrusted);
  EXPECT_EQ(arguments.minimum_poll_s, 60u);
  EXPECT_EQ(arguments.lifetimes.timestamp, absl::Hours(1));
  EXPECT_FALSE(arguments.lifetimes.targets.has_value());
  EXPECT_TRUE(arguments.snapshot);
  EXPECT_TRUE(arguments.json);
  EXPECT_TRUE(arguments.also_covers.Covers(reputation::LookupForm::kUrlExpression));
}

TEST(Arguments, UsageErrorsAndHelpHaveTheirExitCodes) {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"sing"},
      {"keys"},
      {"publish", "--repository", "r", "--keys", "k"},
      {"publish", "--repository", "r", "--keys", "k", "--source", "threats.csv"},
      {"publish", "--repository", "r", "--keys", "k", "--source", "shoes:x"},
      {"publish", "--repository", "r", "--keys", "k", "--source", "csv:x", "--verdict", "bad"},
      {"publish", "--repository", "r", "--keys", "k", "--source", "csv:x", "--covers", "shoes"},
      {"refresh-timestamp", "--repository", "r", "--keys", "k", "--timestamp-expires", "soon"},
      {"status", "--repository", "r", "--output", "xml"},
  };
  for (const std::vector<const char*>& words : wrong) {
    const ParseOutcome outcome = Parse(words);
    EXPECT_FALSE(outcome.arguments.has_value());
    EXPECT_EQ(outcome.exit_code, kExitUsage) << (words.empty() ? "" : words.back());
  }
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"--help"}, {"publish", "--help"}, {"--version"}}) {
    const ParseOutcome outcome = Parse(words);
    EXPECT_FALSE(outcome.arguments.has_value());
    EXPECT_EQ(outcome.exit_code, kExitOk) << words.back();
  }
}

// The commands over real folders.
class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    arguments_.repository = directory_ / "repository";
    arguments_.out = directory_ / "keys";
    arguments_.keys.folders = {arguments_.out};
    arguments_.create = PlainKeys();
    arguments_.feed = "threats";
    EXPECT_THAT(RunKeysCreate(arguments_, console_), IsOk());
    EXPECT_THAT(RunInit(arguments_, console_), IsOk());
  }

  // Publishes rows below a header of kind, value and verdict.
  absl::Status PublishRows(absl::string_view rows) {
    const std::string path = directory_ / "feed.csv";
    absl::Status written =
        storage::WriteFileAtomically(path, absl::StrCat("kind,value,verdict\n", rows));
    if (!written.ok()) return written;
    arguments_.sources = {{"csv", path}};
    out_.str("");
    err_.str("");
    return RunPublish(arguments_, console_);
  }

  nlohmann::json Json() { return nlohmann::json::parse(out_.str()); }

  testing::TemporaryDirectory directory_;
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_{out_, err_, false, kStart};
  Arguments arguments_;
};

TEST_F(CommandsTest, TheReportTellsWhatBecameOfEveryRow) {
  ASSERT_THAT(PublishRows("host,a.example,malicious\nhost,a.example,known\n"
                          "host,co.uk,malicious\nip,192.0.2.0/24,suspicious\nurl,,known\n"),
              IsOk());
  for (const char* text :
       {"feed.csv: 6 lines, 3 listings accepted, 2 rejected", "entries: 2 host, 1 ip",
        "rejected as public_suffix: 1", "line 4: co.uk is a public suffix", "host,co.uk,malicious",
        "rejected as missing_field: 1", "duplicates merged: 1",
        "Published version 1 of feed \"threats\": 2 records, 0 labels", "bytes a record",
        "expires 2026-"}) {
    EXPECT_THAT(out_.str(), HasSubstr(text));
  }
  EXPECT_EQ(err_.str(), "");

  ASSERT_THAT(PublishRows("host,a.example,malicious\n"), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("(0 entries added, 0 changed, 1 removed)"));
  ASSERT_THAT(PublishRows("host,a.example,malicious\n"), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("Nothing changed since version 2, and nothing was published"));
}

TEST_F(CommandsTest, TheSameAsJson) {
  arguments_.json = true;
  ASSERT_THAT(PublishRows("host,a.example,malicious\nhost,\xff\"co.uk,malicious\n"), IsOk());
  const nlohmann::json published = Json();
  EXPECT_EQ(published["version"], 1);
  EXPECT_EQ(published["published"], true);
  EXPECT_EQ(published["records"], 1);
  EXPECT_EQ(published["sources"][0]["accepted"], 1);
  EXPECT_EQ(published["sources"][0]["rejected"], 1);
  EXPECT_EQ(published["sources"][0]["rejections"]["bad_value"]["examples"][0]["line"], 3);

  out_.str("");
  ASSERT_THAT(RunStatus(arguments_, console_), IsOk());
  const nlohmann::json status = Json();
  EXPECT_EQ(status["feed"], "threats");
  EXPECT_EQ(status["version"], 1);
  EXPECT_EQ(status["packs"].size(), 1u);
  EXPECT_EQ(status["coverage"], nlohmann::json::array({"host"}));
  EXPECT_EQ(status["timestamp"]["expired"], false);
  EXPECT_EQ(status["content_digest"], published["content_digest"]);
}

TEST_F(CommandsTest, AFeedThatLostItsContentSaysWhyAndPublishesNothing) {
  const absl::Status status = PublishRows("host,co.uk,malicious\n");
  EXPECT_THAT(status, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(err_.str(), HasSubstr("rejected as public_suffix: 1"));
  arguments_.sources = {{"csv", directory_ / "absent.csv"}};
  EXPECT_THAT(RunPublish(arguments_, console_), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(CommandsTest, RefreshWarnsOfWhatItCannotRenew) {
  ASSERT_THAT(PublishRows("host,a.example,malicious\n"), IsOk());
  out_.str("");
  arguments_.lifetimes.timestamp = absl::Hours(24 * 100);
  ASSERT_THAT(RunRefreshTimestamp(arguments_, console_), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("Vouched again for version 1"));
  EXPECT_THAT(err_.str(), HasSubstr("run publish before"));
}

TEST_F(CommandsTest, ARootThatExpiresSoonIsAWarningUntilItIsRenewed) {
  Console later{out_, err_, false, kStart + absl::Hours(24 * 350)};
  ASSERT_THAT(PublishRows("host,a.example,malicious\n"), IsOk());
  EXPECT_EQ(err_.str(), "");
  ASSERT_THAT(RunPublish(arguments_, later), IsOk());
  EXPECT_THAT(err_.str(), HasSubstr("run: cloister-publish renew-root"));
  err_.str("");
  ASSERT_THAT(RunRenewRoot(arguments_, later), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("Nothing was changed. Add --stage"));
  arguments_.root_change.commit = true;
  ASSERT_THAT(RunRenewRoot(arguments_, later), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("Root version 2 is in force."));
  ASSERT_THAT(RunPublish(arguments_, later), IsOk());
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CommandsTest, StatusFindsAnAlteredPack) {
  ASSERT_THAT(PublishRows("host,a.example,malicious\n"), IsOk());
  ASSERT_THAT(RunStatus(arguments_, console_), IsOk());
  const auto packs = std::filesystem::directory_iterator(arguments_.repository + "/targets");
  std::ofstream(packs->path(), std::ios::app) << "more";
  EXPECT_THAT(std::string(RunStatus(arguments_, console_).message()),
              HasSubstr("the file was altered since it was published; copy it back"));
}

TEST_F(CommandsTest, StatusTellsWhatExpired) {
  ASSERT_THAT(RunStatus(arguments_, console_), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("nothing published yet"));
  ASSERT_THAT(PublishRows("host,a.example,malicious\n"), IsOk());
  out_.str("");
  const Console later{out_, err_, false, kStart + absl::Hours(24 * 9)};
  ASSERT_THAT(RunStatus(arguments_, later), IsOk());
  EXPECT_THAT(out_.str(), HasSubstr("EXPIRED 2 days ago"));
  EXPECT_THAT(out_.str(), HasSubstr("full-1-1.sst"));
  EXPECT_THAT(out_.str(), HasSubstr("vouched for 9 days ago"));
}

}  // namespace
}  // namespace cloister::publisher
