#include "client-sdk/cli/override_list.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::cli {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class OverrideListTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) const {
    std::ofstream(directory_ / "list") << text;
    return directory_ / "list";
  }
  std::vector<v1::Override> Read(const ListArguments& arguments) {
    const absl::StatusOr<OverrideList> list = ReadListArguments(arguments, kNow);
    EXPECT_THAT(list, IsOk());
    std::vector<v1::Override> overrides;
    if (!list.ok()) return overrides;
    EXPECT_THAT(ReadOverrides(
                    *list, nullptr,
                    [&](v1::Override one) {
                      overrides.push_back(std::move(one));
                      return absl::OkStatus();
                    },
                    &report_),
                IsOk());
    return overrides;
  }

  testing::TemporaryDirectory directory_;
  ListReport report_{feeds::FeedReport("list"), feeds::FeedReport("list")};
};

TEST_F(OverrideListTest, TheCommandLineSpeaksWhereTheListDoesNot) {
  ListArguments arguments;
  arguments.source = "csv:" + Write(
                                  "kind,value,verdict,scope,valid_until\n"
                                  "host,a.example,malicious,,\n"
                                  "host,b.example,malicious,subdomains_only,2030-01-31\n"
                                  "url,http://c.example/x,malicious,,\n"
                                  "ip,192.0.2.1,malicious,,\n");
  arguments.scope = "subtree";
  arguments.valid_for = "90m";
  const std::vector<v1::Override> read = Read(arguments);
  ASSERT_THAT(read, SizeIs(4));
  EXPECT_EQ(read[0].scope(), v1::SCOPE_SUBTREE);
  EXPECT_EQ(read[0].valid_until().seconds(), 1'800'000'000 + 5400);
  EXPECT_EQ(read[1].scope(), v1::SCOPE_SUBDOMAINS_ONLY);
  EXPECT_EQ(read[1].valid_until().seconds(), 1'896'134'400) << "the end of that day";
  EXPECT_EQ(read[2].scope(), v1::SCOPE_SUBTREE);
  EXPECT_EQ(read[3].scope(), v1::SCOPE_EXACT) << "only hosts and URLs have something below";
  EXPECT_EQ(Missed(report_), 0u);
}

TEST_F(OverrideListTest, SubdomainsOnlyIsForHosts) {
  ListArguments arguments;
  arguments.source = "list:" + Write("a.example\nhttp://c.example/x\n");
  arguments.scope = "subdomains_only";
  const std::vector<v1::Override> read = Read(arguments);
  ASSERT_THAT(read, SizeIs(2));
  EXPECT_EQ(read[0].scope(), v1::SCOPE_SUBDOMAINS_ONLY);
  EXPECT_EQ(read[1].scope(), v1::SCOPE_EXACT);
}

TEST_F(OverrideListTest, NamesAfterAStarAreGivenWithoutIt) {
  ListArguments arguments;
  arguments.source = "domain:" + Write("*.worse.example\n");
  const std::vector<v1::Override> read = Read(arguments);
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read[0].object().text(), "worse.example");
  EXPECT_EQ(read[0].scope(), v1::SCOPE_SUBDOMAINS_ONLY);
}

// What is not UTF-8 would make the message that it stands in unreadable.
TEST_F(OverrideListTest, BytesThatAreNoTextAreEscaped) {
  ListArguments arguments;
  arguments.source = "url:" + Write("http://a.example/caf\xe9?x=\xff\n");
  const std::vector<v1::Override> read = Read(arguments);
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read[0].object().text(), "a.example/caf%E9?x=%FF");
}

TEST_F(OverrideListTest, WhatHasLapsedIsLeftOut) {
  ListArguments arguments;
  arguments.source = "csv:" + Write(
                                  "kind,value,verdict,valid_until\n"
                                  "host,old.example,malicious,2020-01-31\n"
                                  "host,new.example,malicious,\n");
  EXPECT_THAT(Read(arguments), SizeIs(1));
  EXPECT_EQ(report_.left_out.rejections().at(feeds::RowFault::kExpired).count, 1u);
  EXPECT_EQ(Missed(report_), 1u);
}

TEST_F(OverrideListTest, FormatAndFileMayStandApart) {
  ListArguments arguments;
  arguments.format = "hash";
  arguments.source = Write(absl::StrCat(std::string(64, 'a'), "\n"));
  arguments.verdict = "trusted";
  arguments.categories = {"test"};
  arguments.confidence = 33;
  const std::vector<v1::Override> read = Read(arguments);
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read[0].verdict(), v1::VERDICT_TRUSTED);
  EXPECT_EQ(read[0].confidence(), 33u);
  ASSERT_EQ(read[0].categories_size(), 1);
  EXPECT_EQ(read[0].categories(0), v1::CATEGORY_TEST);
}

TEST_F(OverrideListTest, MistakesNameTheOption) {
  ListArguments bad_column;
  bad_column.source = "csv:x";
  bad_column.columns = {"value="};
  ListArguments bad_category;
  bad_category.source = "csv:x";
  bad_category.categories = {"worm"};
  ListArguments bad_time;
  bad_time.source = "csv:x";
  bad_time.valid_for = "soon";
  ListArguments no_format;
  no_format.source = "x";
  for (const auto& [arguments, says] :
       {std::pair{bad_column, "--column"}, std::pair{bad_category, "--categories"},
        std::pair{bad_time, "--valid-for"}, std::pair{no_format, "FORMAT:PATH"}}) {
    const auto list = ReadListArguments(arguments, kNow);
    EXPECT_THAT(list, HasCode(absl::StatusCode::kInvalidArgument)) << says;
    EXPECT_THAT(std::string(list.status().message()), HasSubstr(says));
  }
}

}  // namespace
}  // namespace cloister::cli
