// Feeds as they were published. Counts are those of the data, found by other means.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::ObjectKind;
using testing::IsOk;

struct Published {
  const char* format;
  const char* file;
  uint64_t rows;
  std::map<ObjectKind, uint64_t> kinds;
  std::map<RowFault, uint64_t> faults;
  ObjectKind kind;     // of `listed`
  const char* listed;  // an object that the file lists
  uint32_t minimum_count = 1;
};

void PrintTo(const Published& published, std::ostream* out) { *out << published.file; }

std::string Counts(const FeedReport& report) {
  std::string text = absl::StrCat("rows ", report.rows());
  for (const auto& [kind, count] : report.kinds()) {
    absl::StrAppend(&text, "; ", reputation::ObjectKindName(kind), " ", count);
  }
  for (const auto& [fault, rejections] : report.rejections()) {
    absl::StrAppend(&text, "; ", RowFaultName(fault), " ", rejections.count);
    for (const auto& example : rejections.examples) {
      absl::StrAppend(&text, " [", example.line, ": ", example.text, ": ", example.why, "]");
    }
  }
  return text;
}

class RealFeeds : public ::testing::TestWithParam<Published> {};

TEST_P(RealFeeds, AreReadToTheLastLine) {
  const Published& expected = GetParam();
  const std::string name = absl::StrCat("data/", expected.file);
  const std::optional<std::string> path = testing::SharedData(name);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(name);
  FeedOptions options;
  options.minimum_count = expected.minimum_count;
  const FeedOutcome outcome = ReadFeedFile(expected.format, *path, options);
  ASSERT_THAT(outcome.status, IsOk());
  std::map<RowFault, uint64_t> faults;
  for (const auto& [fault, rejections] : outcome.report.rejections()) {
    faults[fault] = rejections.count;
  }
  EXPECT_EQ(outcome.report.rows(), expected.rows) << Counts(outcome.report);
  EXPECT_EQ(outcome.report.kinds(), expected.kinds) << Counts(outcome.report);
  EXPECT_EQ(faults, expected.faults) << Counts(outcome.report);
  const auto object = reputation::Object::Parse(expected.kind, expected.listed);
  ASSERT_THAT(object, IsOk());
  const reputation::LookupKey key = object->Keys(false).keys.front();
  uint64_t listed = 0;
  for (const FeedEntry& entry : outcome.entries) listed += entry.key == key ? 1 : 0;
  EXPECT_GT(listed, 0u) << expected.listed;
}

INSTANTIATE_TEST_SUITE_P(
    SharedData, RealFeeds,
    ::testing::Values(
        Published{"urlhaus",
                  "urlhaus-csv-online/urlhaus.abuse.csv",
                  13633,
                  {{ObjectKind::kUrl, 13633}},
                  {},
                  ObjectKind::kUrl,
                  "http://216.126.225.121/bins/arm7"},
        Published{"hash",
                  "jayp-threatfox-malwarebazaar/MD5-test.txt",
                  507,
                  {{ObjectKind::kFile, 507}},
                  {},
                  ObjectKind::kFile,
                  "98516400e20d10be5d0f6e2462e33df3"},
        Published{"ipsum",
                  "ipsum/ipsum.txt",
                  120430,
                  {{ObjectKind::kIp, 120430}},
                  {},
                  ObjectKind::kIp,
                  "77.90.185.20"},
        Published{"ipsum",
                  "ipsum/ipsum.txt",
                  5354,
                  {{ObjectKind::kIp, 5354}},
                  {{RowFault::kBelowMinimum, 115076}},
                  ObjectKind::kIp,
                  "77.90.185.20",
                  4},
        Published{"ip",
                  "ipsum/levels/4.txt",
                  5354,
                  {{ObjectKind::kIp, 5354}},
                  {},
                  ObjectKind::kIp,
                  "16.5.0.132"},
        Published{"hash-comments",
                  "neo23x0-iocs/hash-iocs.txt",
                  3224,
                  {{ObjectKind::kFile, 3224}},
                  {},
                  ObjectKind::kFile,
                  "ce583821191345274cd954b2db7da9742c239fe413fc17dcb97ffdd7b51cb072"},
        Published{"clamav",
                  "clamav-sigs/other_sigs/alz.hdb",
                  13,
                  {{ObjectKind::kFile, 13}},
                  {},
                  ObjectKind::kFile,
                  "03d4c70e6aa3832fa51959137b6a3fc55d8b9f55"},
        Published{"clamav",
                  "clamav-sigs/other_sigs/logo.hsb",
                  1,
                  {{ObjectKind::kFile, 1}},
                  {},
                  ObjectKind::kFile,
                  "f083e9c704165003f8c065964e4ccb47da48bbad8a80521d571cbf0f1d4762c6"},
        Published{"domain",
                  "urlhaus-filter/urlhaus-filter-domains.txt",
                  25767,
                  {{ObjectKind::kHost, 2688}, {ObjectKind::kIp, 23079}},
                  {{RowFault::kPublicSuffix, 1}},
                  ObjectKind::kHost,
                  "0daydreams.net"},
        Published{"adblock",
                  "urlhaus-filter/urlhaus-filter.txt",
                  31821,
                  {{ObjectKind::kHost, 2691}, {ObjectKind::kIp, 23079}, {ObjectKind::kUrl, 6051}},
                  {{RowFault::kPublicSuffix, 1}},
                  ObjectKind::kUrl,
                  "http://0x0.st/8ics.py"},
        Published{"adblock",
                  "urlhaus-filter/urlhaus-filter-agh.txt",
                  25767,
                  {{ObjectKind::kHost, 2688}, {ObjectKind::kIp, 23079}},
                  {{RowFault::kPublicSuffix, 1}},
                  ObjectKind::kIp,
                  "1.0.209.238"},
        Published{"hosts",
                  "urlhaus-filter/urlhaus-filter-hosts.txt",
                  2688,
                  {{ObjectKind::kHost, 2688}},
                  {{RowFault::kPublicSuffix, 1}},
                  ObjectKind::kHost,
                  "05webinvite.com"},
        Published{"ip",
                  "urlhaus-filter/urlhaus-filter-dnscrypt-blocked-ips.txt",
                  23079,
                  {{ObjectKind::kIp, 23079}},
                  {},
                  ObjectKind::kIp,
                  "1.117.77.166"},
        Published{"hash",
                  "romainmarcoux-hash/full-hash-md5-aa.txt",
                  4090,
                  {{ObjectKind::kFile, 4090}},
                  {},
                  ObjectKind::kFile,
                  "f211694aaf443b12b2eca9f5e7f25407"},
        // A SHA-1 with a letter more, and no end of the last line.
        Published{"hash",
                  "eset-hashes/modiloader/samples.sha1",
                  12,
                  {{ObjectKind::kFile, 12}},
                  {{RowFault::kBadValue, 1}},
                  ObjectKind::kFile,
                  "3c0a0ec8fe9eb3e5dab2018e94ceb4e29fd8dd33"},
        // 23 addresses with a port (two listings each), 6 URLs, 2 with host and path, 284 names;
        // 6 are paths without a host.
        Published{"list",
                  "maltrail-a/trails/static/malware/glupteba.txt",
                  338,
                  {{ObjectKind::kHost, 284}, {ObjectKind::kIp, 23}, {ObjectKind::kUrl, 31}},
                  {{RowFault::kNoHost, 6}},
                  ObjectKind::kHost,
                  "ostdownload.xyz"}));

// One data set in several renderings has to give the same keys.
TEST(RealFeedRenderings, GiveTheSameHosts) {
  const std::string folder = "data/urlhaus-filter/urlhaus-filter";
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& [format, suffix] : std::vector<std::pair<std::string, std::string>>{
           {"domain", "-domains.txt"}, {"adblock", "-agh.txt"}, {"hosts", "-hosts.txt"}}) {
    const std::optional<std::string> path = testing::SharedData(folder + suffix);
    if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(folder + suffix);
    for (const FeedEntry& entry : ReadFeedFile(format, *path).entries) {
      if (entry.key.kind() != ObjectKind::kHost) continue;
      keys[format].insert(std::string(entry.key.bytes()));
    }
  }
  EXPECT_EQ(keys["domain"].size(), 2688u);
  EXPECT_EQ(keys["domain"], keys["adblock"]);
  EXPECT_EQ(keys["domain"], keys["hosts"]);
}

}  // namespace
}  // namespace cloister::feeds
