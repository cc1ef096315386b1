// Feeds as they were published. Counts are those of the data, found by other means.

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
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
  std::map<std::string, std::string> columns = {};
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
  options.columns = expected.columns;
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

using Kinds = std::map<ObjectKind, uint64_t>;
using Faults = std::map<RowFault, uint64_t>;

// Tables that nobody made for Cloister, by the usual names of their columns.
INSTANTIATE_TEST_SUITE_P(
    Tables, RealFeeds,
    ::testing::Values(
        Published{"csv", "blackbook/blackbook.csv", 18151, Kinds{{ObjectKind::kHost, 18151}},
                  Faults{}, ObjectKind::kHost, "statsrvv.com"},
        // The fingerprints of certificates beside the digests are as long as SHA-1 and no files.
        Published{"csv", "stalkerware/samples.csv", 3228, Kinds{{ObjectKind::kFile, 3228}},
                  Faults{}, ObjectKind::kFile,
                  "2f3bc9ebe8c249f0416f5b0367f34b4b8f6aaa7d351dc5b4912fe2558491b6b7"},
        // Two repositories are called domains.
        Published{"csv", "stalkerware/generated/network.csv", 1032,
                  Kinds{{ObjectKind::kHost, 966}, {ObjectKind::kIp, 66}},
                  Faults{{RowFault::kBadValue, 2}}, ObjectKind::kHost, "copy9.com"},
        Published{"csv", "tranco-100k/tranco_safe.csv", 100000, Kinds{{ObjectKind::kUrl, 100000}},
                  Faults{}, ObjectKind::kUrl, "https://gtld-servers.net"},
        // Where a path is given the host is not listed.
        Published{
            "csv", "urlhaus-filter/urlhaus-filter-splunk-online.csv", 6363,
            Kinds{{ObjectKind::kUrl, 3510}, {ObjectKind::kHost, 619}, {ObjectKind::kIp, 2234}},
            Faults{}, ObjectKind::kHost, "1.izumisv1.cc"},
        // The header is a comment; the column "ioc" holds words.
        Published{"csv", "jayp-threatfox-malwarebazaar/IPC2s-30day.csv", 1318,
                  Kinds{{ObjectKind::kIp, 1318}}, Faults{}, ObjectKind::kIp, "1.116.160.39"},
        Published{"csv", "jayp-threatfox-malwarebazaar/ThreatIntelFeeds.csv", 117,
                  Kinds{{ObjectKind::kUrl, 117}}, Faults{}, ObjectKind::kUrl,
                  "https://sslbl.abuse.ch/blacklist/sslipblacklist.csv"},
        // Names of single machines at Amazon are public suffixes.
        Published{"csv",
                  "jayp-threatfox-malwarebazaar/threatfox.csv",
                  24894,
                  Kinds{{ObjectKind::kUrl, 1}, {ObjectKind::kHost, 24888}, {ObjectKind::kIp, 5}},
                  Faults{{RowFault::kBadValue, 12}, {RowFault::kPublicSuffix, 55}},
                  ObjectKind::kHost,
                  "tpowe2.com",
                  1,
                  {{"value", "Address"}}},
        // Lines of 53 kB; several digests in a field; 54 rows know no sample.
        Published{"csv",
                  "loldrivers/loldrivers.io/content/api/drivers.csv",
                  6343,
                  Kinds{{ObjectKind::kFile, 6343}},
                  Faults{{RowFault::kMissingField, 54}},
                  ObjectKind::kFile,
                  "ba86e444ae837476e7ccdd06f8867795",
                  1,
                  {{"sha256", "KnownVulnerableSamples_SHA256"},
                   {"sha1", "KnownVulnerableSamples_SHA1"},
                   {"md5", "KnownVulnerableSamples_MD5"}}}));

INSTANTIATE_TEST_SUITE_P(
    Unit42, RealFeeds,
    ::testing::Values(
        Published{"csv", "unit42-csv/squirtdanger/squirtdanger_c2.csv", 119,
                  Kinds{{ObjectKind::kIp, 119}}, Faults{}, ObjectKind::kIp, "136.243.102.157"},
        Published{"csv",
                  "unit42-csv/squirtdanger/squirtdanger_distribution.csv",
                  15,
                  Kinds{{ObjectKind::kUrl, 15}},
                  Faults{},
                  ObjectKind::kUrl,
                  "http://ru-shop.su/SquirtDanger.dll",
                  1,
                  {{"url", "Distribution URL Observed"}}},
        Published{"csv", "unit42-csv/squirtdanger/squirtdanger_samples.csv", 3972,
                  Kinds{{ObjectKind::kFile, 3972}}, Faults{}, ObjectKind::kFile,
                  "8c5b25017a6cceab7a9116584c1161ce482f3745"},
        Published{"csv", "unit42-csv/macro_loader/iocs.csv", 1308,
                  Kinds{{ObjectKind::kFile, 654}, {ObjectKind::kUrl, 654}}, Faults{},
                  ObjectKind::kUrl, "http://www.pfirsterer.com/chrome/chrome99.exe"},
        // Fields with line breaks in them.
        Published{"csv", "unit42-csv/dearjoohn/dearjoohn_iocs.csv", 9,
                  Kinds{{ObjectKind::kFile, 9}}, Faults{}, ObjectKind::kFile,
                  "abfc14f7f708f662046bfcad81a719c71a35a8dc5aa111407c2c93496e52db74"},
        Published{"csv", "unit42-csv/xHunt/xHunt_IOCs.csv", 93,
                  Kinds{{ObjectKind::kFile, 46}, {ObjectKind::kHost, 47}}, Faults{},
                  ObjectKind::kHost, "microsofte-update.com"},
        // No-break spaces of Mac OS Roman behind names.
        Published{"csv", "unit42-csv/silverterrier/domains18.csv", 18623,
                  Kinds{{ObjectKind::kHost, 18617}, {ObjectKind::kIp, 6}}, Faults{},
                  ObjectKind::kHost, "abastostelano.com"},
        Published{"csv", "unit42-csv/silverterrier/domains17.csv", 6276,
                  Kinds{{ObjectKind::kHost, 6275}, {ObjectKind::kIp, 1}}, Faults{},
                  ObjectKind::kHost, "012net.net"},
        Published{"csv", "unit42-csv/silverterrier/domains.csv", 2577,
                  Kinds{{ObjectKind::kHost, 2577}}, Faults{}, ObjectKind::kHost, "1-ships.com"},
        Published{"csv", "unit42-csv/henbox/henbox_samples.csv", 215,
                  Kinds{{ObjectKind::kFile, 215}}, Faults{}, ObjectKind::kFile,
                  "f3d04a7f77498acec86efc8d372c4d6eac591d8030f0a867ab856074e4da1fe6"},
        Published{"csv", "unit42-csv/samsa/updated_iocs.csv", 60, Kinds{{ObjectKind::kFile, 60}},
                  Faults{}, ObjectKind::kFile,
                  "45e00fe90c8aa8578fce2b305840e368d62578c77e352974da6b8f8bc895d75b"},
        Published{"csv", "unit42-csv/iran_linked_operators/Shamoon.csv", 33,
                  Kinds{{ObjectKind::kFile, 33}}, Faults{{RowFault::kUnknownKind, 39}},
                  ObjectKind::kFile,
                  "c3ab58b3154e5f5101ba74fccfd27a9ab445e41262cdf47e8cc3be7416a5904f"},
        // An MD5 of 31 digits.
        Published{"csv", "unit42-csv/iran_linked_operators/APT33.csv", 95,
                  Kinds{{ObjectKind::kFile, 48}, {ObjectKind::kHost, 26}, {ObjectKind::kIp, 21}},
                  Faults{{RowFault::kBadValue, 1}}, ObjectKind::kHost, "boeing.servehttp.com"},
        Published{"csv", "unit42-csv/iran_linked_operators/MuddyWater.csv", 347,
                  Kinds{{ObjectKind::kFile, 226}, {ObjectKind::kUrl, 106}, {ObjectKind::kIp, 15}},
                  Faults{{RowFault::kUnknownKind, 31}}, ObjectKind::kIp, "66.219.22.235"},
        // Addresses with a port are the pages of that port and the address; 14 rows have a type of
        // their own making, one the port "None".
        Published{"csv", "unit42-csv/venomrat_iocs.csv", 1257,
                  Kinds{{ObjectKind::kFile, 438},
                        {ObjectKind::kUrl, 414},
                        {ObjectKind::kHost, 9},
                        {ObjectKind::kIp, 396}},
                  Faults{{RowFault::kUnknownKind, 14}, {RowFault::kBadValue, 1}}, ObjectKind::kIp,
                  "20.195.166.5"},
        Published{"csv", "unit42-csv/keybase/keybase_ioc.csv", 640,
                  Kinds{{ObjectKind::kFile, 320}, {ObjectKind::kUrl, 320}}, Faults{},
                  ObjectKind::kUrl, "http://www.rylynnbrackett.com/keybase/post.php"},
        Published{"csv", "unit42-csv/golang_malware_results.csv", 10700,
                  Kinds{{ObjectKind::kFile, 10700}}, Faults{}, ObjectKind::kFile,
                  "99b89e9580af7fc70d8f6ac079358e6b716f7fd242a6547cf2ca932c4ad9c3df"},
        // Words and a shortened digest among the objects.
        Published{"csv", "unit42-csv/bitter/iocs.csv", 336,
                  Kinds{{ObjectKind::kFile, 255}, {ObjectKind::kHost, 78}, {ObjectKind::kIp, 3}},
                  Faults{{RowFault::kBadValue, 2}}, ObjectKind::kHost, "frameworksupport.net"},
        // No headers.
        Published{"csv",
                  "unit42-csv/rarog/c2_w_timestamps.csv",
                  161,
                  Kinds{{ObjectKind::kHost, 161}},
                  Faults{},
                  ObjectKind::kHost,
                  "api.highwrite.ru",
                  1,
                  {{"host", "#2"}, {"first_seen", "#1"}}},
        Published{"csv",
                  "unit42-csv/gorgon/hashes.csv",
                  1085,
                  Kinds{{ObjectKind::kFile, 1085}},
                  Faults{},
                  ObjectKind::kFile,
                  "c8f457649a33e2c828a70bef48546c7d7a33619dd16ac50207dc744fa4a72260",
                  1,
                  {{"sha256", "#2"}}},
        Published{"list", "unit42-csv/rat_nest/iocs.csv", 290,
                  Kinds{{ObjectKind::kHost, 272}, {ObjectKind::kIp, 18}}, Faults{},
                  ObjectKind::kHost, "katarepaa.tk"},
        Published{"list", "unit42-csv/prince_of_persia/hashes.csv", 242,
                  Kinds{{ObjectKind::kFile, 242}}, Faults{}, ObjectKind::kFile,
                  "022672d91bc3039bc3935c7161389bb3"}));

INSTANTIATE_TEST_SUITE_P(
    Lists, RealFeeds,
    ::testing::Values(
        Published{"rpz", "urlhaus-filter/urlhaus-filter-rpz.conf", 2688,
                  Kinds{{ObjectKind::kHost, 2688}}, Faults{{RowFault::kPublicSuffix, 1}},
                  ObjectKind::kHost, "0022a601.pphost.net"},
        Published{"wildcard", "urlhaus-filter/urlhaus-filter-wildcard.txt", 25767,
                  Kinds{{ObjectKind::kHost, 2688}, {ObjectKind::kIp, 23079}},
                  Faults{{RowFault::kPublicSuffix, 1}}, ObjectKind::kIp, "1.0.209.238"},
        Published{"dnsmasq", "urlhaus-filter/urlhaus-filter-dnsmasq-online.conf", 619,
                  Kinds{{ObjectKind::kHost, 619}}, Faults{}, ObjectKind::kHost, "1.izumisv1.cc"},
        Published{"unbound", "urlhaus-filter/urlhaus-filter-unbound-online.conf", 619,
                  Kinds{{ObjectKind::kHost, 619}}, Faults{}, ObjectKind::kHost, "1.izumisv1.cc"},
        Published{"checksums", "dpkg-md5sums/md5sums.all.txt.zst", 113464,
                  Kinds{{ObjectKind::kFile, 113464}}, Faults{}, ObjectKind::kFile,
                  "2ba08fece3b3434a669f3c529bbea383"},
        Published{"domain", "stalkerware/generated/hosts", 925, Kinds{{ObjectKind::kHost, 925}},
                  Faults{}, ObjectKind::kHost, "13-5.org"},
        Published{"domain", "stalkerware/generated/quad9_blocklist.txt", 967,
                  Kinds{{ObjectKind::kHost, 966}, {ObjectKind::kIp, 1}},
                  Faults{{RowFault::kBadValue, 2}}, ObjectKind::kHost, "copy9.com"},
        // Six lines go on with ";65".
        Published{"list", "neo23x0-iocs/c2-iocs.txt", 1838,
                  Kinds{{ObjectKind::kHost, 1709}, {ObjectKind::kIp, 129}},
                  Faults{{RowFault::kBadValue, 6}}, ObjectKind::kHost, "suroot.com"},
        Published{"maltrail", "maltrail-a/trails/static/malware/glupteba.txt", 338,
                  Kinds{{ObjectKind::kHost, 284}, {ObjectKind::kIp, 23}, {ObjectKind::kUrl, 31}},
                  Faults{{RowFault::kNoHost, 6}}, ObjectKind::kHost, "ostdownload.xyz"}));

// All files of a folder together.
struct FolderCounts {
  uint64_t files = 0;
  std::map<ObjectKind, uint64_t> kinds;
  std::map<RowFault, uint64_t> faults;
};

FolderCounts ReadFolder(const char* format, const std::string& folder, absl::string_view name) {
  FolderCounts counts;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = file.path().string();
    if (!file.is_regular_file() || !absl::StrContains(path, name)) continue;
    const FeedOutcome outcome = ReadFeedFile(format, path);
    EXPECT_THAT(outcome.status, IsOk()) << path;
    ++counts.files;
    for (const auto& [kind, count] : outcome.report.kinds()) counts.kinds[kind] += count;
    for (const auto& [fault, found] : outcome.report.rejections()) {
      counts.faults[fault] += found.count;
    }
  }
  return counts;
}

// Six regular expressions, an address with the port 0, ten machines whose names are public
// suffixes; every other line that is left out is a path without a host.
TEST(RealFolders, OfTrailsAreReadToTheLastLine) {
  const std::optional<std::string> folder = testing::SharedData("data/maltrail-a");
  if (!folder.has_value()) GTEST_SKIP() << testing::SharedDataHint("data/maltrail-a");
  const FolderCounts counts = ReadFolder("maltrail", *folder, ".txt");
  EXPECT_EQ(
      counts.kinds,
      (Kinds{{ObjectKind::kHost, 105950}, {ObjectKind::kIp, 19848}, {ObjectKind::kUrl, 26731}}));
  EXPECT_EQ(counts.faults, (Faults{{RowFault::kNoHost, 3097},
                                   {RowFault::kUnsupported, 6},
                                   {RowFault::kPublicSuffix, 10},
                                   {RowFault::kBadValue, 1}}));
}

TEST(RealFolders, OfDigestsAreReadToTheLastLine) {
  const std::optional<std::string> folder = testing::SharedData("data/eset-hashes");
  if (!folder.has_value()) GTEST_SKIP() << testing::SharedDataHint("data/eset-hashes");
  const FolderCounts counts = ReadFolder("hash", *folder, "/samples.");
  EXPECT_EQ(counts.files, 354u);
  EXPECT_EQ(counts.kinds, (Kinds{{ObjectKind::kFile, 16149}}));
  EXPECT_EQ(counts.faults, (Faults{{RowFault::kBadValue, 1}}));
}

// One data set in several renderings has to give the same keys.
class RealFeedRenderings : public ::testing::Test {
 protected:
  using Keys = std::set<std::string>;

  // Nothing if the data is not here.
  std::optional<Keys> Read(const char* format, const std::string& suffix, ObjectKind kind) {
    const std::optional<std::string> path = testing::SharedData(kPrefix + suffix);
    if (!path.has_value()) return std::nullopt;
    Keys keys;
    for (const FeedEntry& entry : ReadFeedFile(format, *path).entries) {
      if (entry.key.kind() == kind) keys.emplace(entry.key.bytes());
    }
    return keys;
  }

  const std::string kPrefix = "data/urlhaus-filter/urlhaus-filter";
};

TEST_F(RealFeedRenderings, GiveTheSameHostsAndAddresses) {
  const auto hosts = Read("domain", "-domains.txt", ObjectKind::kHost);
  const auto addresses = Read("domain", "-domains.txt", ObjectKind::kIp);
  if (!hosts.has_value()) GTEST_SKIP() << testing::SharedDataHint(kPrefix + "-domains.txt");
  EXPECT_EQ(hosts->size(), 2688u);
  EXPECT_EQ(addresses->size(), 23079u);
  EXPECT_EQ(hosts, Read("adblock", "-agh.txt", ObjectKind::kHost));
  EXPECT_EQ(hosts, Read("hosts", "-hosts.txt", ObjectKind::kHost));
  EXPECT_EQ(hosts, Read("rpz", "-rpz.conf", ObjectKind::kHost));
  EXPECT_EQ(hosts, Read("wildcard", "-wildcard.txt", ObjectKind::kHost));
  EXPECT_EQ(addresses, Read("adblock", "-agh.txt", ObjectKind::kIp));
  EXPECT_EQ(addresses, Read("wildcard", "-wildcard.txt", ObjectKind::kIp));
  EXPECT_EQ(addresses, Read("ip", "-dnscrypt-blocked-ips.txt", ObjectKind::kIp));
  // With its rules for pages, this one has more.
  const auto with_pages = Read("adblock", ".txt", ObjectKind::kHost);
  EXPECT_TRUE(std::includes(with_pages->begin(), with_pages->end(), hosts->begin(), hosts->end()));
}

TEST_F(RealFeedRenderings, OfWhatIsOnlineGiveTheSameHosts) {
  const auto hosts = Read("dnsmasq", "-dnsmasq-online.conf", ObjectKind::kHost);
  if (!hosts.has_value()) GTEST_SKIP() << testing::SharedDataHint(kPrefix + "-dnsmasq-online.conf");
  EXPECT_EQ(hosts->size(), 619u);
  EXPECT_EQ(hosts, Read("unbound", "-unbound-online.conf", ObjectKind::kHost));
  EXPECT_EQ(hosts, Read("csv", "-splunk-online.csv", ObjectKind::kHost));
}

}  // namespace
}  // namespace cloister::feeds
