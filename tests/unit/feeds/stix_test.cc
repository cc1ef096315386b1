#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/object.h"
#include "sync/feeds/stix_pattern.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

const std::string kMd5(32, 'a');
const std::string kSha1(40, 'b');
const std::string kSha256(64, 'c');

// "kind value" of each object, then "!fault" of each alternative left out; "!!fault" if the whole
// pattern is.
std::string Said(absl::string_view pattern) {
  const auto read = ReadStixPattern(pattern);
  if (const Fault* fault = std::get_if<Fault>(&read)) {
    return absl::StrCat("!!", RowFaultName(fault->fault));
  }
  std::vector<std::string> words;
  for (const PatternObject& object : std::get<PatternObjects>(read).objects) {
    words.push_back(absl::StrCat(reputation::ObjectKindName(object.kind), " ", object.value,
                                 object.c2 ? " c2" : ""));
  }
  for (const Fault& fault : std::get<PatternObjects>(read).faults) {
    words.push_back(absl::StrCat("!", RowFaultName(fault.fault)));
  }
  return absl::StrJoin(words, " | ");
}

struct PatternRow {
  std::string pattern;
  std::string said;
};

TEST(StixPattern, HoldsWhatAListingCanHold) {
  const std::string sha256 = absl::StrCat("file ", kSha256);
  const std::vector<PatternRow> rows = {
      {"[url:value = 'http://a.example/x']", "url http://a.example/x"},
      {"[ domain-name:value='a.example' ]", "host a.example"},
      {"[domain-name:value == 'a.example']", "host a.example"},
      {"[ipv4-addr:value = '192.0.2.0/24']", "ip 192.0.2.0/24"},
      {"[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "ip 192.0.2.0/24"},
      {"[ipv6-addr:value = '2001:db8::1']", "ip 2001:db8::1"},
      // every spelling of the digests' names
      {absl::StrCat("[file:hashes.'SHA-256' = '", kSha256, "']"), sha256},
      {absl::StrCat("[file:hashes.SHA256='", kSha256, "']"), sha256},
      {absl::StrCat("[file:hashes.sha256 = '", kSha256, "']"), sha256},
      {absl::StrCat("[file:hashes.\"x\" = '", kSha256, "']"), "!!malformed"},
      {absl::StrCat("[file:hashes.'SHA-1' = '", kSha1, "']"), absl::StrCat("file ", kSha1)},
      {absl::StrCat("[file:hashes.md5 = '", std::string(32, 'A'), "']"),
       absl::StrCat("file ", kMd5)},
      // one file by several digests: the strongest first, and what else is said of it dropped
      {absl::StrCat("[file:hashes.MD5 = '", kMd5, "' AND file:hashes.'SHA-256' = '", kSha256,
                    "' AND file:name = 'x' AND file:hashes.IMPHASH = '", kMd5, "']"),
       absl::StrCat(sha256, " | file ", kMd5)},
      // OR, IN, parentheses, several observations
      {"[domain-name:value = 'a.example' OR ipv4-addr:value = '192.0.2.1']",
       "host a.example | ip 192.0.2.1"},
      {"[domain-name:value IN ('a.example', 'b.example')]", "host a.example | host b.example"},
      {"[(domain-name:value = 'a.example' OR url:value = 'http://b.example/')]",
       "host a.example | url http://b.example/"},
      {"[domain-name:value = 'a.example'] OR ([url:value = 'http://b.example/'])",
       "host a.example | url http://b.example/"},
      {absl::StrCat("[file:name = 'x' AND (file:hashes.MD5 = '", kMd5, "' OR file:hashes.SHA1 = '",
                    kSha1, "')]"),
       absl::StrCat("file ", kMd5, " | file ", kSha1)},
      // connections
      {"[network-traffic:dst_ref.type = 'ipv4-addr' AND "
       "network-traffic:dst_ref.value = '192.0.2.1']",
       "ip 192.0.2.1 c2"},
      {"[network-traffic:dst_ref.value = 'a.example']", "host a.example c2"},
      {absl::StrCat("[x509-certificate:hashes.'SHA-256' = '", kSha256, "']"),
       absl::StrCat("software signer:", kSha256)},
      // escapes, defanging
      {"[url:value = 'http://a.example/it\\'s\\\\x']", "url http://a.example/it's\\x"},
      {"[url:value = 'hxxp://a[.]example/']", "url http://a.example/"},
  };
  for (const PatternRow& row : rows) EXPECT_EQ(Said(row.pattern), row.said) << row.pattern;
}

TEST(StixPattern, LeavesOutWhatItCannotHold) {
  const std::string digest = absl::StrCat("file:hashes.MD5 = '", kMd5, "'");
  const std::vector<PatternRow> rows = {
      {"[file:name = 'x']", "!unsupported"},
      {"[file:hashes.IMPHASH = '0123456789abcdef0123456789abcdef']", "!unsupported"},
      {"[file:hashes.'SHA-512' = 'aa']", "!unsupported"},
      {"[app:cert.sha256 = 'aa']", "!unsupported"},
      {"[domain-name:value = 'a.example' OR file:name = 'x']", "host a.example | !unsupported"},
      {absl::StrCat("[", digest, " AND url:value = 'http://a.example/']"), "!unsupported"},
      {absl::StrCat("[", digest, " AND file:hashes.md5 = '", std::string(32, 'b'), "']"),
       "!unsupported"},
      {"[url:value = 'http://a.example/' AND domain-name:value = 'a.example']", "!unsupported"},
      {"[x509-certificate:issuer = 'CN=x' AND x509-certificate:serial_number = '1']",
       "!unsupported"},
      {"[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 80]",
       "!unsupported"},
      {"[url:value != 'http://a.example/']", "!unsupported"},
      {"[url:value NOT = 'http://a.example/']", "!unsupported"},
      {"[url:value LIKE 'http://a.example/%']", "!unsupported"},
      {"[email-message:from_ref.value MATCHES '.+\\\\@a\\\\.example$']", "!unsupported"},
      {"[domain-name:value NOT IN ('a.example')]", "!unsupported"},
      {"[EXISTS file:name]", "!unsupported"},
      {"[url:value = 'x'] AND [url:value = 'y']", "!!unsupported"},
      {"[url:value = 'x'] FOLLOWEDBY [url:value = 'y']", "!!unsupported"},
      {"[url:value = 'x'] WITHIN 5 SECONDS", "!!unsupported"},
      {"[url:value = 'x'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'",
       "!!unsupported"},
      // the name says one algorithm, the length another
      {absl::StrCat("[file:hashes.'SHA-256' = '", kSha1, "']"), "!bad_value"},
      {"", "!!malformed"},
      {"url:value = 'x'", "!!malformed"},
      {"[url:value = 'x'", "!!malformed"},
      {"[url:value = 'x]", "!!malformed"},
      {"[url:value 'x']", "!!malformed"},
      {"[url:value = ]", "!!malformed"},
      {"[url:value IN ()]", "!!malformed"},
      {"[url:value = 'x'] trailing", "!!malformed"},
      {std::string(100, '('), "!!malformed"},
      {absl::StrCat("[", std::string(100'000, '(')), "!!malformed"},
  };
  for (const PatternRow& row : rows) EXPECT_EQ(Said(row.pattern), row.said) << row.pattern;
}

TEST(StixPattern, BoundsWhatAndMultiplies) {
  const std::string many = "(url:value IN ('a','b','c','d','e','f','g','h'))";
  EXPECT_EQ(Said(absl::StrCat("[", many, " AND ", many, " AND ", many, " AND ", many, " AND ", many,
                              " AND ", many, "]")),
            "!!malformed");
}

std::string Bundle(absl::string_view members, absl::string_view pattern) {
  return absl::StrCat(R"({"type":"bundle","id":"bundle--1","objects":[
 {"type":"identity","id":"identity--1","name":"x"},
 {"type":"indicator","id":"indicator--1",)",
                      members, R"("pattern":")", pattern, R"("}]})");
}

// Few bytes of a pattern must not become many when each alternative gets its own copy of them.
TEST(StixPattern, BoundsTheBytesThatAndMultiplies) {
  std::string pattern = "[file:name IN ('a'";
  for (int i = 1; i < 9000; ++i) pattern += ",'a'";
  absl::StrAppend(&pattern, ") AND file:name = '", std::string(100'000, 'x'), "']");
  const auto read = ReadStixPattern(pattern);
  ASSERT_TRUE(std::holds_alternative<Fault>(read));
  EXPECT_EQ(std::get<Fault>(read).fault, RowFault::kMalformed);
}

constexpr char kUrlPattern[] = "[url:value = 'http://a.example/x']";

TEST(StixFeed, ReadsWhatAnIndicatorSays) {
  const FeedOutcome outcome = ReadFeed(
      "stix",
      Bundle(R"("confidence":80,"name":"Emotet loader","indicator_types":["malicious-activity"],
"labels":["phishing"],
"valid_from":"2024-01-02T03:04:05.678Z","valid_until":"2030-01-01T00:00:00Z",)",
             kUrlPattern));
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 1u);
  const FeedEntry& entry = outcome.entries[0];
  EXPECT_EQ(entry.key, reputation::Object::Url("http://a.example/x")->Keys(true).keys.front());
  EXPECT_EQ(entry.record.verdict, Verdict::kMalicious);
  EXPECT_EQ(entry.record.confidence, 80);
  EXPECT_EQ(entry.record.first_seen_days, 19724);
  EXPECT_EQ(entry.record.valid_until(), absl::FromUnixSeconds(1893456000));
  EXPECT_EQ(entry.label.threat_name, "Emotet loader");
  EXPECT_THAT(entry.label.categories, ElementsAre(Category::kPhishing));
  EXPECT_EQ(outcome.report.rows(), 1u);
  EXPECT_EQ(outcome.report.lines(), 2u);
}

TEST(StixFeed, TellsVerdictsByTypes) {
  const std::vector<std::pair<std::string, Verdict>> rows = {
      {R"([])", Verdict::kMalicious},
      {R"(["malicious-activity"])", Verdict::kMalicious},
      {R"(["anomalous-activity","malicious-activity"])", Verdict::kMalicious},
      {R"(["anomalous-activity"])", Verdict::kSuspicious},
      {R"(["compromised"])", Verdict::kSuspicious},
      {R"(["benign"])", Verdict::kKnown},
      {R"(["benign","malicious-activity"])", Verdict::kMalicious},
      {R"(["attribution"])", Verdict::kMalicious},
      {R"([1,null])", Verdict::kMalicious},
  };
  for (const auto& [types, verdict] : rows) {
    const FeedOutcome outcome =
        ReadFeed("stix", Bundle(absl::StrCat("\"indicator_types\":", types, ","), kUrlPattern));
    ASSERT_EQ(outcome.entries.size(), 1u) << types;
    EXPECT_EQ(outcome.entries[0].record.verdict, verdict) << types;
  }
}

TEST(StixFeed, CountsWhatItLeavesOut) {
  const std::vector<std::pair<std::string, RowFault>> rows = {
      {R"("revoked":true,)", RowFault::kWithdrawn},
      {R"("pattern_type":"sigma",)", RowFault::kUnsupported},
      {R"("confidence":101,)", RowFault::kBadConfidence},
      {R"("confidence":"high",)", RowFault::kBadConfidence},
      {R"("valid_until":"soon",)", RowFault::kBadDate},
      {R"("valid_from":"2024-01-02T00:00:00Z","valid_until":"2024-01-01T00:00:00Z",)",
       RowFault::kBadDate},
  };
  for (const auto& [members, fault] : rows) {
    const FeedOutcome outcome = ReadFeed("stix", Bundle(members, kUrlPattern));
    ASSERT_THAT(outcome.status, IsOk()) << members;
    EXPECT_EQ(outcome.Rejected(fault), 1u) << members;
    EXPECT_TRUE(outcome.entries.empty()) << members;
    EXPECT_EQ(outcome.report.rejections().at(fault).examples[0].line, 3u);
    EXPECT_THAT(outcome.report.rejections().at(fault).examples[0].text,
                HasSubstr("indicator--1 [url:value"));
  }
  EXPECT_EQ(
      ReadFeed("stix", R"({"objects":[{"type":"indicator"}]})").Rejected(RowFault::kMissingField),
      1u);
  EXPECT_EQ(ReadFeed("stix", Bundle("", "[domain-name:value = 'co.uk']"))
                .Rejected(RowFault::kPublicSuffix),
            1u);
}

TEST(StixFeed, DropsANameThatIsTheObjectAndKeepsTheGoodAlternative) {
  const FeedOutcome outcome = ReadFeed(
      "stix", Bundle(R"("name":"host a.example",)",
                     "[domain-name:value = 'a.example' OR domain-name:value = 'no host' OR "
                     "file:name = 'x']"));
  ASSERT_EQ(outcome.entries.size(), 1u);
  EXPECT_EQ(outcome.entries[0].label.threat_name, "");
  EXPECT_EQ(outcome.Rejected(RowFault::kBadValue), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kUnsupported), 1u);
}

TEST(StixFeed, RefusesOtherDocuments) {
  const FeedOutcome old =
      ReadFeed("stix", R"({"version":"1.1.1","stix_header":{},"indicators":[{"id":"x"}]})");
  EXPECT_THAT(old.status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(old.status.message()), HasSubstr("STIX 1.x; convert it"));
  EXPECT_THAT(ReadFeed("stix", "{\"Event\":{}}").status,
              HasCode(absl::StatusCode::kInvalidArgument));
  const FeedOutcome xml = ReadFeed("stix", "\n<stix:STIX_Package version=\"1.2\"/>");
  EXPECT_THAT(xml.status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(xml.status.message()), HasSubstr("STIX 1.x; convert it"));
  EXPECT_THAT(ReadFeed("stix", "not json").status, HasCode(absl::StatusCode::kDataLoss));
}

TEST(StixFeed, MapsWordsAsTheSourceIsSaidToMeanThem) {
  FeedOptions options;
  options.category_map = {{"c2-server", {Category::kBotnetC2}}, {"phishing", {}}};
  const std::string bundle = Bundle(R"("labels":["C2-Server","phishing","adware"],)", kUrlPattern);
  const FeedOutcome outcome = ReadFeed("stix", bundle, options);
  ASSERT_EQ(outcome.entries.size(), 1u);
  EXPECT_THAT(outcome.entries[0].label.categories,
              ElementsAre(Category::kBotnetC2, Category::kAdware));
}

// As the line formats read such values.
TEST(StixFeed, ReadsNamesThatAreAddressesAndAddressesWithPorts) {
  struct Row {
    std::string pattern;
    std::vector<std::string> listed;
  };
  const std::vector<Row> rows = {
      {"[domain-name:value = '192.0.2.1']", {"192.0.2.1"}},
      {"[ipv4-addr:value = '192.0.2.1:8080']", {"http://192.0.2.1:8080/", "192.0.2.1"}},
      {"[domain-name:value = '*.a.example']", {"*.a.example"}},
      {"[url:value = '/gate.php']", {}},
      {"[domain-name:value = 'a.example/x']", {}},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = ReadFeed("stix", Bundle("", row.pattern));
    EXPECT_EQ(outcome.listed, row.listed) << row.pattern;
    EXPECT_EQ(outcome.report.rejected(), row.listed.empty() ? 1u : 0u) << row.pattern;
  }
}

// The one that was modified last counts, wherever it stands, and whatever it says.
TEST(StixFeed, OfSeveralVersionsOfAnIndicatorTheLastCounts) {
  const auto version = [](absl::string_view id, absl::string_view modified, absl::string_view host,
                          absl::string_view more = "") {
    return absl::StrCat(R"({"type":"indicator","id":"indicator--)", id, R"(","modified":")",
                        modified, R"(","pattern":"[domain-name:value = ')", host, R"(']")", more,
                        "}");
  };
  const FeedOutcome outcome = ReadFeed(
      "stix",
      absl::StrCat(R"({"type":"bundle","objects":[)",
                   version("1", "2024-05-01T00:00:00.5Z", "new.example"), ",",
                   version("1", "2024-05-01T00:00:00Z", "old.example"), ",",
                   version("2", "2024-01-01T00:00:00Z", "revoked.example"), ",",
                   version("2", "2024-02-01T00:00:00Z", "revoked.example", R"(,"revoked":true)"),
                   ",", version("3", "2024-01-01T00:00:00Z", "other.example"), "]}"));
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.Rejected(RowFault::kWithdrawn), 3u);
  for (const char* host : {"new.example", "other.example"}) {
    const reputation::LookupKey key = reputation::LookupKey::ForHost(host);
    EXPECT_TRUE(std::any_of(outcome.entries.begin(), outcome.entries.end(),
                            [&key](const FeedEntry& entry) { return entry.key == key; }))
        << host;
  }
}

}  // namespace
}  // namespace cloister::feeds
