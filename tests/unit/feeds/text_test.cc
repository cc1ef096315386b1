#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/ip_address.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
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
    if (entry.record.excluded) name = absl::StrCat("not ", name);
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
        Case{"url", "/only/a/path.php", {}, "no_host"},
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
        Case{"ip", "!192.0.2.7", {"192.0.2.7"}, "not ip 192.0.2.7"},
        Case{"ip", "! 192.0.2.0/28 # ours", {"192.0.2.0/28"}, "not ip 192.0.2.0/28 subtree"},
        Case{"ip", "! Updated today", {}, ""},
        Case{"ip", "add drop 192.0.2.7 nomatch", {"192.0.2.7"}, "not ip 192.0.2.7"},
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
        Case{"list", "/x.php", {}, "no_host"}, Case{"list", "who@a.example", {}, "bad_value"},
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
        Case{"adblock", "@@||a.example^", {"a.example"}, "not host a.example subtree"},
        Case{"adblock", "@@||*.a.example^", {"a.example"}, "not host a.example subdomains_only"},
        Case{"adblock", "@@||192.0.2.9^$important", {"192.0.2.9"}, "not ip 192.0.2.9"},
        Case{"adblock", "@@||a.example/x^", {}, "unsupported"},
        Case{"adblock", "@@a.example", {}, "unsupported"},
        Case{"adblock", "@@@@||a.example^", {}, "unsupported"},
        Case{"adblock", "@@||a.example^$third-party", {}, "unsupported"},
        Case{"adblock", "a.example##.banner", {}, "unsupported"},
        Case{"adblock", "||a.ex*mple^", {}, "unsupported"},
        Case{"adblock", "/ads[0-9]+/", {}, "unsupported"},
        Case{"adblock", "||github.io^", {}, "public_suffix"},
        Case{"adblock", "[Adblock Plus 2.0]", {}, ""}, Case{"adblock", "! Title", {}, ""}));

INSTANTIATE_TEST_SUITE_P(
    Resolvers, TextFeeds,
    ::testing::Values(
        Case{"dnsmasq", "address=/a.example/0.0.0.0", {"a.example"}, "host a.example subtree"},
        Case{"dnsmasq", "address=/a.example/#", {"a.example"}, "host a.example subtree"},
        Case{"dnsmasq", "address=/.a.example/::", {"a.example"}, "host a.example subtree"},
        Case{"dnsmasq",
             "address=/a.example/b.example/",
             {"a.example", "b.example"},
             "host a.example subtree + host b.example subtree"},
        Case{"dnsmasq", "server=/a.example/", {"a.example"}, "host a.example subtree"},
        Case{"dnsmasq", "local=/a.example/ # why", {"a.example"}, "host a.example subtree"},
        Case{"dnsmasq", "server=/a.example/#", {"a.example"}, "not host a.example subtree"},
        Case{"dnsmasq", "server=/a.example/192.0.2.53", {}, "unsupported"},
        Case{"dnsmasq", "address=/a.example/192.0.2.80", {}, "unsupported"},
        Case{"dnsmasq", "address=/co.uk/0.0.0.0", {}, "public_suffix"},
        Case{"dnsmasq", "no-resolv", {}, "unsupported"},
        Case{"dnsmasq", "address=/#/0.0.0.0", {}, "bad_value"}, Case{"unbound", "server:", {}, ""},
        Case{"unbound",
             R"(local-zone: "a.example" always_nxdomain)",
             {"a.example"},
             "host a.example subtree"},
        Case{"unbound", "local-zone: a.example. refuse", {"a.example"}, "host a.example subtree"},
        Case{"unbound",
             R"(local-zone: "a.example" always_transparent)",
             {"a.example"},
             "not host a.example subtree"},
        Case{"unbound", R"(local-zone: "a.example" inform)", {}, "unsupported"},
        Case{"unbound", R"(local-zone: "a.example")", {}, "malformed"},
        Case{"unbound", R"(local-zone: "a.example" redirect)", {}, ""},
        Case{"unbound",
             "local-zone: \"a.example\" redirect\nlocal-data: \"a.example A 0.0.0.0\"",
             {"a.example"},
             "host a.example subtree"},
        Case{"unbound",
             "local-data: \"a.example A 0.0.0.0\"\nlocal-data: \"a.example AAAA ::\"",
             {"a.example"},
             "host a.example"},
        Case{"unbound",
             "local-data: 'a.example 60 IN A 127.0.0.1'",
             {"a.example"},
             "host a.example"},
        Case{"unbound",
             "local-zone: \"A.example\" redirect\nlocal-data: \"a.example. A 0.0.0.0\"",
             {"a.example"},
             "host a.example subtree"},
        Case{"unbound",
             "local-data: \"a.example A 192.0.2.80\"\nlocal-data: \"a.example A 0.0.0.0\"",
             {"a.example"},
             "host a.example + unsupported"},
        Case{"unbound", R"(local-data: "a.example A 192.0.2.80")", {}, "unsupported"},
        Case{"unbound", R"(local-data: "a.example TXT x")", {}, "unsupported"},
        Case{"unbound", "do-ip6: no", {}, "unsupported"}));

INSTANTIATE_TEST_SUITE_P(
    Rbldnsd, TextFeeds,
    ::testing::Values(
        Case{"rbldnsd", "$SOA 3600 ns.example a.example 0 600 300 86400 300", {}, ""},
        Case{"rbldnsd", ":127.0.0.2:Listed, see http://a.example/?$", {}, ""},
        Case{"rbldnsd", "192.0.2.1", {"192.0.2.1"}, "ip 192.0.2.1"},
        Case{"rbldnsd", "192.0.2.1 :127.0.0.3:Worm", {"192.0.2.1"}, "ip 192.0.2.1"},
        Case{"rbldnsd", "a.example:127.0.0.3:Worm", {"a.example"}, "host a.example"},
        Case{"rbldnsd", "192.0.2", {"192.0.2.0/24"}, "ip 192.0.2.0/24 subtree"},
        Case{"rbldnsd", "192.0", {"192.0.0.0/16"}, "ip 192.0.0.0/16 subtree"},
        Case{"rbldnsd", "192.0.2.0/24", {"192.0.2.0/24"}, "ip 192.0.2.0/24 subtree"},
        Case{"rbldnsd",
             "192.0.2.3-8",
             {"192.0.2.3", "192.0.2.4/30", "192.0.2.8"},
             "ip 192.0.2.3 + ip 192.0.2.4/30 subtree + ip 192.0.2.8"},
        Case{"rbldnsd", "192.0.2.0-192.0.3.255", {"192.0.2.0/23"}, "ip 192.0.2.0/23 subtree"},
        Case{"rbldnsd", "192.0.2-3", {"192.0.2.0/23"}, "ip 192.0.2.0/23 subtree"},
        Case{"rbldnsd",
             "255.255.255.254-255",
             {"255.255.255.254/31"},
             "ip 255.255.255.254/31 subtree"},
        Case{"rbldnsd", "1-254", {}, "prefix_too_wide"},
        Case{"rbldnsd", "192.0.2.9-3", {}, "bad_value"},
        Case{"rbldnsd", "192.0.2.1-", {}, "bad_value"},
        Case{"rbldnsd", "192.0.256", {}, "bad_value"},
        Case{"rbldnsd", "0", {"0.0.0.0/8"}, "ip 0.0.0.0/8 subtree"},
        Case{"rbldnsd", "2001:db8::/32", {"2001:db8::/32"}, "ip 2001:db8::/32 subtree"},
        Case{"rbldnsd", "!192.0.2.7", {"192.0.2.7"}, "not ip 192.0.2.7"},
        Case{"rbldnsd", "a.example", {"a.example"}, "host a.example"},
        Case{"rbldnsd", ".a.example", {"a.example"}, "host a.example subtree"},
        Case{"rbldnsd", "*.a.example", {"a.example"}, "host a.example subdomains_only"},
        Case{"rbldnsd", "!.a.example", {"a.example"}, "not host a.example subtree"}));

INSTANTIATE_TEST_SUITE_P(
    TrailsAndWildcards, TextFeeds,
    ::testing::Values(Case{"maltrail", "a.example", {"a.example"}, "host a.example subtree"},
                      Case{"maltrail", "a.example # why", {"a.example"}, "host a.example subtree"},
                      Case{"maltrail", "a.example#why", {"a.example"}, "host a.example subtree"},
                      Case{"maltrail", "192.0.2.1", {"192.0.2.1"}, "ip 192.0.2.1"},
                      Case{"maltrail",
                           "192.0.2.1:8080",
                           {"192.0.2.1", "http://192.0.2.1:8080/"},
                           "url http://192.0.2.1:8080/ subtree + ip 192.0.2.1"},
                      Case{"maltrail",
                           "a.example/x.php",
                           {"http://a.example/x.php"},
                           "url http://a.example/x.php"},
                      Case{"maltrail", "/x.php?id=", {}, "no_host"},
                      Case{"maltrail", "# Reference", {}, ""},
                      Case{"maltrail", "a.example b.example", {}, "malformed"},
                      Case{"wildcard", "*.a.example", {"a.example"}, "host a.example subtree"},
                      Case{"wildcard", ".a.example", {"a.example"}, "host a.example subtree"},
                      Case{"wildcard", "a.example", {"a.example"}, "host a.example subtree"},
                      Case{"wildcard", "*.192.0.2.7", {"192.0.2.7"}, "ip 192.0.2.7"},
                      Case{"wildcard", "*.co.uk", {}, "public_suffix"}));

INSTANTIATE_TEST_SUITE_P(
    Checksums, TextFeeds,
    ::testing::Values(
        Case{"checksums", absl::StrCat(kMd5, "  usr/bin/x y"), {kMd5}, absl::StrCat("file ", kMd5)},
        Case{"checksums", absl::StrCat(kSha1, " *x.exe"), {kSha1}, absl::StrCat("file ", kSha1)},
        Case{"checksums", absl::StrCat("\\", kMd5, "  a\\nb"), {kMd5}, absl::StrCat("file ", kMd5)},
        Case{"checksums",
             absl::StrCat("SHA256 (a (1).iso) = ", kSha256),
             {kSha256},
             absl::StrCat("file ", kSha256)},
        Case{"checksums", kMd5, {}, "malformed"}, Case{"checksums", "abc  x", {}, "bad_value"},
        Case{"checksums", "# adduser", {}, ""}));

TEST(Checksums, AreKnownAndNameTheirProduct) {
  const FeedOutcome outcome =
      ReadFeed("checksums", absl::StrCat("# adduser\n", kMd5, "  usr/sbin/adduser\n# some words\n",
                                         kSha1, "  usr/sbin/x\n"));
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kKnown);
  EXPECT_EQ(outcome.entries[0].label.product, "adduser");
  EXPECT_EQ(outcome.entries[1].label.product, "");
}

TEST(DropList, LapsesWhenItSays) {
  const std::string text =
      "; Spamhaus DROP List\n; Expires: Sat, 15 Jun 2024 19:25:12 GMT\n192.0.2.0/24 ; SBL1\n";
  const FeedOutcome drop = ReadFeed("drop", text);
  ASSERT_EQ(drop.entries.size(), 1u);
  EXPECT_EQ(absl::FormatTime(absl::RFC3339_sec, drop.entries[0].record.valid_until(),
                             absl::UTCTimeZone()),
            "2024-06-15T20:00:00+00:00");
  const FeedOutcome plain = ReadFeed("ip", text);
  ASSERT_EQ(plain.entries.size(), 1u);
  EXPECT_EQ(plain.entries[0].record.valid_until_hours, 0u);
  EXPECT_EQ(ReadFeed("drop", "; Expires: soon\n192.0.2.0/24\n").entries[0].record.valid_until_hours,
            0u);
}

// What is listed is told as text, since keys cannot be read back.
TEST(TextFeedsTell, WhatTheyListed) {
  const FeedOutcome outcome =
      ReadFeed("list", absl::StrCat("hxxp://a[.]example/x\n192.0.2.7\n", kMd5, "\n"));
  EXPECT_THAT(outcome.listed, ElementsAre("http://a.example/x", "192.0.2.7", kMd5));
}

TEST(TextFeedsTell, HowFarTheyAreAndWhatTheyCount) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "list";
  std::string text;
  for (int i = 0; i < 9000; ++i) absl::StrAppend(&text, "host", i, ".example\n");
  ASSERT_THAT(storage::WriteFileAtomically(path, text), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto reader, NewFeedReader("domain", {}));
  std::vector<std::string> told;
  reader->set_progress([&told](uint64_t read, absl::string_view what) {
    told.push_back(absl::StrCat(read, " ", what));
  });
  FeedReport report("test");
  const auto ignore = [](const FeedEntry&) { return absl::OkStatus(); };
  ASSERT_THAT(reader->Read(FeedSource(path), ignore, &report), IsOk());
  EXPECT_THAT(told, ElementsAre("4096 lines", "8192 lines"));
}

TEST(Exclusions, CarryNothingButTheirReach) {
  FeedOptions options;
  options.categories = {{Category::kMalware}};
  options.confidence = 70;
  const FeedOutcome outcome = ReadFeed("ip", "!192.0.2.7\n", options);
  ASSERT_EQ(outcome.entries.size(), 1u);
  reputation::Record excluded;
  excluded.excluded = true;
  EXPECT_EQ(outcome.entries[0].record, excluded);
  EXPECT_TRUE(outcome.entries[0].label.empty());
}

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
