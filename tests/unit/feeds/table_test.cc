// Other people's tables: columns by their names, whatever they are called.

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;

constexpr char kSha256[] = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
constexpr char kSha1[] = "3395856ce81f2b7382dee72602f798b642f14140";
constexpr char kMd5[] = "44d88612fea8a8f36de82e1278abb02f";

using Mapping = std::map<std::string, std::string>;

FeedOutcome ReadTable(const std::string& text, const Mapping& columns = {}) {
  FeedOptions options;
  options.columns = columns;
  return ReadFeed("csv", text, options);
}

struct Case {
  const char* what;
  std::string text;
  Mapping columns;
  std::vector<std::string> listed;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.what; }

class Tables : public ::testing::TestWithParam<Case> {};

TEST_P(Tables, AreReadByTheNamesOfTheirColumns) {
  const FeedOutcome outcome = ReadTable(GetParam().text, GetParam().columns);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.listed, GetParam().listed);
  EXPECT_EQ(outcome.report.rejected(), 0u);
  for (const FeedEntry& entry : outcome.entries) {
    EXPECT_EQ(entry.record.verdict, Verdict::kMalicious);
  }
}

INSTANTIATE_TEST_SUITE_P(
    ByUsualNames, Tables,
    ::testing::Values(
        Case{"case and spaces", "Date added , DOMAIN \n2026-01-02,a.example\n", {}, {"a.example"}},
        Case{"byte order mark and CRLF",
             "\xef\xbb\xbfIndicator,Note\r\na.example,x\r\n",
             {},
             {"a.example"}},
        Case{"header in a comment", "# feed\n#ip,ioc\n192.0.2.1,Some C2\n", {}, {"192.0.2.1"}},
        Case{
            "quoted header in a comment",
            "# \"first_seen\", \"sha256_hash\"\n\"2026-01-02\", \"" + std::string(kSha256) + "\"\n",
            {},
            {kSha256}},
        Case{"semicolons", "Vendor;URL\nx, y;http://a.example/a,b\n", {}, {"http://a.example/a,b"}},
        Case{"tabs", "Name\tURL\nx, y\thttp://a.example/a,b\n", {}, {"http://a.example/a,b"}},
        Case{"several digests",
             absl::StrCat("SHA-256,sha_1,Md5 Hash\n", kSha256, ",", kSha1, ",", kMd5, "\n"),
             {},
             {kSha256, kSha1, kMd5}},
        Case{"several digests in a field",
             absl::StrCat("Name,Hash\nx,\"['", kSha256, "', '", kMd5, "']\"\n"),
             {},
             {kSha256, kMd5}},
        Case{"types",
             absl::StrCat("Type,Indicator\nDomain,a[.]example\nip address,192.0.2.1\nSHA-256,",
                          kSha256, "\nURL,hxxp://b.example/x\n,c.example\n"),
             {},
             {"a.example", "192.0.2.1", kSha256, "http://b.example/x", "c.example"}},
        Case{"types of another column",
             absl::StrCat("SHA256,Type,C2\n", kSha256, ",DOMAIN,a.example\n"),
             {},
             {kSha256, "a.example"}},
        Case{"host and path",
             "host,path\na.example,\nb.example,/x.exe\n",
             {},
             {"a.example", "b.example/x.exe"}},
        Case{"nothing, in words",
             "url,ip\nhttp://a.example/x,N/A\nnone,192.0.2.1\n",
             {},
             {"http://a.example/x", "192.0.2.1"}},
        Case{"fewer fields", "domain,use\na.example\n", {}, {"a.example"}},
        Case{"empty fields more", "domain,use\na.example,x,,\n", {}, {"a.example"}}));

INSTANTIATE_TEST_SUITE_P(
    ByMapping, Tables,
    ::testing::Values(Case{"a name",
                           "Address,url\na.example, IOC FOUND\n",
                           {{"value", "Address"}},
                           {"a.example"}},
                      Case{"whatever its case",
                           "Distribution URL Observed,x\nhttp://a.example/x,y\n",
                           {{"url", "distribution url observed"}},
                           {"http://a.example/x"}},
                      Case{"no other column counts",
                           absl::StrCat("sha256,md5\n", kSha256, ",", kMd5, "\n"),
                           {{"md5", "md5"}},
                           {kMd5}},
                      Case{"no header",
                           absl::StrCat("2026-01-02;a.example\n2026-01-03;b.example\n"),
                           {{"domain", "#2"}, {"first_seen", "#1"}},
                           {"a.example", "b.example"}},
                      Case{"signer",
                           absl::StrCat("Cert,App\n", kSha256, ",x\n"),
                           {{"signer", "Cert"}},
                           {absl::StrCat("signer:", kSha256)}}));

TEST(Table, WhatItSaysAboutAnObjectIsKept) {
  FeedOptions options;
  options.category_map["loader"] = {Category::kBotnetC2};
  const FeedOutcome outcome = ReadFeed(
      "csv",
      "Domain,Malware,Date added,Last seen,Expires,Confidence,Tags,App,Version,Verdict\n"
      "a.example,Conti,2026-01-02 03:04:05,2026-01-03,2030-01-01,80,\"Loader; phishing\",x,1,"
      "Suspicious\n",
      options);
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 1u);
  const FeedEntry& entry = outcome.entries.front();
  EXPECT_EQ(entry.record.verdict, Verdict::kSuspicious);
  EXPECT_EQ(entry.record.confidence, 80);
  EXPECT_EQ(entry.record.last_seen_days, entry.record.first_seen_days + 1);
  EXPECT_NE(entry.record.valid_until_hours, 0u);
  EXPECT_EQ(entry.label.threat_name, "Conti");
  EXPECT_EQ(entry.label.product, "x");
  EXPECT_EQ(entry.label.version, "1");
  EXPECT_THAT(entry.label.categories, ElementsAre(Category::kPhishing, Category::kBotnetC2));
}

TEST(Table, TheVerdictOfTheSourceHoldsWhereTheRowHasNone) {
  FeedOptions options;
  options.verdict = Verdict::kKnown;
  const FeedOutcome outcome =
      ReadFeed("csv", "domain,verdict\na.example,\nb.example,malicious\n", options);
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kKnown);
  EXPECT_EQ(outcome.entries[1].record.verdict, Verdict::kMalicious);
}

TEST(Table, ABadObjectIsCountedByReasonAndCostsNoOther) {
  const std::string header = "type,indicator,sha256,verdict,confidence,expires\n";
  const std::string good = absl::StrCat("domain,good.example,", kSha256, ",,,\n");
  const std::pair<std::string, RowFault> rows[] = {
      {"mutex,Global\\x,,,,", RowFault::kUnknownKind},
      {absl::StrCat("sha256,", kMd5, ",,,,"), RowFault::kBadValue},
      {absl::StrCat(",,", kMd5, ",,,"), RowFault::kBadValue},
      {"domain,co.uk,,,,", RowFault::kPublicSuffix},
      {"domain,-,,,,", RowFault::kMissingField},
      {"domain,a.example,,bad,,", RowFault::kBadVerdict},
      {"domain,a.example,,,high,", RowFault::kBadConfidence},
      {"domain,a.example,,,,soon", RowFault::kBadDate},
      {"domain,a.example,,,,,more", RowFault::kMalformed},
      {"domain,\"a.example,,,,", RowFault::kMalformed},
      {"domain,some words,,,,", RowFault::kBadValue},
  };
  for (const auto& [row, fault] : rows) {
    const FeedOutcome outcome = ReadTable(absl::StrCat(header, row, "\n", good));
    ASSERT_THAT(outcome.status, IsOk()) << row;
    EXPECT_EQ(outcome.Rejected(fault), 1u) << row;
    EXPECT_THAT(outcome.listed, ElementsAre("good.example", kSha256)) << row;
  }
  const FeedOutcome half = ReadTable(absl::StrCat("sha256,md5\n", kSha256, ",abc\n"));
  EXPECT_THAT(half.listed, ElementsAre(kSha256));
  EXPECT_EQ(half.Rejected(RowFault::kBadValue), 1u);
}

TEST(Table, ThatCannotBeReadSaysWhichColumnsItHas) {
  const struct {
    std::string text;
    Mapping columns;
    const char* message;
  } cases[] = {
      {"a,b\n1,2\n", {}, "the columns are: a, b"},
      {"a,b\n1,2\n", {{"url", "c"}}, "no column 'c' (for url); its columns are: a, b"},
      {"a;b;c\n1;2;3\n", {{"url", "d"}}, "its columns are: a, b, c"},
      {"a,b\n1,2\n", {{"adress", "a"}}, "'adress' is none of ours, which are: value, sha256"},
      {"2026-01-02,a.example\n", {}, "\"#2\""},
      {"a.example\n", {{"host", "#2"}}, "no column '#2'"},
  };
  for (const auto& one : cases) {
    const FeedOutcome outcome = ReadTable(one.text, one.columns);
    EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument)) << one.text;
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(one.message)) << one.text;
    EXPECT_THAT(outcome.entries, IsEmpty());
  }
}

// Words about a file that stand above it must not become its header.
TEST(Table, CommentsThatAreNoHeaderArePassedOver) {
  const FeedOutcome outcome =
      ReadTable("# Format: domain, url\n# See https://a.example/, url\n# host\nmd5,name\n" +
                std::string(kMd5) + ",x\n# later\n");
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_THAT(outcome.listed, ElementsAre(kMd5));
}

// Whoever writes the table does not decide on whom its readers trust.
TEST(Table, TrustsOnlyWhereThePublisherSaysSo) {
  const std::string text = absl::StrCat("sha256,verdict\n", kSha256, ",trusted\n");
  const FeedOutcome by_itself = ReadTable(text);
  EXPECT_THAT(by_itself.entries, IsEmpty());
  ASSERT_EQ(by_itself.Rejected(RowFault::kBadVerdict), 1u);
  EXPECT_THAT(by_itself.report.rejections().at(RowFault::kBadVerdict).examples[0].why,
              HasSubstr("columns"));
  const FeedOutcome mapped = ReadTable(text, {{"sha256", "sha256"}, {"verdict", "verdict"}});
  ASSERT_EQ(mapped.entries.size(), 1u);
  EXPECT_EQ(mapped.entries[0].record.verdict, Verdict::kTrusted);
  FeedOptions options;
  options.verdict = Verdict::kTrusted;
  EXPECT_EQ(ReadFeed("csv", text, options).entries.size(), 1u);
}

TEST(Table, TellsOfStrangeHeadersWithoutObeyingThem) {
  std::string wide =
      "\x1b]0;title\x07,\xc2\x9b"
      "2J,\xe2\x80\xae";
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&wide, ",no", i);
  for (const Mapping& columns : {Mapping{}, Mapping{{"url", "URL"}}}) {
    const absl::Status status = ReadTable(absl::StrCat(wide, "\n1\n"), columns).status;
    ASSERT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument));
    const std::string message(status.message());
    for (const char* bytes : {"\x1b", "\x07", "\xc2\x9b", "\xe2\x80\xae"}) {
      EXPECT_EQ(message.find(bytes), std::string::npos) << message.substr(0, 200);
    }
    EXPECT_LT(message.size(), 4000u);
  }
  const absl::Status own = ReadTable("kind,value,verdict,\x1b[2J\n").status;
  EXPECT_EQ(std::string(own.message()).find('\x1b'), std::string::npos);
  const absl::Status twice = ReadFeed("malwarebazaar", "sha256_hash,\x1b[2J,\x1b[2J\n").status;
  EXPECT_EQ(std::string(twice.message()).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace cloister::feeds
