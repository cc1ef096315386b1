// Real feeds against real lists: how many entries each guard stops, and which.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/url.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/guards/import_guard.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/guarded_entry.h"

namespace cloister::publisher {
namespace {

using ::cloister::testing::IsOk;
using feeds::FeedEntry;

// What became of the entries of one feed.
struct Outcome {
  uint64_t entries = 0;
  std::map<std::string, uint64_t> stopped;  // by guard
  std::map<std::string, std::string> why;   // of each object, as HeldLine writes it
};

class GuardDataTest : public ::testing::Test {
 protected:
  static const ImportGuard* Guard() {
    static const std::unique_ptr<ImportGuard> guard = [] {
      const auto lists = testing::SharedData("data/misp-warninglists-a");
      const auto popular = testing::SharedData("data/tranco-100k/tranco_safe.csv");
      if (!lists || !popular) return std::unique_ptr<ImportGuard>();
      GuardOptions options;
      for (const char* list :
           {"/public-dns-v4", "/alexa", "/google", "/empty-hashes", "/common-ioc-false-positive",
            "/ti-falsepositives", "/security-provider-blogpost"}) {
        options.warning_lists.push_back(absl::StrCat(*lists, list, "/list.json"));
      }
      options.popular_hosts = {*popular};
      return testing::GuardOf(options);
    }();
    return guard.get();
  }

  static Outcome Read(const std::string& format, const std::string& path) {
    Outcome outcome;
    auto reader = feeds::NewFeedReader(format, {});
    EXPECT_THAT(reader, IsOk());
    feeds::FeedReport report("test");
    const absl::Status read = (*reader)->Read(
        feeds::FeedSource(path),
        [&outcome](const FeedEntry& entry) {
          ++outcome.entries;
          const std::optional<GuardFinding> finding = Guard()->Check(entry);
          if (!finding.has_value()) return absl::OkStatus();
          ++outcome.stopped[std::string(GuardName(finding->guard))];
          const std::string line = HeldLine(*finding, entry);
          outcome.why[line.substr(0, line.find('\t'))] = finding->why;
          return absl::OkStatus();
        },
        &report);
    EXPECT_THAT(read, IsOk());
    return outcome;
  }
};

struct Feed {
  const char* name;
  const char* format;
  const char* path;
  uint64_t entries;
  std::map<std::string, uint64_t> stopped;
  std::map<std::string, std::string> why;  // some of them
};

TEST_F(GuardDataTest, EachRealFeedLosesWhatEverybodyUsesAndNoMore) {
  const std::string resolver = "warning list List of known IPv4 public DNS resolvers: ";
  const Feed feeds[] = {
      // Its 736 URLs on github.com among them: none lists a whole site.
      {"URLhaus", "urlhaus", "urlhaus-csv-online/urlhaus.abuse.csv", 13'633, {}, {}},
      {"urlhaus-filter",
       "adblock",
       "urlhaus-filter/urlhaus-filter.txt",
       31'821,
       {{"shared_host", 1}, {"warning_list", 9}},
       {{"paste.rs", "shared host (paste site) paste.rs"},
        {"46.166.79.149", resolver + "46.166.79.149"}}},
      {"urlhaus-filter domains",
       "domain",
       "urlhaus-filter/urlhaus-filter-domains.txt",
       25'767,
       {{"shared_host", 1}, {"warning_list", 9}},
       {{"paste.rs", "shared host (paste site) paste.rs"}}},
      // Names under which strangers have names of their own, but not in the Public Suffix List.
      {"polkadot",
       "polkadot",
       "polkadot-phishing/all.json",
       54'868,
       {{"popular_host", 11}},
       {{"mooo.com", "popular host mooo.com"},
        {"myhuaweicloud.com", "popular host myhuaweicloud.com"}}},
      {"ipsum",
       "ipsum",
       "ipsum/ipsum.txt",
       120'430,
       {{"warning_list", 48}},
       {{"173.255.225.25", resolver + "173.255.225.25"}}},
      {"MD5", "hash", "romainmarcoux-hash/full-hash-md5-aa.txt", 4'090, {}, {}},
      {"SHA-1", "hash", "romainmarcoux-hash/full-hash-sha1-aa.txt", 605, {}, {}},
  };
  if (Guard() == nullptr) GTEST_SKIP() << testing::SharedDataHint("data");
  for (const Feed& feed : feeds) {
    SCOPED_TRACE(feed.name);
    const auto path = testing::SharedData(absl::StrCat("data/", feed.path));
    if (!path) GTEST_SKIP() << testing::SharedDataHint(feed.path);
    const Outcome outcome = Read(feed.format, *path);
    EXPECT_EQ(outcome.entries, feed.entries);
    EXPECT_EQ(outcome.stopped, feed.stopped);
    for (const auto& [object, why] : feed.why) {
      ASSERT_EQ(outcome.why.count(object), 1u) << object;
      EXPECT_EQ(outcome.why.at(object), why);
    }
  }
}

// What a feed of hosts made of the same URLs would do.
TEST_F(GuardDataTest, TheHostsOfListedUrlsAreStoppedWhereManyShareThem) {
  const auto path = testing::SharedData("data/urlhaus-csv-online/urlhaus.abuse.csv");
  if (Guard() == nullptr || !path) GTEST_SKIP() << testing::SharedDataHint("data");
  std::map<std::string, uint64_t> stopped;
  uint64_t on_github = 0;
  auto reader = feeds::NewFeedReader("urlhaus", {});
  ASSERT_THAT(reader, IsOk());
  feeds::FeedReport report("test");
  const auto read = (*reader)->Read(
      feeds::FeedSource(*path),
      [&](const FeedEntry& entry) {
        const auto url = reputation::CanonicalizeUrl(entry.listed);
        if (!url.ok() || url->ip.has_value()) return absl::OkStatus();
        const FeedEntry host = testing::EntryOf(reputation::ObjectKind::kHost, url->host.c_str(),
                                                reputation::Scope::kExact);
        const auto finding = Guard()->Check(host);
        if (!finding.has_value()) return absl::OkStatus();
        ++stopped[std::string(GuardName(finding->guard))];
        if (url->host != "github.com") return absl::OkStatus();
        ++on_github;
        EXPECT_FALSE(Guard()->Check(entry).has_value()) << std::string(entry.listed);
        return absl::OkStatus();
      },
      &report);
  EXPECT_THAT(read, IsOk());
  EXPECT_EQ(on_github, 736u);
  EXPECT_EQ(stopped, (std::map<std::string, uint64_t>{
                         {"popular_host", 68}, {"shared_host", 122}, {"warning_list", 1288}}));
}

}  // namespace
}  // namespace cloister::publisher
