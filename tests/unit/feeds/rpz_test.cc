#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reputation/ip_address.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::LookupKey;
using reputation::Scope;
using reputation::Verdict;
using testing::IsOk;

LookupKey Network(absl::string_view text) {
  return LookupKey::ForIpPrefix(*reputation::IpPrefix::Parse(text));
}

struct Row {
  std::string text;
  LookupKey key;
  Scope scope;
};

TEST(RpzZone, ReadsNamesWildcardsAndNetworks) {
  const std::vector<Row> rows = {
      {"bad.example CNAME .", LookupKey::ForHost("bad.example"), Scope::kExact},
      {"BAD.example. CNAME .", LookupKey::ForHost("bad.example"), Scope::kExact},
      {"bad.example 3600 IN CNAME *.", LookupKey::ForHost("bad.example"), Scope::kExact},
      {"bad.example IN 1h30m CNAME rpz-drop.", LookupKey::ForHost("bad.example"), Scope::kExact},
      {"bad.example CNAME walled.garden.example. ; why", LookupKey::ForHost("bad.example"),
       Scope::kExact},
      {"bad.example A 192.0.2.80", LookupKey::ForHost("bad.example"), Scope::kExact},
      {"bad.example TXT \"a ; text\"", LookupKey::ForHost("bad.example"), Scope::kExact},
      {"*.bad.example CNAME .", LookupKey::ForHost("bad.example"), Scope::kSubdomainsOnly},
      {"32.1.2.0.192.rpz-ip CNAME .", Network("192.0.2.1/32"), Scope::kExact},
      {"24.0.2.0.192.rpz-ip CNAME .", Network("192.0.2.0/24"), Scope::kSubtree},
      {"48.zz.db8.2001.rpz-ip CNAME .", Network("2001:db8::/48"), Scope::kSubtree},
      {"128.1.zz.db8.2001.rpz-ip CNAME .", Network("2001:db8::1/128"), Scope::kExact},
      {"128.1.zz.rpz-ip CNAME .", Network("::1/128"), Scope::kExact},
      {"128.8.7.6.5.4.3.db8.2001.rpz-ip CNAME .", Network("2001:db8:3:4:5:6:7:8/128"),
       Scope::kExact},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = ReadFeed("rpz", row.text);
    ASSERT_THAT(outcome.status, IsOk()) << row.text;
    ASSERT_EQ(outcome.entries.size(), 1u) << row.text;
    EXPECT_EQ(outcome.entries[0].key, row.key) << row.text;
    EXPECT_EQ(outcome.entries[0].record.scope, row.scope) << row.text;
    EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kMalicious) << row.text;
  }
}

TEST(RpzZone, PassthruIsAnExclusion) {
  const std::pair<const char*, Scope> rows[] = {
      {"good.example CNAME rpz-passthru.", Scope::kExact},
      {"*.good.example CNAME RPZ-PASSTHRU.", Scope::kSubdomainsOnly},
      {"32.7.2.0.192.rpz-ip CNAME rpz-passthru.", Scope::kExact},
      {"28.0.2.0.192.rpz-ip CNAME rpz-passthru.", Scope::kSubtree},
  };
  for (const auto& [text, scope] : rows) {
    const FeedOutcome outcome = ReadFeed("rpz", text);
    ASSERT_EQ(outcome.entries.size(), 1u) << text;
    EXPECT_TRUE(outcome.entries[0].record.excluded) << text;
    EXPECT_EQ(outcome.entries[0].record.scope, scope) << text;
  }
}

TEST(RpzZone, CountsWhatNoRecordCanSay) {
  const std::vector<std::pair<std::string, RowFault>> rows = {
      {"a.example CNAME rpz-tcp-only.", RowFault::kUnsupported},
      {"24.0.2.0.192.rpz-client-ip CNAME .", RowFault::kUnsupported},
      {"ns.example.rpz-nsdname CNAME .", RowFault::kUnsupported},
      {"32.1.2.0.192.rpz-nsip CNAME .", RowFault::kUnsupported},
      {"$INCLUDE other.zone", RowFault::kUnsupported},
      {"$GENERATE 1-9 h$.example CNAME .", RowFault::kUnsupported},
      {"co.uk CNAME .", RowFault::kPublicSuffix},
      {"192.0.2.1 CNAME .", RowFault::kBadValue},
      {"x.rpz-ip CNAME .", RowFault::kBadValue},
      {"99.1.2.0.192.rpz-ip CNAME .", RowFault::kBadValue},
      {"4.0.0.0.16.rpz-ip CNAME .", RowFault::kPrefixTooWide},
      {"a.example CNAME", RowFault::kMalformed},
      {"a.example", RowFault::kMalformed},
      {" CNAME .", RowFault::kMalformed},
  };
  for (const auto& [text, fault] : rows) {
    const FeedOutcome outcome = ReadFeed("rpz", absl::StrCat(text, "\nb.example CNAME .\n"));
    ASSERT_THAT(outcome.status, IsOk()) << text;
    EXPECT_EQ(outcome.Rejected(fault), 1u) << text;
    EXPECT_EQ(outcome.entries.size(), 1u) << text;
  }
}

TEST(RpzZone, TakesTheZonesOwnNameAway) {
  const std::string head =
      "$TTL 60\n"
      "rpz.local. IN SOA ns.local. root.local. ( 1 ; serial\n 2h 3 4\n 5 )\n"
      " NS ns.local.\n";
  const FeedOutcome by_soa = ReadFeed(
      "rpz",
      absl::StrCat(head, "bad.example.rpz.local. CNAME .\n*.x.example.RPZ.local. A 0.0.0.0\n",
                   "elsewhere.example. CNAME .\nrpz.local. TXT \"about\"\n"));
  ASSERT_THAT(by_soa.status, IsOk());
  ASSERT_EQ(by_soa.entries.size(), 2u);
  EXPECT_EQ(by_soa.entries[0].key, LookupKey::ForHost("bad.example"));
  EXPECT_EQ(by_soa.entries[1].key, LookupKey::ForHost("x.example"));
  EXPECT_EQ(by_soa.Rejected(RowFault::kBadValue), 1u);
  EXPECT_EQ(by_soa.report.rejections().at(RowFault::kBadValue).examples[0].line, 8u);

  const FeedOutcome by_origin =
      ReadFeed("rpz",
               "$ORIGIN z.example.\n@ SOA a. b. 1 2 3 4 5\nbad.example.z.example. CNAME .\n"
               "worse.example CNAME .\n");
  ASSERT_EQ(by_origin.entries.size(), 2u);
  EXPECT_EQ(by_origin.entries[0].key, LookupKey::ForHost("bad.example"));
  EXPECT_EQ(by_origin.entries[1].key, LookupKey::ForHost("worse.example"));
}

// What BIND still reads: before there was rpz-passthru, a name that is its own CNAME passed.
TEST(RpzZone, ANameThatIsItsOwnCnameIsAnExclusion) {
  const FeedOutcome outcome =
      ReadFeed("rpz",
               "good.example CNAME GOOD.example.\n32.7.2.0.192.rpz-ip CNAME 32.7.2.0.192.\n"
               "bad.example CNAME good.example.\n");
  ASSERT_EQ(outcome.entries.size(), 3u);
  EXPECT_TRUE(outcome.entries[0].record.excluded);
  EXPECT_TRUE(outcome.entries[1].record.excluded);
  EXPECT_FALSE(outcome.entries[2].record.excluded);
}

// As named-compilezone -s relative writes it.
TEST(RpzZone, ReadsNamesBelowTheOriginThatIsInForce) {
  const FeedOutcome outcome = ReadFeed(
      "rpz",
      "$ORIGIN local.\nrpz IN SOA ns.local. root.local. 1 2 3 4 5\n$ORIGIN co.uk.rpz.local.\n"
      "bad CNAME .\n*.worse CNAME .\n$ORIGIN deep\nname CNAME .\n$ORIGIN rpz.local.\n"
      "last.example CNAME .\n");
  ASSERT_THAT(outcome.status, IsOk());
  const std::vector<std::string> listed = {"bad.co.uk", "*.worse.co.uk", "name.deep.co.uk",
                                           "last.example"};
  EXPECT_EQ(outcome.listed, listed);
}

TEST(RpzZone, AParenthesisThatIsNeverClosedCostsFewLines) {
  std::string text = "a.example CNAME .\nx.example TXT a (\n";
  for (int i = 0; i < 500; ++i) absl::StrAppend(&text, "h", i, ".example CNAME .\n");
  const FeedOutcome outcome = ReadFeed("rpz", text);
  EXPECT_GT(outcome.entries.size(), 400u);
  EXPECT_EQ(outcome.Rejected(RowFault::kMalformed), 1u);
  EXPECT_EQ(outcome.report.rejections().at(RowFault::kMalformed).examples[0].line, 2u);
  EXPECT_EQ(ReadFeed("rpz", "x.example TXT a (\n b\n").Rejected(RowFault::kMalformed), 1u);
}

TEST(RpzZone, ListsANameOfSeveralRecordsOnce) {
  const FeedOutcome outcome =
      ReadFeed("rpz", "bad.example A 192.0.2.80\n  AAAA 2001:db8::1\nbad.example TXT x\n");
  EXPECT_EQ(outcome.entries.size(), 1u);
}

TEST(RpzZone, ReadsARealZone) {
  constexpr char kZone[] = "data/urlhaus-filter/urlhaus-filter-rpz.conf";
  const std::optional<std::string> path = testing::SharedData(kZone);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(kZone);
  const FeedOutcome outcome = ReadFeedFile("rpz", *path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.rows(), 2688u);
  EXPECT_EQ(outcome.report.rejected(), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kPublicSuffix), 1u);  // ams1.vultrobjects.com
  EXPECT_EQ(outcome.entries[0].key, LookupKey::ForHost("0022a601.pphost.net"));
}

}  // namespace
}  // namespace cloister::feeds
