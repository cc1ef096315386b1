#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::LookupKey;
using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

const std::string kSha256(64, 'a');
const std::string kSha1(40, 'b');
const std::string kMd5(32, 'c');

LookupKey Key(ObjectKind kind, absl::string_view text) {
  return reputation::Object::Parse(kind, text)->Keys(false).keys.front();
}

std::string Day(absl::Time time) {
  return absl::FormatCivilTime(absl::ToCivilDay(time, absl::UTCTimeZone()));
}

constexpr char kUrlhausHead[] =
    "####\r\n# abuse.ch URLhaus, Database Dump (CSV)\r\n#\r\n"
    "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n";

TEST(Urlhaus, FindsItsColumnsInTheComment) {
  const FeedOutcome outcome = ReadFeed(
      "urlhaus",
      absl::StrCat(
          kUrlhausHead,
          "\"1\",\"2026-02-07 04:31:13\",\"http://a.example/x,y\",\"online\",\"2026-02-08 "
          "04:31:13\",\"malware_download\",\"elf,Mirai\",\"https://u.example/1/\",\"r\"\r\n"
          "\"2\",\"2026-02-07 04:31:13\",\"http://b.example:81/\",\"offline\",\"None\","
          "\"malware_download\",\"None\",\"https://u.example/2/\",\"r\"\r\n"));
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 2u);
  const FeedEntry& first = outcome.entries[0];
  EXPECT_EQ(first.key, Key(ObjectKind::kUrl, "http://a.example/x,y"));
  EXPECT_EQ(first.record.verdict, Verdict::kMalicious);
  EXPECT_THAT(first.label.categories, ElementsAre(Category::kMalware));
  EXPECT_EQ(first.label.threat_name, "elf,Mirai");
  EXPECT_EQ(Day(first.record.first_seen()), "2026-02-07");
  EXPECT_EQ(Day(first.record.last_seen()), "2026-02-08");
  const FeedEntry& second = outcome.entries[1];
  EXPECT_EQ(second.label.threat_name, "malware_download");
  EXPECT_EQ(second.record.last_seen_days, 0);
  // Never the host.
  EXPECT_NE(second.key, Key(ObjectKind::kHost, "b.example"));
}

TEST(Urlhaus, ABadRowCostsItselfAlone) {
  const FeedOutcome outcome = ReadFeed(
      "urlhaus", absl::StrCat(kUrlhausHead, "\"1\",\"2026-02-07\",\"http://a.example/\"\n",
                              "\"2\",\"x\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\n",
                              "\"3\",\"x\",\"http://c.example/\",\"\",\"\",\"\",\"\",\"\",\"\"\n",
                              "\"4\",\"x\",\"http://d.example/\",\"open\n"));
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.entries.size(), 1u);
  EXPECT_EQ(outcome.entries[0].record.first_seen_days, 0);
  EXPECT_EQ(outcome.Rejected(RowFault::kMalformed), 2u);
  ASSERT_EQ(outcome.Rejected(RowFault::kMissingField), 1u);
  EXPECT_EQ(outcome.report.rejections().at(RowFault::kMissingField).examples[0].line, 6u);
}

TEST(Urlhaus, AnotherLayoutIsAnError) {
  for (const char* text : {"", "# nothing\n", "Address,url\na.example, IOC FOUND\n",
                           "<html>Too many requests</html>\n", "url,dateadded,threat,url\n"}) {
    const FeedOutcome outcome = ReadFeed("urlhaus", text);
    EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(MalwareBazaar, ListsEveryDigestOfTheSample) {
  const std::string head =
      "# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"sha1_hash\",\"reporter\",\"file_name\","
      "\"signature\",\"imphash\"\n";
  const FeedOutcome outcome = ReadFeed(
      "malwarebazaar",
      absl::StrCat(head, "\"2023-11-23 04:18:36\", \"", kSha256, "\", \"", kMd5, "\", \"", kSha1,
                   "\", \"abuse_ch\", \"x.exe\", \"AgentTesla\", \"", kMd5, "\"\n",
                   "\"2023-11-23 04:18:36\", \"", kSha256,
                   "\", \"n/a\", \"\", \"r\", \"y\", "
                   "\"n/a\", \"\"\n",
                   "\"2023-11-23 04:18:36\", \"", kSha1, "\", \"\", \"\", \"r\", \"z\", \"\", \"\"",
                   "\n# Number of entries: 3\n"));
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 4u);
  EXPECT_EQ(outcome.entries[0].key, Key(ObjectKind::kFile, kSha256));
  EXPECT_EQ(outcome.entries[1].key, Key(ObjectKind::kFile, kSha1));
  EXPECT_EQ(outcome.entries[2].key, Key(ObjectKind::kFile, kMd5));
  EXPECT_EQ(outcome.entries[0].label.threat_name, "AgentTesla");
  EXPECT_EQ(outcome.entries[3].label.threat_name, "");
  // A SHA-1 in the column of SHA-256: neither column nor length is believed.
  EXPECT_EQ(outcome.Rejected(RowFault::kBadValue), 1u);
  EXPECT_EQ(outcome.report.rejected(), 1u);
}

constexpr char kThreatFoxHead[] =
    "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\","
    "\"malware_printable\",\"last_seen_utc\",\"confidence_level\"\n";

std::string ThreatFoxRow(absl::string_view value, absl::string_view type,
                         absl::string_view confidence = "75") {
  return absl::StrCat("\"2026-01-02 03:04:05\", \"7\", \"", value, "\", \"", type,
                      "\", \"botnet_cc\", \"Cobalt Strike\", \"\", \"", confidence, "\"\n");
}

TEST(ThreatFox, ReadsEveryTypeThatIsKept) {
  const FeedOutcome outcome = ReadFeed(
      "threatfox",
      absl::StrCat(kThreatFoxHead, ThreatFoxRow("192.0.2.1:8443", "ip:port"),
                   ThreatFoxRow("c2.example", "domain"), ThreatFoxRow("http://c.example/x", "url"),
                   ThreatFoxRow(kSha256, "sha256_hash"), ThreatFoxRow(kMd5, "sha1_hash"),
                   ThreatFoxRow("a@b.example", "envelope_from"),
                   ThreatFoxRow("d.example", "domain", "101")));
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 5u);
  EXPECT_EQ(outcome.entries[0].key, Key(ObjectKind::kUrl, "http://192.0.2.1:8443/"));
  EXPECT_EQ(outcome.entries[0].record.scope, Scope::kSubtree);
  EXPECT_EQ(outcome.entries[1].key.kind(), ObjectKind::kIp);
  EXPECT_EQ(outcome.entries[1].record.applies_to,
            reputation::ContextBit(reputation::LookupContext::kC2));
  EXPECT_EQ(outcome.entries[2].key, Key(ObjectKind::kHost, "c2.example"));
  EXPECT_EQ(outcome.entries[2].record.confidence, 75);
  EXPECT_EQ(outcome.entries[2].label.threat_name, "Cobalt Strike");
  EXPECT_THAT(outcome.entries[2].label.categories, ElementsAre(Category::kBotnetC2));
  EXPECT_EQ(outcome.entries[3].key, Key(ObjectKind::kUrl, "http://c.example/x"));
  EXPECT_EQ(outcome.entries[4].key, Key(ObjectKind::kFile, kSha256));
  EXPECT_EQ(outcome.Rejected(RowFault::kBadValue), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kUnknownKind), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kBadConfidence), 1u);
}

TEST(ThreatFox, JsonSaysTheSameAsCsv) {
  const FeedOutcome csv =
      ReadFeed("threatfox", absl::StrCat(kThreatFoxHead, ThreatFoxRow("192.0.2.1:8443", "ip:port"),
                                         ThreatFoxRow("c2.example", "domain")));
  const auto object = [](absl::string_view value, absl::string_view type) {
    return absl::StrCat("{\"ioc_value\":\"", value, "\",\"ioc_type\":\"", type,
                        "\",\"threat_type\":\"botnet_cc\",\"malware_printable\":\"Cobalt "
                        "Strike\",\"first_seen_utc\":\"2026-01-02 03:04:05\",\"last_seen_utc\":"
                        "null,\"confidence_level\":75,\"tags\":[\"a\",{\"b\":1}]}");
  };
  const std::string exported = absl::StrCat("{\"7\":[", object("192.0.2.1:8443", "ip:port"),
                                            "],\n\"8\":[", object("c2.example", "domain"), "]}");
  const std::string queried =
      absl::StrCat("{\"query_status\":\"ok\",\"data\":[", object("192.0.2.1:8443", "ip:port"), ",",
                   object("c2.example", "domain"), "]}");
  for (const std::string& text : {exported, queried}) {
    const FeedOutcome json = ReadFeed("threatfox-json", text);
    ASSERT_THAT(json.status, IsOk()) << text;
    ASSERT_EQ(json.entries.size(), csv.entries.size()) << text;
    for (size_t i = 0; i < csv.entries.size(); ++i) {
      EXPECT_EQ(json.entries[i].key, csv.entries[i].key);
      EXPECT_EQ(json.entries[i].record, csv.entries[i].record);
      EXPECT_EQ(json.entries[i].label, csv.entries[i].label);
    }
  }
}

TEST(ThreatFox, JsonFaultsNameTheirLine) {
  const FeedOutcome outcome =
      ReadFeed("threatfox-json",
               "{\"1\":[{\"ioc_type\":\"domain\"}],\n\"2\":[7],\n"
               "\"3\":[{\"ioc_value\":\"a.example\",\"ioc_type\":\"domain\"}],\n\"4\":[{]}");
  EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kDataLoss));
  EXPECT_EQ(outcome.entries.size(), 1u);
  ASSERT_EQ(outcome.Rejected(RowFault::kMissingField), 1u);
  ASSERT_EQ(outcome.Rejected(RowFault::kMalformed), 1u);
  EXPECT_EQ(outcome.report.rejections().at(RowFault::kMalformed).examples[0].line, 2u);
  EXPECT_THAT(ReadFeed("threatfox-json", "{\"query_status\":\"no_result\"}").status,
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(PhishTank, CsvAndJsonSayTheSame) {
  const FeedOutcome csv = ReadFeed(
      "phishtank",
      "phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n"
      "9,\"http://p.example/a,b\",http://x.example/9,2026-01-02T03:04:05+00:00,yes,"
      "2026-01-02T04:04:05+00:00,yes,PayPal\n"
      "8,http://q.example/,http://x.example/8,2026-01-02T03:04:05+00:00,no,,yes,Other\n");
  const FeedOutcome json = ReadFeed(
      "phishtank-json",
      "[{\"phish_id\":\"9\",\"url\":\"http:\\/\\/p.example\\/a,b\",\"submission_time\":"
      "\"2026-01-02T03:04:05+00:00\",\"verified\":\"yes\",\"online\":\"yes\",\"target\":\"PayPal\","
      "\"details\":[{\"ip_address\":\"192.0.2.1\"}]},\n"
      "{\"phish_id\":\"8\",\"url\":\"http://q.example/\",\"submission_time\":"
      "\"2026-01-02T03:04:05+00:00\",\"verified\":\"no\",\"target\":\"Other\"}]");
  for (const FeedOutcome* outcome : {&csv, &json}) {
    ASSERT_THAT(outcome->status, IsOk());
    ASSERT_EQ(outcome->entries.size(), 2u);
    const FeedEntry& first = outcome->entries[0];
    EXPECT_EQ(first.key, Key(ObjectKind::kUrl, "http://p.example/a,b"));
    EXPECT_EQ(first.record.verdict, Verdict::kMalicious);
    EXPECT_EQ(first.label.threat_name, "PayPal");
    EXPECT_THAT(first.label.categories, ElementsAre(Category::kPhishing));
    EXPECT_EQ(Day(first.record.first_seen()), "2026-01-02");
    EXPECT_EQ(outcome->entries[1].record.verdict, Verdict::kSuspicious);
    EXPECT_EQ(outcome->entries[1].label.threat_name, "");
  }
}

// The source's tags and types mean what its configuration says.
TEST(ThreatFeeds, MapTagsAndTypesAsTheSourceIsSaidToMeanThem) {
  FeedOptions options;
  options.category_map["miner"] = {Category::kCryptominer};
  options.category_map["botnet_cc"] = {Category::kSpamSource};
  const FeedOutcome urlhaus =
      ReadFeed("urlhaus",
               "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
               "\"1\",\"2026-01-02 "
               "00:00:00\",\"http://a.example/x\",\"online\",\"None\",\"malware_download\","
               "\"elf, Miner\",\"x\",\"y\"\n",
               options);
  ASSERT_EQ(urlhaus.entries.size(), 1u);
  EXPECT_THAT(urlhaus.entries[0].label.categories,
              ElementsAre(Category::kMalware, Category::kCryptominer));
  const FeedOutcome threatfox = ReadFeed(
      "threatfox",
      "\"ioc_value\",\"ioc_type\",\"threat_type\"\n\"a.example\",\"domain\",\"botnet_cc\"\n"
      "\"b.example\",\"domain\",\"payload\"\n",
      options);
  ASSERT_EQ(threatfox.entries.size(), 2u);
  EXPECT_THAT(threatfox.entries[0].label.categories, ElementsAre(Category::kSpamSource));
  EXPECT_THAT(threatfox.entries[1].label.categories, ElementsAre(Category::kMalware));
}

}  // namespace
}  // namespace cloister::feeds
