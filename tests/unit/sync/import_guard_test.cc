// What each guard stops, and what it lets pass.

#include "sync/publisher/guards/import_guard.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/host_name.h"
#include "reputation/url.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/guarded_entry.h"

namespace cloister::publisher {
namespace {

using ::cloister::testing::IsOk;
using feeds::FeedEntry;
using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;
using testing::EntryOf;
using testing::GuardOf;
using ::testing::HasSubstr;

constexpr char kNothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

GuardOptions Usual() {
  GuardOptions options;
  options.own_domains = {"Bank.example", "mail.corp.example"};
  options.own_networks = {"198.51.100.0/24", "2001:db8:7::/48"};
  return options;
}

struct Row {
  const char* name;
  ObjectKind kind;
  const char* listed;
  Scope scope;
  const char* stopped;  // "guard action: why"; null: it passes
};

std::string Told(const std::optional<GuardFinding>& finding) {
  if (!finding.has_value()) return "passes";
  return absl::StrCat(std::string(GuardName(finding->guard)), " ",
                      std::string(GuardActionName(finding->action)), ": ", finding->why);
}

class ImportGuardTest : public ::testing::TestWithParam<Row> {};

TEST_P(ImportGuardTest, StopsWhatItShouldAndNothingElse) {
  const Row& row = GetParam();
  const std::unique_ptr<ImportGuard> guard = GuardOf(Usual());
  const FeedEntry entry = EntryOf(row.kind, row.listed, row.scope);
  EXPECT_EQ(Told(guard->Check(entry)), row.stopped == nullptr ? "passes" : row.stopped);
}

constexpr ObjectKind kFile = ObjectKind::kFile;
constexpr ObjectKind kHost = ObjectKind::kHost;
constexpr ObjectKind kIp = ObjectKind::kIp;
constexpr ObjectKind kUrl = ObjectKind::kUrl;
constexpr Scope kExact = Scope::kExact;
constexpr Scope kTree = Scope::kSubtree;
constexpr Scope kBelow = Scope::kSubdomainsOnly;

constexpr Row kRows[] = {
    {"EmptySha256", kFile, kNothing, kExact, "empty_file refuse: empty file"},
    {"EmptySha1", kFile, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", kExact,
     "empty_file refuse: empty file"},
    {"EmptyMd5", kFile, "d41d8cd98f00b204e9800998ecf8427e", kExact,
     "empty_file refuse: empty file"},
    {"AnotherFile", kFile, "d41d8cd98f00b204e9800998ecf8427f", kExact, nullptr},
    {"Suffix", kHost, "co.uk", kExact, "public_suffix refuse: public suffix co.uk"},
    {"PrivateSuffix", kHost, "github.io", kTree, "public_suffix refuse: public suffix github.io"},
    {"ObjectStorage", kHost, "storage.yandexcloud.net", kExact,
     "public_suffix refuse: public suffix storage.yandexcloud.net"},
    {"BelowASuffix", kHost, "someone.github.io", kTree, nullptr},
    {"SiteOfASuffix", kUrl, "http://github.io/", kTree,
     "public_suffix refuse: public suffix github.io"},
    {"Ten", kIp, "10.0.0.0/8", kTree, "private_network refuse: special-purpose network 10.0.0.0/8"},
    {"InTen", kIp, "10.1.2.3", kExact,
     "private_network refuse: special-purpose network 10.0.0.0/8"},
    {"AroundLoopback", kIp, "126.0.0.0/7", kTree,
     "private_network refuse: special-purpose network 127.0.0.0/8"},
    {"LinkLocal", kIp, "fe80::1", kExact,
     "private_network refuse: special-purpose network fe80::/10"},
    {"Public", kIp, "203.0.113.7", kExact, nullptr},
    {"Wide", kIp, "203.0.0.0/15", kTree, "wide_prefix hold: a /15 is wider than /16"},
    {"WideEnough", kIp, "203.0.0.0/16", kTree, nullptr},
    {"WideSix", kIp, "2a00::/31", kTree, "wide_prefix hold: a /31 is wider than /32"},
    {"WideEnoughSix", kIp, "2a00::/32", kTree, nullptr},
    {"PrivateSite", kUrl, "http://192.168.1.1:8080/", kTree,
     "private_network refuse: special-purpose network 192.168.0.0/16"},
    {"PrivatePage", kUrl, "http://192.168.1.1/x.sh", kExact, nullptr},
    {"PublicSite", kUrl, "http://203.0.113.7:8080/", kTree, nullptr},
    {"CodeHost", kHost, "github.com", kExact,
     "shared_host hold: shared host (code host) github.com"},
    {"CodeHostUpperCase", kHost, "GitHub.COM.", kExact,
     "shared_host hold: shared host (code host) github.com"},
    {"CodeHostAndBelow", kHost, "github.com", kTree,
     "shared_host hold: shared host (code host) github.com"},
    {"BelowACodeHost", kHost, "*.github.com", kBelow,
     "shared_host hold: shared host (code host) github.com"},
    {"PageOfACodeHost", kUrl, "https://github.com/x/y", kExact, nullptr},
    {"FolderOfACodeHost", kUrl, "https://github.com/x/", kTree, nullptr},
    {"FirstPageOfACodeHost", kUrl, "https://github.com/", kExact, nullptr},
    {"FirstPageWithAQuery", kUrl, "https://github.com/?x", kTree, nullptr},
    {"SiteOfACodeHost", kUrl, "https://github.com/", kTree,
     "shared_host hold: shared host (code host) github.com"},
    {"SiteWithPort", kUrl, "https://github.com:8443/", kTree,
     "shared_host hold: shared host (code host) github.com"},
    {"Gateway", kHost, "ipfs.io", kExact, "shared_host hold: shared host (IPFS gateway) ipfs.io"},
    {"Shortener", kHost, "bit.ly", kExact, "shared_host hold: shared host (shortener) bit.ly"},
    {"AboveASharedHost", kHost, "core.windows.net", kTree,
     "shared_host hold: shared hosts below core.windows.net"},
    {"AboveASharedHostAlone", kHost, "core.windows.net", kExact, nullptr},
    {"SiteAboveASharedHost", kUrl, "http://core.windows.net/", kTree,
     "shared_host hold: shared hosts below core.windows.net"},
    {"Own", kHost, "bank.example", kExact, "own_asset refuse: own domain bank.example"},
    {"BelowOwn", kHost, "a.b.bank.example", kExact, "own_asset refuse: own domain bank.example"},
    {"BelowOwnUpperCase", kHost, "A.BANK.example.", kExact,
     "own_asset refuse: own domain bank.example"},
    {"AllBelowOwn", kHost, "*.bank.example", kBelow, "own_asset refuse: own domain bank.example"},
    {"NotOwn", kHost, "notbank.example", kTree, nullptr},
    {"AboveOwn", kHost, "corp.example", kTree, "own_asset refuse: own domains below corp.example"},
    {"AboveOwnAlone", kHost, "corp.example", kExact, nullptr},
    {"OwnSite", kUrl, "http://www.bank.example/", kTree,
     "own_asset refuse: own domain bank.example"},
    {"OwnPage", kUrl, "http://www.bank.example/hacked.php", kExact, nullptr},
    {"OwnNetwork", kIp, "198.51.100.9", kExact, "own_asset refuse: own network 198.51.100.0/24"},
    {"OwnNetworkSix", kIp, "2001:db8:7:1::/64", kTree,
     "own_asset refuse: own network 2001:db8:7::/48"},
    // What is refused counts before what is held.
    {"AroundOwnNetwork", kIp, "198.50.0.0/15", kTree,
     "own_asset refuse: own network 198.51.100.0/24"},
    {"Software", ObjectKind::kSoftware, "pkg:npm/github.com", kExact, nullptr},
};
INSTANTIATE_TEST_SUITE_P(All, ImportGuardTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(ImportGuard, OnlyThreatsAreGuarded) {
  const std::unique_ptr<ImportGuard> guard = GuardOf(Usual());
  FeedEntry entry = EntryOf(kFile, kNothing, kExact);
  for (const Verdict threat : {Verdict::kMalicious, Verdict::kUnwanted, Verdict::kSuspicious}) {
    entry.record.verdict = threat;
    EXPECT_TRUE(guard->Check(entry).has_value());
  }
  for (const Verdict harmless : {Verdict::kTrusted, Verdict::kKnown}) {
    entry.record.verdict = harmless;
    EXPECT_FALSE(guard->Check(entry).has_value());
  }
  entry.record.verdict = Verdict::kMalicious;
  entry.record.excluded = true;
  EXPECT_FALSE(guard->Check(entry).has_value());
}

TEST(ImportGuard, GuardsThatAreOffStopNothing) {
  GuardOptions options = Usual();
  for (GuardAction* action :
       {&options.empty_file, &options.public_suffix, &options.private_network, &options.wide_prefix,
        &options.warning_list, &options.popular_host, &options.shared_host, &options.own_asset}) {
    *action = GuardAction::kOff;
  }
  options.warning_lists = {"/nowhere"};  // not even read
  const std::unique_ptr<ImportGuard> guard = GuardOf(options);
  for (const Row& row : kRows) {
    EXPECT_EQ(Told(guard->Check(EntryOf(row.kind, row.listed, row.scope))), "passes") << row.name;
  }
}

TEST(ImportGuard, WhatSeveralGuardsKnowIsRefusedIfOneRefuses) {
  GuardOptions options = Usual();
  options.own_domains = {"github.com"};
  EXPECT_THAT(Told(GuardOf(options)->Check(EntryOf(kHost, "github.com", kExact))),
              HasSubstr("own_asset refuse"));
  options.own_asset = GuardAction::kHold;
  options.shared_host = GuardAction::kRefuse;
  EXPECT_THAT(Told(GuardOf(options)->Check(EntryOf(kHost, "github.com", kExact))),
              HasSubstr("shared_host refuse"));
}

TEST(ImportGuard, WhatIsHeldCanBeAllowedByName) {
  GuardOptions options = Usual();
  options.allow = {"GitHub[.]com", "*.core.windows.net", "203.0.0.0/15", "http://bit.ly/",
                   "a.bank.example"};
  const std::unique_ptr<ImportGuard> guard = GuardOf(options);
  const auto told = [&guard](ObjectKind kind, const char* listed, Scope scope) {
    return Told(guard->Check(EntryOf(kind, listed, scope)));
  };
  EXPECT_EQ(told(kHost, "github.com", kTree), "passes");
  EXPECT_EQ(told(kUrl, "http://github.com:81/", kTree), "passes") << "its site, too";
  EXPECT_EQ(told(kHost, "core.windows.net", kBelow), "passes");
  EXPECT_EQ(told(kIp, "203.0.0.0/15", kTree), "passes");
  EXPECT_THAT(told(kIp, "202.0.0.0/15", kTree), HasSubstr("wide_prefix"));
  EXPECT_EQ(told(kUrl, "https://bit.ly/", kTree), "passes");
  EXPECT_THAT(told(kHost, "bit.ly", kExact), HasSubstr("shared_host")) << "the site alone";
  EXPECT_THAT(told(kHost, "gitlab.com", kExact), HasSubstr("shared_host"));
  EXPECT_THAT(told(kHost, "a.bank.example", kExact), HasSubstr("refuse")) << "not what is refused";
}

TEST(HeldLine, CanBeCopiedIntoAllow) {
  const std::pair<FeedEntry, const char*> rows[] = {
      {EntryOf(kHost, "*.GitHub.com", kBelow),
       "github.com\tshared_host\tshared host (code host) github.com"},
      {EntryOf(kUrl, "HTTP://user@Bit.ly:8080/./", kTree),
       "bit.ly:8080/\tshared_host\tshared host (shortener) bit.ly"},
      {EntryOf(kIp, "203.0.0.0/15", kTree), "203.0.0.0/15\twide_prefix\ta /15 is wider than /16"},
      {EntryOf(kFile, kNothing, kExact), nullptr},
  };
  GuardOptions options = Usual();
  options.empty_file = GuardAction::kHold;
  const std::unique_ptr<ImportGuard> guard = GuardOf(options);
  for (const auto& [entry, line] : rows) {
    const std::optional<GuardFinding> finding = guard->Check(entry);
    ASSERT_TRUE(finding.has_value());
    const std::string held = HeldLine(*finding, entry);
    EXPECT_EQ(held, line == nullptr ? absl::StrCat(kNothing, "\tempty_file\tempty file") : line);
    GuardOptions allowing = options;
    allowing.allow = {held};
    EXPECT_FALSE(GuardOf(allowing)->Check(entry).has_value()) << held;
  }
}

TEST(HeldLine, NothingThatAFeedWroteBreaksTheLine) {
  FeedEntry entry = EntryOf(kHost, "github.com", kExact);
  entry.listed = "git\thub\n.com";
  EXPECT_THAT(HeldLine({Guard::kSharedHost, GuardAction::kHold, "why"}, entry),
              ::testing::MatchesRegex("0301[0-9a-f]{64}\tshared_host\twhy"));
}

TEST(GuardNames, AreThoseOfTheConfiguration) {
  EXPECT_EQ(GuardName(Guard::kEmptyFile), "empty_file");
  EXPECT_EQ(GuardName(Guard::kOwnAsset), "own_asset");
  for (const GuardAction action : {GuardAction::kHold, GuardAction::kRefuse, GuardAction::kOff}) {
    EXPECT_EQ(GuardActionFromName(GuardActionName(action)), action);
  }
  EXPECT_EQ(GuardActionFromName("stop"), std::nullopt);
}

}  // namespace
}  // namespace cloister::publisher
