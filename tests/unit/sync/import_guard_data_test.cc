// Real feeds against real lists: how many entries each guard stops, and which.

#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
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
  const Feed feeds[] = {
      {"URLhaus", "urlhaus", "urlhaus-csv-online/urlhaus.abuse.csv", 0, {}, {}},
      {"urlhaus-filter", "adblock", "urlhaus-filter/urlhaus-filter.txt", 0, {}, {}},
      {"urlhaus-filter domains", "domain", "urlhaus-filter/urlhaus-filter-domains.txt", 0, {}, {}},
      {"polkadot", "polkadot", "polkadot-phishing/all.json", 0, {}, {}},
      {"ipsum", "ipsum", "ipsum/ipsum.txt", 0, {}, {}},
      {"MD5", "hash", "romainmarcoux-hash/full-hash-md5-aa.txt", 0, {}, {}},
      {"SHA-1", "hash", "romainmarcoux-hash/full-hash-sha1-aa.txt", 0, {}, {}},
  };
  if (Guard() == nullptr) GTEST_SKIP() << testing::SharedDataHint("data");
  for (const Feed& feed : feeds) {
    SCOPED_TRACE(feed.name);
    const auto path = testing::SharedData(absl::StrCat("data/", feed.path));
    if (!path) GTEST_SKIP() << testing::SharedDataHint(feed.path);
    const Outcome outcome = Read(feed.format, *path);
    EXPECT_EQ(outcome.entries, feed.entries);
    EXPECT_EQ(outcome.stopped, feed.stopped);
    std::cout << feed.name << " " << outcome.entries << "\n";
    for (const auto& [guard, n] : outcome.stopped) std::cout << "   " << guard << " " << n << "\n";
    int k = 0;
    for (const auto& [object, why] : outcome.why)
      if (++k < 40) std::cout << "     " << object << " : " << why << "\n";
    for (const auto& [object, why] : feed.why) {
      ASSERT_EQ(outcome.why.count(object), 1u) << object;
      EXPECT_EQ(outcome.why.at(object), why);
    }
  }
}

}  // namespace
}  // namespace cloister::publisher
