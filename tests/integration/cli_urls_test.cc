// cloister urls, as it is run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/integration/cli_fixture.h"
#include "tests/support/temporary_directory.h"

namespace cloister::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWrapped[] = "https://www.google.com/url?q=http%3A%2F%2Fbad.example%2Fx";

// The wrapper and what it wraps: the second is malicious.
grpc::Status AnswerSecondOfTwo(const v1::BatchLookupRequest& /*request*/,
                               v1::BatchLookupResponse* response) {
  response->set_statuses("\2\1");
  response->set_verdicts("\1");
  response->set_confidences("\x32");
  response->add_source_indexes(0);
  response->add_matched_keys(0);
  response->add_label_indexes(0);
  auto* source = response->add_sources();
  source->set_layer(v1::LAYER_KIND_FEED);
  source->mutable_feed()->set_feed("threats");
  return grpc::Status::OK;
}

TEST_F(CliTest, UrlsAreListedWithoutAServer) {
  const TemporaryDirectory directory;
  std::ofstream(directory / "mail.html") << "<a href=\"" << kWrapped << "\">www.b.example</a>";
  const ProcessResult result = RunWith({}, {"urls", directory / "mail.html"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output,
            absl::StrCat("attribute  ", kWrapped,
                         "\nunwrapped  http://bad.example/x\nbare       www.b.example\n"));
}

TEST_F(CliTest, UrlsOfStandardInputAsJson) {
  const ProcessResult result =
      RunWith({}, {"--output", "json", "urls", "-"}, "see http://a.example/x\x1b.");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, AllOf(HasSubstr("\"http://a.example/x\""), HasSubstr("\"text\""),
                                   HasSubstr("\"truncated\": false")));
}

TEST_F(CliTest, UrlsAreLookedUpInBothForms) {
  server_.batch_lookup = AnswerSecondOfTwo;
  const ProcessResult result = Run({"urls", "--lookup", "-"}, kWrapped);
  EXPECT_EQ(result.exit_code, 10) << result.errors;
  EXPECT_THAT(result.output, AllOf(HasSubstr("NOT LISTED"), HasSubstr(kWrapped),
                                   HasSubstr("MALICIOUS"), HasSubstr("http://bad.example/x")));
}

TEST_F(CliTest, UrlsThatCannotBeReadAreAMistake) {
  const ProcessResult missing = RunWith({}, {"urls", "/no/such/file"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.errors, HasSubstr("/no/such/file cannot be read"));
  EXPECT_EQ(RunWith({}, {"urls", "--html", "--text", "-"}).exit_code, 2);
}

TEST_F(CliTest, UrlsOfABodyThatIsTooLongSaySo) {
  const std::string body = "http://a.example/ " + std::string(17u << 20, 'x');
  const ProcessResult result = RunWith({}, {"urls", "-"}, body);
  EXPECT_EQ(result.exit_code, 14);
  EXPECT_THAT(result.output, HasSubstr("http://a.example/"));
  EXPECT_THAT(result.errors, HasSubstr("there may be more"));
}

TEST_F(CliTest, TheExampleThatScansABodyNamesWhatIsMalicious) {
  server_.batch_lookup = AnswerSecondOfTwo;
  const auto result =
      RunProcess({.argv = {ProgramPath("cloister-example-scan-body"), server_.target()},
                  .input = absl::StrCat("<a href='", kWrapped, "'>x</a>")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 1) << result->errors;
  EXPECT_EQ(result->output, "http://bad.example/x\n");
  const auto down = RunProcess({.argv = {ProgramPath("cloister-example-scan-body"), "unix:/none"},
                                .input = "<a href='http://a.example/'>x</a>"});
  ASSERT_TRUE(down.ok()) << down.status();
  EXPECT_EQ(down->exit_code, 75) << down->errors;
}

}  // namespace
}  // namespace cloister::testing
