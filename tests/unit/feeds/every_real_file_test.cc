// Every file of the shared data folder is read by the format that is made for it, or stands in this
// table with the reason why it is no feed: nothing is passed over in silence.

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/shared_data.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

namespace fs = std::filesystem;

struct FileRow {
  const char* pattern;  // of fnmatch, below the data folder; the first row that matches counts
  const char* format;   // null: no feed, and why
  const char* why = "";
  std::map<std::string, std::string> columns = {};
};

const FileRow kRows[] = {
    {"MANIFEST.*", nullptr, "says what the folder holds"},
    {"*/LICENSE", nullptr, "licence"},
    {"mail-*", nullptr, "mail"},
    {"blackbook/blackbook.csv", "csv"},
    {"clamav-sigs/*.hdb", "clamav"},
    {"clamav-sigs/*.hsb", "clamav"},
    {"clamav-sigs/*", nullptr, "signatures of contents and of URLs' hashes, not of files' digests"},
    {"debian-packages/*.zst", "debian-packages"},
    {"dpkg-md5sums/*.zst", "checksums"},
    {"eset-hashes/*/samples.*", "hash"},
    {"eset-misp/*.json", "misp"},
    {"hashlookup-report/*.json", "hashlookup"},
    {"ipsum/ipsum.txt", "ipsum"},
    {"ipsum/levels/*.txt", "ip"},
    {"jayp-*/ThreatIntelFeeds.csv", nullptr, "a table about feeds"},
    {"jayp-*/MD5-test.txt", "hash"},
    {"jayp-*/threatfox.csv", "csv", "", {{"value", "Address"}}},
    {"jayp-*.csv", "csv"},
    {"loldrivers/*/authentihash_*", nullptr, "digests of parts of files: no lookup can match them"},
    {"loldrivers/*.imphash", nullptr, "digests of import tables"},
    {"loldrivers/*/samples_*", "hash"},
    {"loldrivers/*.csv",
     "csv",
     "",
     {{"sha256", "KnownVulnerableSamples_SHA256"},
      {"sha1", "KnownVulnerableSamples_SHA1"},
      {"md5", "KnownVulnerableSamples_MD5"}}},
    {"maltrail-a/*.txt", "maltrail"},
    {"misp-warninglists-a/*/list.json", "misp-warninglist"},
    {"neo23x0-iocs/hash-iocs.txt", "hash-comments"},
    {"neo23x0-iocs/c2-iocs.txt", "list"},
    {"neo23x0-iocs/*.txt", nullptr, "names of files, keywords and a text about them"},
    {"nsrl-form-debian/NSRLFile.txt", "nsrl"},
    {"nsrl-form-debian/*.txt", nullptr, "tables beside NSRLFile.txt, read with it"},
    {"nsrl-form-debian/*.db", "nsrl"},
    {"nsrl-rdsv3-schema/*.sql", nullptr, "a schema without rows"},
    {"nsrl-real-rows/*.txt", "nsrl"},
    {"oasis-stix-examples/*.json", "stix"},
    {"polkadot-phishing/all.json", "polkadot"},
    {"polkadot-phishing/address.json", nullptr, "addresses of wallets"},
    {"romainmarcoux-hash/*.txt", "hash"},
    {"scoop-main/*.json", "scoop"},
    {"stalkerware/samples.csv", "csv", "", {{"sha256", "SHA256"}, {"threat_name", "App"}}},
    {"stalkerware/generated/network.csv", "csv"},
    {"stalkerware/generated/hosts", "domain"},
    {"stalkerware/generated/quad9_blocklist.txt", "domain"},
    {"stalkerware/generated/misp_event.json", "misp"},
    {"stalkerware/ioc.yaml", "stalkerware"},
    {"tranco-100k/*.csv", "csv"},
    {"unit42-csv/rarog/c2_w_timestamps.csv", "csv", "", {{"host", "#2"}, {"first_seen", "#1"}}},
    {"unit42-csv/rarog/sha256_w_timestamps.csv", "csv", "", {{"sha256", "#2"}}},
    {"unit42-csv/squirtdanger/squirtdanger_distribution.csv",
     "csv",
     "",
     {{"url", "Distribution URL Observed"}}},
    {"unit42-csv/gorgon/hashes.csv", "csv", "", {{"sha256", "#2"}}},
    {"unit42-csv/rat_nest/iocs.csv", "list"},
    {"unit42-csv/prince_of_persia/hashes.csv", "list"},
    {"unit42-csv/ewind/apps.csv", nullptr, "names of applications"},
    {"unit42-csv/*.csv", "csv"},
    {"unit42-stix/*.json", "stix"},
    {"urlhaus-csv-online/*.csv", "urlhaus"},
    {"urlhaus-filter/*domains.txt", "domain"},
    {"urlhaus-filter/*hosts.txt", "hosts"},
    {"urlhaus-filter/*rpz.conf", "rpz"},
    {"urlhaus-filter/*dnsmasq*", "dnsmasq"},
    {"urlhaus-filter/*unbound*", "unbound"},
    {"urlhaus-filter/*wildcard.txt", "wildcard"},
    {"urlhaus-filter/*ips.txt", "ip"},
    {"urlhaus-filter/*.csv", "csv"},
    {"urlhaus-filter/*.txt", "adblock"},
};

// Files that cannot be read whole, and what is said of them.
const std::map<std::string, std::string> kRefused = {
    {"eset-misp/pypi_backdoor/malicious_pypi_packages.misp-event.json", "not JSON, or cut short"},
};

const FileRow* RowOf(const std::string& file) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&file](const FileRow& one) {
    return fnmatch(one.pattern, file.c_str(), 0) == 0;
  });
  return row == std::end(kRows) ? nullptr : row;
}

std::vector<std::string> EveryFile(const std::string& folder) {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Each reason has a count, and examples that say why.
void ExpectExplained(const FeedReport& report) {
  uint64_t rejected = 0;
  for (const auto& [fault, rejections] : report.rejections()) {
    rejected += rejections.count;
    ASSERT_FALSE(rejections.examples.empty()) << RowFaultName(fault);
    EXPECT_LE(rejections.examples.size(), rejections.count) << RowFaultName(fault);
    for (const FeedReport::Example& example : rejections.examples) {
      EXPECT_FALSE(example.why.empty()) << RowFaultName(fault) << ": " << example.text;
    }
  }
  EXPECT_EQ(rejected, report.rejected());
}

TEST(EveryRealFile, IsReadAndEachRejectionExplained) {
  const auto folder = testing::SharedData("data");
  if (!folder.has_value()) GTEST_SKIP() << testing::SharedDataHint("data");
  uint64_t accepted = 0;
  uint64_t rejected = 0;
  size_t read = 0;
  for (const std::string& file : EveryFile(*folder)) {
    SCOPED_TRACE(file);
    const FileRow* row = RowOf(file);
    ASSERT_NE(row, nullptr) << "say in the table above how it is read, or why it is no feed";
    if (row->format == nullptr) continue;
    FeedOptions options;
    options.columns = row->columns;
    const FeedOutcome outcome =
        ReadFeedFile(row->format, absl::StrCat(*folder, "/", file), options);
    const auto refused = kRefused.find(file);
    if (refused != kRefused.end()) {
      EXPECT_TRUE(absl::StrContains(outcome.status.message(), refused->second)) << outcome.status;
      continue;
    }
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    ExpectExplained(outcome.report);
    accepted += outcome.entries.size();
    rejected += outcome.report.rejected();
    ++read;
  }
  std::cout << "FIGURE every_real_file files=" << read << " entries=" << accepted
            << " rejected=" << rejected << "\n";
}

}  // namespace
}  // namespace cloister::feeds
