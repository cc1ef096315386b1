#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/digest.h"
#include "reputation/host_name.h"
#include "reputation/ip_address.h"
#include "reputation/object.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::LookupKey;
using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr char kSha256[] = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
constexpr char kSha1[] = "3395856ce81f2b7382dee72602f798b642f14140";
constexpr char kMd5[] = "44d88612fea8a8f36de82e1278abb02f";

// One row below a header of kind, value and verdict.
FeedOutcome Row(absl::string_view row) {
  return ReadFeed("csv", absl::StrCat("kind,value,verdict\n", row, "\n"));
}

// Whether looking up `text` probes the one key that `row` lists.
bool Answers(ObjectKind kind, absl::string_view text, absl::string_view row) {
  const FeedOutcome outcome = Row(row);
  if (outcome.entries.size() != 1) return false;
  const absl::StatusOr<reputation::Object> object = reputation::Object::Parse(kind, text);
  if (!object.ok()) return false;
  const std::vector<LookupKey> keys = object->Keys(false).keys;
  return std::find(keys.begin(), keys.end(), outcome.entries[0].key) != keys.end();
}

TEST(CsvFeed, ReadsEveryColumn) {
  const FeedOutcome outcome = ReadFeed(
      "csv", absl::StrCat(
                 "source,version,vendor,product,valid_until,last_seen,first_seen,applies_to,scope,"
                 "threat_name,categories,confidence,verdict,value,kind\n"
                 "a note,1.2,Maker,Thing,2027-01-01,2026-03-02,2026-03-01,\"sender_domain "
                 "url_host\",subtree,Bad.Thing,phishing;malware phishing,90,malicious,a.example,"
                 "host\n"));
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 1u);
  const FeedEntry& entry = outcome.entries[0];
  EXPECT_EQ(entry.key, LookupKey::ForHost("a.example"));
  EXPECT_EQ(entry.record.verdict, Verdict::kMalicious);
  EXPECT_EQ(entry.record.confidence, 90);
  EXPECT_EQ(entry.record.scope, Scope::kSubtree);
  EXPECT_EQ(entry.record.applies_to,
            reputation::ContextBit(reputation::LookupContext::kSenderDomain) |
                reputation::ContextBit(reputation::LookupContext::kUrlHost));
  EXPECT_EQ(absl::FormatCivilTime(absl::ToCivilDay(entry.record.first_seen(), absl::UTCTimeZone())),
            "2026-03-01");
  EXPECT_EQ(absl::FormatCivilTime(absl::ToCivilDay(entry.record.last_seen(), absl::UTCTimeZone())),
            "2026-03-02");
  // A day lasts to its end.
  EXPECT_EQ(absl::FormatTime(absl::RFC3339_sec, entry.record.valid_until(), absl::UTCTimeZone()),
            "2027-01-02T00:00:00+00:00");
  EXPECT_EQ(entry.label.threat_name, "Bad.Thing");
  EXPECT_THAT(entry.label.categories,
              ElementsAre(reputation::Category::kMalware, reputation::Category::kPhishing));
  EXPECT_EQ(entry.label.product, "Thing");
  EXPECT_EQ(entry.label.vendor, "Maker");
  EXPECT_EQ(entry.label.version, "1.2");
}

TEST(CsvFeed, TakesCommentsByteOrderMarkCrlfAndQuotes) {
  const FeedOutcome outcome =
      ReadFeed("csv",
               "\xef\xbb\xbf# a note, with a \"quote\r\n\r\n"
               "kind , value,\"verdict\",threat_name\r\n"
               "host,\"a.example\" , malicious, \"says \"\"hi\"\", twice\"\r\n"
               "\r\n"
               "host,b.example,malicious,\"over\r\ntwo lines\"\r\n"
               "host,c.example,malicious,");
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 3u) << outcome.report.rejected();
  EXPECT_EQ(outcome.entries[0].label.threat_name, "says \"hi\", twice");
  EXPECT_EQ(outcome.entries[1].label.threat_name, "over\ntwo lines");
  EXPECT_EQ(outcome.entries[2].key, LookupKey::ForHost("c.example"));
  EXPECT_EQ(outcome.report.lines(), 8u);
}

TEST(CsvFeed, AHeaderThatCannotBeRightIsAnError) {
  const std::pair<const char*, const char*> headers[] = {
      {"kind,value,verdict,treat_name", "unknown column 'treat_name'; known columns: kind, value"},
      {"kind,value,verdict,kind", "column 'kind' stands there twice"},
      {"a,b", "no column of the header is known to hold objects"},
      {"", "no header"},
      {"# only a comment", "no header"},
  };
  for (const auto& [header, message] : headers) {
    const FeedOutcome outcome = ReadFeed("csv", absl::StrCat(header, "\n"));
    EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument)) << header;
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(message));
  }
}

TEST(CsvFeed, ABadRowIsCountedByReasonAndCostsNoOther) {
  struct Case {
    std::string row;
    RowFault fault;
  };
  const std::vector<Case> cases = {
      {"host,a.example", RowFault::kMalformed},
      {"host,a.example,malicious,more", RowFault::kMalformed},
      {"host,\"a.example\"x,malicious", RowFault::kMalformed},
      {"host,\"a.example,malicious", RowFault::kMalformed},
      {"host,,malicious", RowFault::kMissingField},
      {",a.example,malicious", RowFault::kMissingField},
      {"domain,a.example,malicious", RowFault::kUnknownKind},
      {"file,12ab,malicious", RowFault::kBadValue},
      {"url,mailto:a@b.example,malicious", RowFault::kBadValue},
      {"host,192.0.2.1,malicious", RowFault::kBadValue},
      {"ip,192.0.2.1/24,malicious", RowFault::kBadValue},
      {"ip,nonsense,malicious", RowFault::kBadValue},
      {"software,curl,known", RowFault::kBadValue},
      {"host,a.example,bad", RowFault::kBadVerdict},
      {absl::StrCat("file,", kMd5, ",trusted"), RowFault::kWeakDigestTrusted},
      {absl::StrCat("file,", kSha1, ",trusted"), RowFault::kWeakDigestTrusted},
      {"host,co.uk,malicious", RowFault::kPublicSuffix},
      {"host,*.github.io,malicious", RowFault::kPublicSuffix},
      {"ip,10.0.0.0/7,malicious", RowFault::kPrefixTooWide},
      {"ip,2000::/15,malicious", RowFault::kPrefixTooWide},
      {"url,https://a.example/#/pages/4711,malicious", RowFault::kFragmentIdentity},
      {"url,https://a.example/app.html#!pages/4711,malicious", RowFault::kFragmentIdentity},
  };
  for (const Case& c : cases) {
    const FeedOutcome outcome = Row(absl::StrCat(c.row, "\nhost,next.example,malicious"));
    ASSERT_THAT(outcome.status, IsOk()) << c.row;
    EXPECT_EQ(outcome.Rejected(c.fault), 1u) << c.row;
    EXPECT_EQ(outcome.report.rejected(), 1u) << c.row;
    ASSERT_EQ(outcome.entries.size(), 1u) << c.row;
    EXPECT_EQ(outcome.entries[0].key, LookupKey::ForHost("next.example")) << c.row;
    EXPECT_EQ(outcome.report.rejections().begin()->second.examples[0].line, 2u) << c.row;
  }
}

TEST(CsvFeed, ABadFieldIsCountedByReason) {
  struct Case {
    const char* column;
    std::string field;
    RowFault fault;
  };
  const std::vector<Case> cases = {
      {"confidence", "101", RowFault::kBadConfidence},
      {"confidence", "-1", RowFault::kBadConfidence},
      {"confidence", "high", RowFault::kBadConfidence},
      {"categories", "malware gossip", RowFault::kUnknownCategory},
      {"scope", "wide", RowFault::kBadScope},
      {"applies_to", "any", RowFault::kBadContext},
      {"first_seen", "2026-02-30", RowFault::kBadDate},
      {"first_seen", "26-02-03", RowFault::kBadDate},
      {"last_seen", "1969-12-31", RowFault::kBadDate},
      {"valid_until", "tomorrow", RowFault::kBadDate},
      {"threat_name", std::string(256, 'x'), RowFault::kBadLabel},
      {"threat_name", "\xff\xfe", RowFault::kBadLabel},
  };
  for (const Case& c : cases) {
    const FeedOutcome outcome =
        ReadFeed("csv", absl::StrCat("kind,value,verdict,", c.column, "\nhost,a.example,malicious,",
                                     c.field, "\n"));
    EXPECT_EQ(outcome.Rejected(c.fault), 1u) << c.column << " " << c.field;
    EXPECT_EQ(outcome.entries.size(), 0u) << c.column << " " << c.field;
  }
}

TEST(CsvFeed, ScopesThatMeanNothingForAKindAreRefused) {
  const std::string rows[] = {absl::StrCat("file,", kSha256, ",malicious,subtree"),
                              "url,a.example/x,malicious,subdomains_only",
                              "ip,192.0.2.0/24,malicious,exact",
                              "ip,192.0.2.1,malicious,subdomains_only",
                              "host,*.a.example,malicious,exact",
                              "software,pkg:deb/debian/curl,known,subdomains_only"};
  for (const std::string& row : rows) {
    const FeedOutcome outcome =
        ReadFeed("csv", absl::StrCat("kind,value,verdict,scope\n", row, "\n"));
    EXPECT_EQ(outcome.Rejected(RowFault::kBadScope), 1u) << row;
  }
}

TEST(CsvFeed, ScopeFollowsFromTheValueWhereItIsNotStated) {
  const std::pair<std::string, Scope> rows[] = {
      {"ip,192.0.2.0/24,malicious", Scope::kSubtree},
      {"ip,192.0.2.1,malicious", Scope::kExact},
      {"ip,2001:db8::/32,malicious", Scope::kSubtree},
      {"host,a.example,malicious", Scope::kExact},
      {"host,*.a.example,malicious", Scope::kSubdomainsOnly},
      {"url,http://a.example/x,malicious", Scope::kExact},
  };
  for (const auto& [row, scope] : rows) {
    const FeedOutcome outcome = Row(row);
    ASSERT_EQ(outcome.entries.size(), 1u) << row;
    EXPECT_EQ(outcome.entries[0].record.scope, scope) << row;
  }
}

TEST(CsvFeed, AUrlIsListedAsItStands) {
  const std::string plain = "url,HTTP://Downloads.EXAMPLE.com:80/a/../b/%69nstall.exe,malicious";
  EXPECT_TRUE(Answers(ObjectKind::kUrl, "downloads.example.com/b/install.exe", plain));
  EXPECT_TRUE(Answers(ObjectKind::kUrl, "downloads.example.com/b/install.exe?to=me", plain));
  EXPECT_FALSE(Answers(ObjectKind::kUrl, "downloads.example.com/b/readme.txt", plain));
  // It never lists its host.
  EXPECT_FALSE(Answers(ObjectKind::kHost, "downloads.example.com", plain));
  EXPECT_FALSE(Answers(ObjectKind::kUrl, "downloads.example.com/", plain));

  const std::string query = "url,http://a.example/view?id=1,malicious";
  EXPECT_TRUE(Answers(ObjectKind::kUrl, "http://a.example/view?id=1", query));
  EXPECT_FALSE(Answers(ObjectKind::kUrl, "http://a.example/view?id=2", query));
  EXPECT_FALSE(Answers(ObjectKind::kUrl, "http://a.example/view", query));

  const std::string port = "url,http://a.example:8080/x,malicious";
  EXPECT_TRUE(Answers(ObjectKind::kUrl, "http://a.example:8080/x", port));
  EXPECT_FALSE(Answers(ObjectKind::kUrl, "http://a.example/x", port));

  const std::string fragment = "url,http://a.example/page#part,malicious";
  EXPECT_TRUE(Answers(ObjectKind::kUrl, "http://a.example/page", fragment));
}

TEST(CsvFeed, OtherKindsAnswerForTheirCanonicalForms) {
  EXPECT_TRUE(Answers(ObjectKind::kFile, kSha256, absl::StrCat("file,", kSha256, ",trusted")));
  EXPECT_TRUE(Answers(ObjectKind::kFile, kMd5, absl::StrCat("file,", kMd5, ",known")));
  EXPECT_TRUE(Answers(ObjectKind::kHost, "www.a.example", "host,A.Example.,malicious"));
  EXPECT_TRUE(Answers(ObjectKind::kIp, "192.0.2.7", "ip,::ffff:192.0.2.7,malicious"));
  EXPECT_TRUE(Answers(ObjectKind::kSoftware, "pkg:deb/debian/curl@7.88.1?arch=amd64",
                      "software,pkg:deb/debian/curl@7.88.1,known"));
  EXPECT_TRUE(Answers(ObjectKind::kSoftware, absl::StrCat("signer:", kSha256),
                      absl::StrCat("software,signer:", kSha256, ",malicious")));
}

TEST(CsvFeed, AForgottenQuoteCostsItsRowOnly) {
  std::string text = "kind,value,verdict\nhost,\"lost.example,malicious\n";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&text, "host,h", i, ".example,malicious\n");
  const FeedOutcome outcome = ReadFeed("csv", text);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.Rejected(RowFault::kMalformed), 1u);
  EXPECT_EQ(outcome.entries.size(), 100u);
}

TEST(CsvFeed, ALineWithoutEndIsBoundedAndCostsItsRowOnly) {
  const FeedOutcome outcome =
      ReadFeed("csv", absl::StrCat("kind,value,verdict\nhost,", std::string(3 << 20, 'a'),
                                   ",malicious\nhost,a.example,malicious\n"));
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.Rejected(RowFault::kMalformed), 1u);
  EXPECT_EQ(outcome.entries.size(), 1u);
  EXPECT_LE(outcome.report.rejections().begin()->second.examples[0].text.size(),
            FeedReport::kMaxExampleBytes + 8);
}

TEST(CsvFeed, ReportsTheFirstExamplesSafeToPrint) {
  std::string text = "kind,value,verdict\n";
  for (int i = 0; i < 10; ++i) absl::StrAppend(&text, "host,\x1b[31m", i, ",malicious\n");
  const FeedOutcome outcome = ReadFeed("csv", text);
  const FeedReport::Rejections& rejections = outcome.report.rejections().at(RowFault::kBadValue);
  EXPECT_EQ(rejections.count, 10u);
  ASSERT_EQ(rejections.examples.size(), FeedReport::kMaxExamples);
  EXPECT_EQ(rejections.examples[1].line, 3u);
  EXPECT_EQ(rejections.examples[1].text, "host,\\033[31m1,malicious");
}

TEST(SourceSpec, NamesTheFormatsThereAre) {
  EXPECT_THAT(ParseSourceSpec("csv:a:b.csv"), IsOk());
  EXPECT_EQ(ParseSourceSpec("csv:a:b.csv")->path, "a:b.csv");
  EXPECT_THAT(std::string(ParseSourceSpec("shoes:x").status().message()),
              HasSubstr("there are: csv, debian-packages"));
  EXPECT_THAT(ParseSourceSpec("threats.csv"), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(DemonstrationFeeds, AreReadWithoutAFault) {
  for (const char* name : {"threats.csv", "threats-update.csv"}) {
    const FeedOutcome outcome =
        ReadFeedFile("csv", absl::StrCat(CLOISTER_SOURCE_DIR "/deploy/demo/feeds/", name));
    EXPECT_THAT(outcome.status, IsOk());
    EXPECT_EQ(outcome.report.rejected(), 0u) << name;
    EXPECT_GT(outcome.entries.size(), 20u) << name;
  }
}

}  // namespace
}  // namespace cloister::feeds
