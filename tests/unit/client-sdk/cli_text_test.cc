// The words and numbers that the command prints.

#include <sstream>

#include "client-sdk/cli/answer_text.h"
#include "client-sdk/cli/durations.h"
#include "client-sdk/cli/exit_code.h"
#include "client-sdk/cli/json_text.h"
#include "client-sdk/cli/progress_line.h"
#include "client-sdk/cli/terminal.h"
#include "client-sdk/cli/things.h"
#include "cloister/fake_client.h"
#include "cloister/v1/admin.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

#include <fstream>

namespace cloister::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProgressTextTest, SaysHowFarItHasCome) {
  EXPECT_EQ(ProgressText("hashing packs", 1, 4), "[######                  ]  25 %  hashing packs");
  EXPECT_EQ(ProgressText("reading", 9, 4), "[########################] 100 %  reading");
  EXPECT_EQ(ProgressText("a\x1b[2J", 7, 0), "7  a\\x1b[2J") << "without a total";
  EXPECT_EQ(ProgressText("x", 0, 10), "[                        ]   0 %  x");
}

TEST(PrintableTest, NothingSteersTheTerminal) {
  EXPECT_EQ(Printable("plain text, b\u00fccher"), "plain text, b\u00fccher");
  EXPECT_EQ(Printable("\033[2J"), "\\x1b[2J");
  EXPECT_EQ(Printable("a\nb\x7f"), "a\\x0ab\\x7f");
  EXPECT_EQ(Printable("a\u061cb"), "a\\xd8\\x9cb");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(Printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(Printable("\u202egpj.exe"), "\\xe2\\x80\\xaegpj.exe");
}

TEST(DurationTextTest, IsShort) {
  using std::chrono::seconds;
  EXPECT_EQ(DurationText(seconds(0)), "0 s");
  EXPECT_EQ(DurationText(seconds(119)), "119 s");
  EXPECT_EQ(DurationText(seconds(120)), "2 min");
  EXPECT_EQ(DurationText(seconds(7200)), "2 h");
  EXPECT_EQ(DurationText(seconds(172800)), "2 d");
}

TEST(ParseDurationTest, TakesANumberAndAUnit) {
  const std::pair<const char*, absl::Duration> table[] = {
      {"500ms", absl::Milliseconds(500)}, {"5s", absl::Seconds(5)},  {"2m", absl::Minutes(2)},
      {"12h", absl::Hours(12)},           {"30d", absl::Hours(720)}, {"2w", absl::Hours(336)}};
  for (const auto& [text, duration] : table) {
    ASSERT_OK_AND_ASSIGN(const absl::Duration parsed, ParseDuration(text));
    EXPECT_EQ(parsed, duration) << text;
  }
  for (const char* text : {"", "5", "d", "-5s", "1.5h", "5 s", "5s ", "99999999999s", "9999999w"}) {
    EXPECT_THAT(ParseDuration(text), cloister::testing::HasCode(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(ExitCodeTest, SaysWhatWasAnswered) {
  EXPECT_EQ(ExitCodeFor(FakeClient::NotListed()), ExitCode::kOk);
  EXPECT_EQ(ExitCodeFor(FakeClient::Listed(Verdict::kTrusted)), ExitCode::kOk);
  EXPECT_EQ(ExitCodeFor(FakeClient::Listed(Verdict::kKnown)), ExitCode::kOk);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Listed(Verdict::kMalicious))), 10);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Listed(Verdict::kUnwanted))), 11);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Listed(Verdict::kSuspicious))), 12);
  Answer answer;
  answer.status = AnswerStatus::kNotCovered;
  EXPECT_EQ(static_cast<int>(ExitCodeFor(answer)), 13);
  answer.status = AnswerStatus::kPartial;
  EXPECT_EQ(static_cast<int>(ExitCodeFor(answer)), 14);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Failed(ErrorKind::kInvalidArgument))), 2);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Failed(ErrorKind::kUnavailable))), 3);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Failed(ErrorKind::kDeadlineExceeded))), 3);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Failed(ErrorKind::kPermissionDenied))), 4);
  EXPECT_EQ(static_cast<int>(ExitCodeFor(FakeClient::Failed(ErrorKind::kProtocol))), 5);
}

TEST(ExitCodeTest, OfSeveralTheGravestDecides) {
  EXPECT_EQ(Graver(ExitCode::kOk, ExitCode::kNotCovered), ExitCode::kNotCovered);
  EXPECT_EQ(Graver(ExitCode::kMalicious, ExitCode::kUnreachable), ExitCode::kMalicious);
  EXPECT_EQ(Graver(ExitCode::kUnreachable, ExitCode::kMalicious), ExitCode::kMalicious);
  EXPECT_EQ(Graver(ExitCode::kPartial, ExitCode::kUsage), ExitCode::kUsage);
  EXPECT_EQ(Graver(ExitCode::kSuspicious, ExitCode::kUnwanted), ExitCode::kUnwanted);
}

std::string Printed(const Answer& answer, bool colours = false) {
  std::ostringstream out;
  PrintAnswer(Terminal{&out, colours}, "host x.example", answer);
  return out.str();
}

TEST(PrintAnswerTest, EveryAnswerNamesItsFeedAndAge) {
  Answer answer = FakeClient::Listed(Verdict::kMalicious, "Phish\033[2J");
  answer.matches[0].data_age = std::chrono::seconds(12);
  answer.matches[0].categories = {Category::kPhishing};
  answer.matches[0].software = {"curl", "Debian", "7.88"};
  answer.matches.push_back(FakeClient::Listed(Verdict::kKnown).matches[0]);
  const std::string text = Printed(answer);
  EXPECT_THAT(text, HasSubstr("MALICIOUS  host x.example\n"));
  EXPECT_THAT(text, HasSubstr("feed fake v1, 12 s old"));
  EXPECT_THAT(text, HasSubstr("Phish\\x1b[2J (phishing)"));
  EXPECT_THAT(text, HasSubstr("curl 7.88 by Debian"));
  EXPECT_THAT(text, HasSubstr("outranked"));
  EXPECT_THAT(text, HasSubstr("KNOWN by feed fake v1, 0 s old"));

  answer = FakeClient::NotListed();
  answer.feeds = {{"threats", 3, std::chrono::seconds(300)}, {"new", 0, std::chrono::seconds(0)}};
  EXPECT_THAT(Printed(answer), HasSubstr("NOT LISTED  host x.example\n"));
  EXPECT_THAT(Printed(answer), HasSubstr("threats v3, 5 min old; new (serves nothing yet)"));
}

TEST(PrintAnswerTest, SaysWhenItWasSeen) {
  Answer answer = FakeClient::Listed(Verdict::kMalicious);
  EXPECT_THAT(Printed(answer), Not(HasSubstr("seen")));
  answer.matches[0].first_seen = TimePoint(std::chrono::hours(24));
  EXPECT_THAT(Printed(answer), HasSubstr("first seen  1970-01-02\n"));
  answer.matches[0].last_seen = TimePoint(std::chrono::hours(48));
  EXPECT_THAT(Printed(answer), HasSubstr("seen        1970-01-02 to 1970-01-03\n"));
  answer.matches[0].first_seen.reset();
  EXPECT_THAT(Printed(answer), HasSubstr("last seen   1970-01-03\n"));
}

TEST(PrintAnswerTest, APartialAnswerSaysWhatItMayHaveMissed) {
  Answer answer;
  answer.status = AnswerStatus::kPartial;
  EXPECT_THAT(Printed(answer), HasSubstr("cannot be read just now and may list it"));
}

TEST(PrintAnswerTest, ColoursOnlyWhereTheyAreWanted) {
  const Answer answer = FakeClient::Listed(Verdict::kMalicious);
  EXPECT_THAT(Printed(answer, /*colours=*/false), Not(HasSubstr("\033")));
  EXPECT_THAT(Printed(answer, /*colours=*/true), HasSubstr("\033[1;31mMALICIOUS\033[0m"));
}

TEST(JsonTest, MessagesKeepTheirNames) {
  v1::ListFeedsResponse response;
  v1::Feed* feed = response.add_feeds();
  feed->set_name("threats");
  feed->set_health(v1::FEED_HEALTH_UPDATE_REFUSED);
  feed->set_version(18446744073709551615u);
  feed->set_reject_reason("target_hash_mismatch");
  feed->add_coverage("url");
  feed->mutable_serving_since()->set_seconds(0);
  const Json json = JsonOf(response)["feeds"][0];
  EXPECT_EQ(json["name"], "threats");
  EXPECT_EQ(json["health"], "update_refused");
  EXPECT_EQ(json["version"], 18446744073709551615u);
  EXPECT_EQ(json["reject_reason"], "target_hash_mismatch");
  EXPECT_EQ(json["coverage"], Json::array({"url"}));
  EXPECT_EQ(json["serving_since"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(json["expires_at"], nullptr);
  EXPECT_EQ(json["priority"], 0);
  EXPECT_EQ(json["authoritative"], false);
  feed->set_health(static_cast<v1::FeedHealth>(99));
  EXPECT_EQ(JsonOf(response)["feeds"][0]["health"], 99);
}

TEST(JsonTest, AnswersKeepEveryField) {
  Answer answer = FakeClient::Listed(Verdict::kSuspicious, "bad \xff bytes");
  const Json json = JsonOf("x", "host", answer);
  EXPECT_EQ(json["status"], "listed");
  EXPECT_EQ(json["verdict"], "suspicious");
  EXPECT_EQ(json["matches"][0]["feed"], "fake");
  EXPECT_EQ(json["matches"][0]["valid_until"], nullptr);
  EXPECT_EQ(json["error"], nullptr);
  EXPECT_TRUE(Json::accept(ToText(json)));
  const Json failed = JsonOf("x", "host", FakeClient::Failed(ErrorKind::kUnavailable, "down"));
  EXPECT_EQ(failed["verdict"], nullptr);
  EXPECT_EQ(failed["error"]["kind"], "unavailable");
}

TEST(ReadThingTest, FilesAreHashed) {
  const cloister::testing::TemporaryDirectory directory;
  const std::string path = directory / "www.example.com";
  std::ofstream(path) << "abc";
  ASSERT_OK_AND_ASSIGN(const Thing thing, ReadThing(path, std::nullopt));
  EXPECT_TRUE(thing.hashed);
  // FIPS 180-4, example for "abc".
  EXPECT_EQ(thing.object,
            Object::File("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  std::ofstream(path) << std::string(1'000'000, 'a');
  ASSERT_OK_AND_ASSIGN(const std::string million, HashFile(path));
  EXPECT_EQ(million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  for (const auto kind : {std::optional<ObjectKind>(), std::optional(ObjectKind::kFile)}) {
    EXPECT_THAT(std::string(ReadThing(directory.path(), kind).status().message()),
                HasSubstr("is a folder"));
  }
  EXPECT_FALSE(HashFile(directory / "none").ok());
  ASSERT_OK_AND_ASSIGN(const Thing forced, ReadThing("hxxp://a[.]example", ObjectKind::kUrl));
  EXPECT_EQ(forced.object, Object::Url("http://a.example"));
}

}  // namespace
}  // namespace cloister::cli
