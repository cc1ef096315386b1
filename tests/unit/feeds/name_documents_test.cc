// Lists of names in documents: warning lists, phishing lists of wallets, stalkerware.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

const std::string kMd5(32, 'a');
const std::string kSha256(64, 'c');

// "verdict kind text scope" of each entry, then "!fault number" of each fault.
std::string Said(const FeedOutcome& outcome) {
  std::vector<std::string> words;
  for (size_t i = 0; i < outcome.entries.size(); ++i) {
    const FeedEntry& entry = outcome.entries[i];
    const reputation::Record& record = entry.record;
    words.push_back(
        absl::StrCat(record.excluded ? "excluded" : reputation::VerdictName(record.verdict), " ",
                     reputation::ObjectKindName(entry.key.kind()), " ", outcome.listed[i],
                     record.scope == Scope::kExact ? "" : " ",
                     record.scope == Scope::kExact ? "" : reputation::ScopeName(record.scope),
                     record.applies_to == 0 ? "" : " c2"));
  }
  for (const auto& [fault, rejections] : outcome.report.rejections()) {
    words.push_back(absl::StrCat("!", RowFaultName(fault), " ", rejections.count));
  }
  return absl::StrJoin(words, " | ");
}

std::string WarningList(absl::string_view type, absl::string_view attributes,
                        absl::string_view entries) {
  return absl::StrCat(R"({"description":"d","list":[)", entries, R"(],"matching_attributes":[)",
                      attributes, R"(],"name":"Some names","type":")", type, R"(","version":1})");
}

TEST(WarningListFeed, ReadsEachTypeOfList) {
  constexpr char kHosts[] = R"("hostname","domain","domain|ip")";
  constexpr char kDigests[] = R"("md5","filename|sha256")";
  struct Row {
    std::string type, attributes, entries, said;
  };
  const std::vector<Row> rows = {
      {"hostname", kHosts, R"("a.example",".b.example")",
       "known host a.example | known host b.example"},
      {"string", kHosts, R"("a.example","192.0.2.1","com")",
       "known host a.example | known ip 192.0.2.1 | !public_suffix 1"},
      {"string", R"("url")", R"("http://a.example/x")", "known url http://a.example/x"},
      {"string", kDigests,
       absl::StrCat("\"", kMd5, "\",\"", kSha256, "\",\"3::\",\"", std::string(128, 'e'), "\""),
       absl::StrCat("known file ", kMd5, " | known file ", kSha256, " | !unsupported 2")},
      {"cidr", R"("ip-src")", R"("192.0.2.0/24","2001:db8::1","0.0.0.0/0","x")",
       "known ip 192.0.2.0/24 subtree | known ip 2001:db8::1 | !bad_value 1 | !prefix_too_wide 1"},
      {"substring", kHosts, R"("a.example","b.example")", "!unsupported 2"},
      {"regex", kHosts, R"("/a/")", "!unsupported 1"},
      {"string", R"("azure-application-id")", R"("14d82eec-204b-4c2f-b7e8-296a70dab67e")",
       "!unsupported 1"},
      {"hostname", kHosts, R"("",7)", "!malformed 1 | !missing_field 1"},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome =
        ReadFeed("misp-warninglist", WarningList(row.type, row.attributes, row.entries));
    ASSERT_THAT(outcome.status, IsOk()) << row.entries;
    EXPECT_EQ(Said(outcome), row.said) << row.type << " " << row.entries;
    for (const FeedEntry& entry : outcome.entries) EXPECT_EQ(entry.label.product, "Some names");
  }
}

TEST(WarningListFeed, TrustsNamesAndSha256Alone) {
  FeedOptions options;
  options.verdict = Verdict::kTrusted;
  const std::string list =
      WarningList("string", R"("domain","md5")",
                  absl::StrCat(R"("a.example","192.0.2.1","http://a.example/x",")", kMd5, "\",\"",
                               kSha256, "\""));
  EXPECT_EQ(Said(ReadFeed("misp-warninglist", list, options)),
            absl::StrCat("trusted host a.example | known ip 192.0.2.1 | known url "
                         "http://a.example/x | known file ",
                         kMd5, " | trusted file ", kSha256));
  options.verdict = Verdict::kMalicious;
  EXPECT_THAT(ReadFeed("misp-warninglist", list, options).status,
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(WarningListFeed, RefusesOtherDocuments) {
  for (const char* text : {"{}", "[]", R"({"type":"cidr"})", R"({"list":[]})"}) {
    EXPECT_THAT(ReadFeed("misp-warninglist", text).status,
                HasCode(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(PhishingList, DeniesNamesWithAllBelowAndExceptsWhatIsAllowed) {
  const FeedOutcome outcome =
      ReadFeed("polkadot",
               R"({"allow":["good.bad.example","*.fine.example","github.io"],
          "deny":["bad.example","xn--80ak6aa92e.example","192.0.2.1","com","x y"],
          "denySub":["shared.example/Bad"], "other":["c.example"], "version": 2})");
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(Said(outcome),
            "excluded host good.bad.example subtree | "
            "excluded host *.fine.example subdomains_only | "
            "malicious host bad.example subtree | "
            "malicious host xn--80ak6aa92e.example subtree | malicious ip 192.0.2.1 | "
            "malicious url shared.example/Bad subtree | !bad_value 1 | !public_suffix 2");
  EXPECT_THAT(outcome.entries[2].label.categories, ElementsAre(Category::kPhishing));
  EXPECT_TRUE(outcome.entries[0].label.empty());
  EXPECT_EQ(outcome.report.lines(), 9u);
}

TEST(PhishingList, ReadsTheListOfEthPhishingDetect) {
  FeedOptions options;
  options.verdict = Verdict::kSuspicious;
  options.confidence = 60;
  const FeedOutcome outcome = ReadFeed(
      "polkadot",
      R"({"version":2,"tolerance":1,"fuzzylist":["wallet.example"],"whitelist":["a.example"],
          "blacklist":["b.example"]})",
      options);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(Said(outcome),
            "excluded host a.example subtree | suspicious host b.example subtree | "
            "!context_only 1");
  EXPECT_EQ(outcome.entries[0].record.confidence, 0);
  EXPECT_EQ(outcome.entries[1].record.confidence, 60);
}

TEST(PhishingList, RefusesOtherDocuments) {
  for (const char* text : {"{}", R"({"allow":["a.example"]})", R"(["a.example"])"}) {
    EXPECT_THAT(ReadFeed("polkadot", text).status, HasCode(absl::StatusCode::kInvalidArgument))
        << text;
  }
  const FeedOutcome cut = ReadFeed("polkadot", R"({"deny":["a.example","b)");
  EXPECT_THAT(cut.status, HasCode(absl::StatusCode::kDataLoss));
}

TEST(StalkerwareList, ReadsEveryListOfAFamily) {
  const FeedOutcome outcome = ReadFeed("stalkerware", absl::StrCat(R"(
- name: SpyTool
  names: [SpyTool, SpyTool2]
  type: stalkerware
  packages:
  - com.spytool
  certificates:
  - 31A6ECECD97CF39BC4126B8745CD94A7C30BF81C
  - )",
                                                                   kSha256, R"(
  certificate_organizations: [Spy Ltd]
  websites: [spy.example, "https://github.com/spy/tool"]
  distribution:
    - get.spy.example
  c2:
    ips: [192.0.2.1]
    domains: [c2.spy.example]
- name: Watcher
  type: watchware
  websites: [watch.example]
)"));
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(Said(outcome),
            absl::StrCat("malicious software signer:", kSha256,
                         " | malicious host spy.example | malicious url "
                         "https://github.com/spy/tool | malicious host get.spy.example | "
                         "malicious ip 192.0.2.1 c2 | malicious host c2.spy.example | "
                         "unwanted host watch.example | !unsupported 3"));
  EXPECT_EQ(outcome.entries[0].label.threat_name, "SpyTool");
  EXPECT_THAT(outcome.entries[0].label.categories, ElementsAre(Category::kRiskware));
  EXPECT_EQ(outcome.report.rejections().at(RowFault::kUnsupported).examples[0].line, 6u);
}

TEST(StalkerwareList, BoundsWhatADocumentMayDo) {
  struct Row {
    std::string text;
    absl::StatusCode code;
  };
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  std::string wide = "- name: x\n  websites:\n";
  for (int i = 0; i < 100'000; ++i) wide += "  -\n";
  const std::vector<Row> rows = {
      {"{}", absl::StatusCode::kInvalidArgument},
      {"", absl::StatusCode::kInvalidArgument},
      {"- a\n- b", absl::StatusCode::kInvalidArgument},
      {"- &a [x]\n- *a", absl::StatusCode::kInvalidArgument},
      {"- {[a]: b}", absl::StatusCode::kInvalidArgument},
      {"- name: 'x", absl::StatusCode::kDataLoss},
      {deep, absl::StatusCode::kResourceExhausted},
      {wide, absl::StatusCode::kOk},
      {absl::StrCat("- name: ", std::string(65 << 20, 'x')), absl::StatusCode::kResourceExhausted},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ReadFeed("stalkerware", row.text).status.code(), row.code) << row.text.substr(0, 40);
  }
}

}  // namespace
}  // namespace cloister::feeds
