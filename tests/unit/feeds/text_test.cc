#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/ip_address.h"
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
using ::testing::HasSubstr;
using testing::IsOk;

constexpr char kSha256[] = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
constexpr char kSha1[] = "3395856CE81F2B7382DEE72602F798B642F14140";
constexpr char kMd5[] = "44d88612fea8a8f36DE82E1278abb02f";

// "host a.example subtree", "file 44d8…", "ip 192.0.2.0/24", or "bad_value" for a fault.
std::string Kept(const FeedOutcome& outcome, const std::vector<std::string>& candidates) {
  std::vector<std::string> words;
  for (const FeedEntry& entry : outcome.entries) {
    std::string name = "?";
    for (const std::string& candidate : candidates) {
      for (const ObjectKind kind : {ObjectKind::kFile, ObjectKind::kUrl, ObjectKind::kHost}) {
        const auto object = reputation::Object::Parse(kind, candidate);
        if (object.ok() && object->Keys(false).keys.front() == entry.key) {
          name = absl::StrCat(reputation::ObjectKindName(kind), " ", candidate);
        }
      }
      const auto prefix = reputation::IpPrefix::Parse(candidate);
      if (prefix.ok() && LookupKey::ForIpPrefix(*prefix) == entry.key) {
        name = absl::StrCat("ip ", candidate);
      }
    }
    const Scope scope = entry.record.scope;
    if (scope != Scope::kExact) absl::StrAppend(&name, " ", reputation::ScopeName(scope));
    words.push_back(name);
  }
  for (const auto& [fault, rejections] : outcome.report.rejections()) {
    words.emplace_back(RowFaultName(fault));
  }
  return absl::StrJoin(words, " + ");
}

struct Case {
  const char* format;
  std::string line;
  std::vector<std::string> objects;  // what may be listed
  std::string kept;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.format << ": " << one.line; }

class TextFeeds : public ::testing::TestWithParam<Case> {};

TEST_P(TextFeeds, KeepTheLine) {
  const FeedOutcome outcome = ReadFeed(GetParam().format, GetParam().line + "\r\n");
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(Kept(outcome, GetParam().objects), GetParam().kept)
      << GetParam().format << ": " << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Hashes, TextFeeds,
    ::testing::Values(
        Case{"hash", kSha256, {kSha256}, absl::StrCat("file ", kSha256)},
        Case{"hash", kSha1, {kSha1}, absl::StrCat("file ", kSha1)},
        Case{"hash", absl::StrCat("md5:", kMd5), {kMd5}, absl::StrCat("file ", kMd5)},
        Case{"hash",
             absl::StrCat(kSha256, "  setup.exe"),
             {kSha256},
             absl::StrCat("file ", kSha256)},
        Case{"hash", absl::StrCat(kMd5, " # eicar"), {kMd5}, absl::StrCat("file ", kMd5)},
        Case{"hash", absl::StrCat(kSha1, "s"), {}, "bad_value"},
        Case{"hash", "3395856ce81f2b7382dee72602f798b642f1414z", {}, "bad_value"},
        Case{"hash", "# md5_hash", {}, ""}, Case{"hash", "; none", {}, ""},
        Case{"clamav",
             absl::StrCat(kMd5, ":68:Eicar-Test-Signature"),
             {kMd5},
             absl::StrCat("file ", kMd5)},
        Case{"clamav",
             absl::StrCat(kSha256, ":*:Any.Size:73"),
             {kSha256},
             absl::StrCat("file ", kSha256)},
        Case{"clamav", absl::StrCat(kMd5, ":68"), {}, "malformed"},
        Case{"clamav", absl::StrCat(kMd5, ":big:Name"), {}, "malformed"},
        Case{"hash-comments",
             absl::StrCat(kMd5, ";A; B http://c.example"),
             {kMd5},
             absl::StrCat("file ", kMd5)},
        Case{"hash-comments", "0c2674;too short", {}, "bad_value"}));

INSTANTIATE_TEST_SUITE_P(
    Urls, TextFeeds,
    ::testing::Values(
        Case{"url",
             "http://a.example/x.php?q=1",
             {"http://a.example/x.php?q=1"},
             "url http://a.example/x.php?q=1"},
        Case{"url", "hxxp://a[.]example/x", {"http://a.example/x"}, "url http://a.example/x"},
        Case{"url", "a.example/x", {"a.example/x"}, "url a.example/x"},
        Case{"url",
             "http://a.example/x y",
             {"http://a.example/x%20y"},
             "url http://a.example/x%20y"},
        Case{"url", "/only/a/path.php", {}, "bad_value"},
        Case{"url", "http://a.example/#/login", {}, "fragment_identity"},
        Case{"urlhaus-text",
             "http://192.0.2.1:8080/bin",
             {"http://192.0.2.1:8080/bin"},
             "url http://192.0.2.1:8080/bin"},
        Case{"openphish",
             "https://b.example/login/",
             {"https://b.example/login/"},
             "url https://b.example/login/"}));

INSTANTIATE_TEST_SUITE_P(
    Hosts, TextFeeds,
    ::testing::Values(
        Case{"domain", "Bad.Example", {"bad.example"}, "host bad.example"},
        Case{"domain", "*.bad.example", {"bad.example"}, "host bad.example subdomains_only"},
        Case{"domain", ".bad.example", {"bad.example"}, "host bad.example subtree"},
        Case{"domain", "192.0.2.7", {"192.0.2.7"}, "ip 192.0.2.7"},
        Case{"domain", "*.192.0.2.7", {}, "bad_value"},
        Case{"domain", "co.uk", {}, "public_suffix"},
        Case{"domain", "http://bad.example/", {}, "bad_value"},
        Case{"domain", "a.example b.example", {}, "malformed"},
        Case{"hosts",
             "0.0.0.0 a.example b.example # two",
             {"a.example", "b.example"},
             "host a.example + host b.example"},
        Case{"hosts", "127.0.0.1\ta.example", {"a.example"}, "host a.example"},
        Case{"hosts", "127.0.0.1 localhost", {}, ""}, Case{"hosts", "ff02::1 ip6-allnodes", {}, ""},
        Case{"hosts", "192.0.2.1 a.example", {}, "unsupported"},
        Case{"hosts", "a.example", {}, "malformed"},
        Case{"urlhaus-hosts", "127.0.0.1\ta.example", {"a.example"}, "host a.example"}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, TextFeeds,
    ::testing::Values(
        Case{"ip", "192.0.2.0/24 ; SBL123", {"192.0.2.0/24"}, "ip 192.0.2.0/24 subtree"},
        Case{"ip", "2001:db8::/32", {"2001:db8::/32"}, "ip 2001:db8::/32 subtree"},
        Case{"ip", "add drop 192.0.2.0/24 timeout 60", {"192.0.2.0/24"}, "ip 192.0.2.0/24 subtree"},
        Case{"ip", "create drop hash:net family inet", {}, ""},
        Case{"ip", "192.0.2.1/24", {}, "bad_value"}, Case{"ip", "10.0.0.1/8", {}, "bad_value"},
        Case{"ip", "16.0.0.0/6", {}, "prefix_too_wide"},
        Case{"ip", "192.0.2.1 192.0.2.2", {}, "malformed"},
        Case{"ip",
             "192.0.2[.]1:8080",
             {"192.0.2.1", "http://192.0.2.1:8080/"},
             "url http://192.0.2.1:8080/ subtree + ip 192.0.2.1"},
        Case{"ipsum", "192.0.2.1\t10", {"192.0.2.1"}, "ip 192.0.2.1"},
        Case{"ipsum", "192.0.2.1", {}, "malformed"},
        Case{"ipsum", "# IP\tnumber of (black)lists", {}, ""}));

INSTANTIATE_TEST_SUITE_P(
    Mixed, TextFeeds,
    ::testing::Values(
        Case{"list", kSha256, {kSha256}, absl::StrCat("file ", kSha256)},
        Case{"list", "a.example", {"a.example"}, "host a.example"},
        Case{"list", "http://a.example/x", {"http://a.example/x"}, "url http://a.example/x"},
        Case{"list", "a.example/x", {"http://a.example/x"}, "url http://a.example/x"},
        Case{"list", "192.0.2.1", {"192.0.2.1"}, "ip 192.0.2.1"},
        Case{"list", "192.0.2.0/24", {"192.0.2.0/24"}, "ip 192.0.2.0/24 subtree"},
        Case{"list",
             "[2001:db8::1]:81",
             {"2001:db8::1", "http://[2001:db8::1]:81/"},
             "url http://[2001:db8::1]:81/ subtree + ip 2001:db8::1"},
        Case{"list", "a.example:443", {"https://a.example/"}, "url https://a.example/ subtree"},
        Case{"list", "/x.php", {}, "bad_value"}, Case{"list", "who@a.example", {}, "bad_value"},
        Case{"list", "deadbeef", {}, "bad_value"},
        Case{"list", "3395856ce81f2b7382dee72602f798b642f14140a", {}, "bad_value"},
        Case{"list", "a.example:99999", {}, "bad_value"}));

INSTANTIATE_TEST_SUITE_P(
    Adblock, TextFeeds,
    ::testing::Values(
        Case{"adblock", "||a.example^", {"a.example"}, "host a.example subtree"},
        Case{"adblock", "||a.example^$all", {"a.example"}, "host a.example subtree"},
        Case{"adblock", "||*.a.example^", {"a.example"}, "host a.example subdomains_only"},
        Case{"adblock", "||192.0.2.9^", {"192.0.2.9"}, "ip 192.0.2.9"},
        Case{"adblock",
             "||a.example/x.py^$document,important",
             {"http://a.example/x.py"},
             "url http://a.example/x.py"},
        Case{"adblock",
             "||a.example/dir/^",
             {"http://a.example/dir/"},
             "url http://a.example/dir/ subtree"},
        Case{"adblock", "a.example", {"a.example"}, "host a.example"},
        Case{"adblock", "0.0.0.0 a.example", {"a.example"}, "host a.example"},
        Case{"adblock", "||a.example^$third-party", {}, "unsupported"},
        Case{"adblock", "||a.example^$all,domain=b.example", {}, "unsupported"},
        Case{"adblock", "@@||a.example^", {}, "unsupported"},
        Case{"adblock", "a.example##.banner", {}, "unsupported"},
        Case{"adblock", "||a.ex*mple^", {}, "unsupported"},
        Case{"adblock", "/ads[0-9]+/", {}, "unsupported"},
        Case{"adblock", "||github.io^", {}, "public_suffix"},
        Case{"adblock", "[Adblock Plus 2.0]", {}, ""}, Case{"adblock", "! Title", {}, ""}));

TEST(TextFeedVerdicts, AreTheFormatsOwnUnlessOptionsSayOtherwise) {
  const FeedOutcome own = ReadFeed("openphish", "https://b.example/login\n");
  ASSERT_EQ(own.entries.size(), 1u);
  EXPECT_EQ(own.entries[0].record.verdict, Verdict::kMalicious);
  EXPECT_THAT(own.entries[0].label.categories, ElementsAre(Category::kPhishing));

  FeedOptions options;
  options.verdict = Verdict::kSuspicious;
  options.categories = {Category::kSpamSource, Category::kScam, Category::kScam};
  options.confidence = 40;
  const FeedOutcome stated = ReadFeed("openphish", "https://b.example/login\n", options);
  ASSERT_EQ(stated.entries.size(), 1u);
  EXPECT_EQ(stated.entries[0].record.verdict, Verdict::kSuspicious);
  EXPECT_EQ(stated.entries[0].record.confidence, 40);
  EXPECT_THAT(stated.entries[0].label.categories,
              ElementsAre(Category::kScam, Category::kSpamSource));
}

TEST(TextFeedVerdicts, AnAddressWithAPortIsACommandServerOnly) {
  const FeedOutcome outcome = ReadFeed("list", "192.0.2.1:4444\n");
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].record.applies_to, 0);
  EXPECT_EQ(outcome.entries[1].record.applies_to,
            reputation::ContextBit(reputation::LookupContext::kC2));
}

TEST(TextFeedVerdicts, PuaSignaturesAreUnwanted) {
  const FeedOutcome outcome =
      ReadFeed("clamav", absl::StrCat(kMd5, ":1:PUA.Win.Tool\n", kSha256, ":1:Win.Trojan.A\n"));
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kUnwanted);
  EXPECT_EQ(outcome.entries[1].record.verdict, Verdict::kMalicious);
  EXPECT_EQ(outcome.entries[1].label.threat_name, "Win.Trojan.A");
}

TEST(TextFeedVerdicts, LongOrBrokenWordsNeverCostTheDigest) {
  const std::string name = absl::StrCat(std::string(254, 'x'), "é\xca\x01");
  const FeedOutcome outcome =
      ReadFeed("hash-comments", absl::StrCat(kMd5, ";", name, "\n", kSha256, ";a\xca z\n"));
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].label.threat_name, std::string(254, 'x'));
  EXPECT_EQ(outcome.entries[1].label.threat_name, "a? z");
}

TEST(TextFeedReports, NameLineAndReasonOfWhatIsLeftOut) {
  FeedOptions options;
  options.minimum_count = 3;
  const FeedOutcome outcome =
      ReadFeed("ipsum", "# c\n192.0.2.1\t9\n192.0.2.2\t2\n192.0.2.3\t3\n", options);
  EXPECT_EQ(outcome.entries.size(), 2u);
  ASSERT_EQ(outcome.Rejected(RowFault::kBelowMinimum), 1u);
  const auto& example = outcome.report.rejections().at(RowFault::kBelowMinimum).examples[0];
  EXPECT_EQ(example.line, 3u);
  EXPECT_EQ(example.why, "in fewer than 3 lists");

  const FeedOutcome hash = ReadFeed("hash", absl::StrCat("\xef\xbb\xbf", kMd5, "\n\nabc\n"));
  ASSERT_EQ(hash.Rejected(RowFault::kBadValue), 1u);
  EXPECT_EQ(hash.report.rejections().at(RowFault::kBadValue).examples[0].line, 3u);
  EXPECT_THAT(hash.report.rejections().at(RowFault::kBadValue).examples[0].why, HasSubstr("3"));
  EXPECT_EQ(hash.report.rows(), 1u);
  EXPECT_EQ(hash.report.lines(), 3u);
}

TEST(TextFeedReports, ALineWithoutEndIsRefusedAndTheNextRead) {
  const std::string text =
      absl::StrCat(std::string(LineReader::kMaxLineBytes + 10, 'a'), "\na.example\n");
  const FeedOutcome outcome = ReadFeed("domain", text);
  EXPECT_EQ(outcome.Rejected(RowFault::kMalformed), 1u);
  EXPECT_EQ(outcome.entries.size(), 1u);
}

}  // namespace
}  // namespace cloister::feeds
