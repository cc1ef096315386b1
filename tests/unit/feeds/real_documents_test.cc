// Documents as they were published: what each file or folder gives, what is refused for which
// reason, and rows of which each is a trap. Counts are those of the data.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::ObjectKind;
using reputation::Scope;
using reputation::Verdict;
using testing::IsOk;

struct Document {
  const char* format;
  const char* path;  // below data/; all *.json of a folder
  std::string counts;
  // "verdict kind text" of rows that have to be there, with "!" before those that must not be.
  std::vector<std::string> rows = {};
  // Files of the folder that cannot be read.
  int broken = 0;
};

void PrintTo(const Document& document, std::ostream* out) { *out << document.path; }

std::string Counts(const FeedReport& report) {
  std::vector<std::string> words = {absl::StrCat("rows ", report.rows())};
  for (const auto& [kind, count] : report.kinds()) {
    words.push_back(absl::StrCat(reputation::ObjectKindName(kind), " ", count));
  }
  for (const auto& [fault, rejections] : report.rejections()) {
    words.push_back(absl::StrCat("!", RowFaultName(fault), " ", rejections.count));
  }
  return absl::StrJoin(words, " ");
}

std::string Examples(const FeedReport& report) {
  std::string text;
  for (const auto& [fault, rejections] : report.rejections()) {
    for (const auto& example : rejections.examples) {
      absl::StrAppend(&text, "\n  ", RowFaultName(fault), " ", example.file, ":", example.line,
                      ": ", example.text, ": ", example.why);
    }
  }
  return text;
}

std::string RowOf(const FeedEntry& entry, absl::string_view listed) {
  const reputation::Record& record = entry.record;
  return absl::StrCat(record.excluded ? "excluded" : reputation::VerdictName(record.verdict), " ",
                      reputation::ObjectKindName(entry.key.kind()), " ", listed,
                      record.scope == Scope::kExact ? "" : " ",
                      record.scope == Scope::kExact ? "" : reputation::ScopeName(record.scope),
                      record.applies_to == 0 ? "" : " c2");
}

std::vector<std::string> FilesOf(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::recursive_directory_iterator(path)) {
    if (file.path().extension() == ".json") files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class RealDocuments : public ::testing::TestWithParam<Document> {};

TEST_P(RealDocuments, GiveWhatTheyListAndSayWhyTheRestIsLeftOut) {
  const Document& document = GetParam();
  const std::string name = absl::StrCat("data/", document.path);
  const std::optional<std::string> path = testing::SharedData(name);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(name);
  FeedReport report(name);
  std::set<std::string> rows;
  int broken = 0;
  for (const std::string& file : FilesOf(*path)) {
    const FeedOutcome outcome = ReadFeedFile(document.format, file);
    report.Add(outcome.report, std::filesystem::path(file).filename().string());
    if (!outcome.status.ok()) {
      ++broken;
      EXPECT_TRUE(outcome.entries.empty()) << file;
    }
    ASSERT_EQ(outcome.listed.size(), outcome.entries.size());
    for (size_t i = 0; i < outcome.entries.size(); ++i) {
      rows.insert(RowOf(outcome.entries[i], outcome.listed[i]));
    }
  }
  EXPECT_EQ(Counts(report), document.counts) << Examples(report);
  EXPECT_EQ(broken, document.broken);
  for (const std::string& row : document.rows) {
    const bool wanted = !absl::StartsWith(row, "!");
    EXPECT_EQ(rows.count(wanted ? row : row.substr(1)), wanted ? 1u : 0u) << row;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Intelligence, RealDocuments,
    ::testing::Values(
        Document{"stix",
                 "oasis-stix-examples",
                 "rows 37 file 4 url 2 host 27 ip 45 !bad_value 1 !unsupported 5",
                 {"malicious url http://x4z9arb.cn/4712/",
                  "malicious file ef537f25c895bfa782526529a9b63d97aa631564d5d789c2b765448c8635fb6c",
                  "malicious ip 60.10.1.115", "!malicious host domain autuo.xicp.net"}},
        Document{"stix",
                 "unit42-stix",
                 "rows 2715 file 1636 url 586 host 341 ip 152 !bad_value 2 !fragment_identity 2 "
                 "!unsupported 21",
                 {"malicious file 12d5c8201d462576f38a2c1cf62eb3f9f09c3799b4212325d33509ef1253f4e7",
                  "malicious url 104.238.220.131/download/sys.exe", "!malicious host kntwtopnbt",
                  "!malicious url bandung.pojoksatu.id/#mingguini"}},
        Document{"misp",
                 "eset-misp",
                 "rows 374 file 342 url 27 host 5 !unsupported 45 !context_only 1485",
                 {"malicious url http://157.119.75.16/Mozi.6",
                  "malicious file b8a89ec3fffab735bb689532f1d2410f", "!malicious ip 157.119.75.16",
                  "!malicious ip 69.172.75.177"},
                 1},
        Document{"misp",
                 "stalkerware/generated/misp_event.json",
                 "rows 4752 file 3752 host 1000 !context_only 2343",
                 {"malicious host copy9.com"}},
        Document{"stalkerware",
                 "stalkerware/ioc.yaml",
                 "rows 1661 url 2 host 1590 ip 69 !unsupported 1095",
                 {"malicious host copy9.com", "malicious ip 69.64.74.239 c2",
                  "malicious url https://github.com/karma9874/AndroRAT",
                  "malicious host app.fonetracker.com"}},
        Document{"polkadot",
                 "polkadot-phishing/all.json",
                 "rows 54868 url 2 host 54862 ip 4 !public_suffix 26",
                 {"malicious host 3xpool.bid subtree", "malicious url x.com/AcalaNetworks subtree",
                  "excluded host *.fleek.co subdomains_only",
                  "malicious host altentifierdapp.on.fleek.co subtree",
                  "!excluded host github.io subtree"}},
        Document{"hashlookup",
                 "hashlookup-report/doc/sample-report/full.json",
                 "rows 2648 file 2648",
                 {"known file 365C8A657289E1B17371E8BBC0BDC86D6A6BC532"}},
        Document{"scoop",
                 "scoop-main/bucket",
                 "rows 2589 file 2589 !unsupported 46",
                 {"known file db407a4f6d4999e5c7bc00ce8a882be94717b56e7fa68140fe3f12605d91643e",
                  "known file 55171bb369d0375ae0e6e8f6cccfffb112c8b13e5c991c4d1f6b21ad968c1af0"}},
        Document{"nsrl",
                 "nsrl-form-debian/RDS_form_minimal.db",
                 "rows 9000 file 27000",
                 {"known file A19E7E361DD0ADEB3B56734061C5152D23C5A26F25417F3EEC1F0A019ED0DF58"}},
        Document{"nsrl", "nsrl-form-debian/NSRLFile.txt", "rows 9000 file 18000"},
        Document{"nsrl",
                 "nsrl-real-rows/NSRLFile.txt",
                 "rows 9 file 18",
                 {"known file 000000206738748EDD92C4E3D2E823896700F849"}}));

Document WarningList(const char* path, const char* counts, std::vector<std::string> rows = {}) {
  return {"misp-warninglist", path, counts, std::move(rows)};
}

INSTANTIATE_TEST_SUITE_P(
    WarningLists, RealDocuments,
    ::testing::Values(
        WarningList("misp-warninglists-a/akamai/list.json", "rows 268 ip 268"),
        WarningList("misp-warninglists-a/alexa/list.json", "rows 997 host 997 !public_suffix 3",
                    {"known host 115.com"}),
        WarningList("misp-warninglists-a/amazon-aws/list.json", "rows 3847 ip 3847"),
        WarningList("misp-warninglists-a/cloudflare-top20k/list.json",
                    "rows 19708 host 19708 !public_suffix 293"),
        WarningList("misp-warninglists-a/cloudflare/list.json", "rows 22 ip 22"),
        WarningList("misp-warninglists-a/common-ioc-false-positive/list.json", "rows 69 file 69"),
        WarningList("misp-warninglists-a/disposable-email/list.json", "rows 0 !unsupported 8201"),
        WarningList("misp-warninglists-a/empty-hashes/list.json", "rows 3 file 3 !unsupported 3",
                    {"known file e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                     "!known host 3::"}),
        WarningList("misp-warninglists-a/fastly/list.json", "rows 21 ip 21"),
        WarningList("misp-warninglists-a/google-gcp/list.json", "rows 471 ip 471"),
        WarningList("misp-warninglists-a/google-gmail-sending-ips/list.json", "rows 8 ip 8"),
        WarningList("misp-warninglists-a/google/list.json", "rows 657 host 657 !public_suffix 12",
                    {"known host google.ad", "!known host google.ad subtree"}),
        WarningList("misp-warninglists-a/googlebot/list.json", "rows 65 ip 65"),
        WarningList("misp-warninglists-a/majestic_million/list.json",
                    "rows 9712 host 9712 !public_suffix 287"),
        WarningList("misp-warninglists-a/microsoft-attack-simulator/list.json",
                    "rows 0 !unsupported 141"),
        WarningList("misp-warninglists-a/microsoft-azure-appid/list.json", "rows 0 !unsupported 4"),
        WarningList("misp-warninglists-a/microsoft-azure-china/list.json", "rows 211 ip 211"),
        WarningList("misp-warninglists-a/microsoft-azure-germany/list.json", "rows 36 ip 36"),
        WarningList("misp-warninglists-a/microsoft-azure-us-gov/list.json", "rows 201 ip 201"),
        WarningList("misp-warninglists-a/microsoft-azure/list.json", "rows 2683 ip 2683"),
        WarningList("misp-warninglists-a/microsoft-mdca-proxy/list.json", "rows 16 host 16"),
        WarningList("misp-warninglists-a/microsoft-office365-cn/list.json", "rows 67 ip 67"),
        WarningList("misp-warninglists-a/microsoft-office365-ip/list.json", "rows 82 ip 82"),
        WarningList("misp-warninglists-a/microsoft-office365/list.json", "rows 183 host 183"),
        WarningList("misp-warninglists-a/microsoft-win10-connection-endpoints/list.json",
                    "rows 142 host 142 !public_suffix 2"),
        WarningList("misp-warninglists-a/microsoft/list.json",
                    "rows 184 host 184 !public_suffix 7"),
        WarningList("misp-warninglists-a/public-dns-v4/list.json", "rows 62745 ip 62745",
                    {"known ip 1.0.0.1"}),
        WarningList("misp-warninglists-a/rfc1918/list.json", "rows 3 ip 3",
                    {"known ip 10.0.0.0/8 subtree"}),
        WarningList("misp-warninglists-a/rfc3849/list.json", "rows 1 ip 1"),
        WarningList("misp-warninglists-a/rfc5735/list.json", "rows 13 ip 13 !prefix_too_wide 2",
                    {"known ip 127.0.0.0/8 subtree", "!known ip 224.0.0.0/4 subtree"}),
        WarningList("misp-warninglists-a/rfc6598/list.json", "rows 1 ip 1"),
        WarningList("misp-warninglists-a/rfc6761/list.json", "rows 21 host 21"),
        WarningList("misp-warninglists-a/second-level-tlds/list.json",
                    "rows 1691 host 1691 !public_suffix 8540"),
        WarningList("misp-warninglists-a/security-provider-blogpost/list.json",
                    "rows 645 host 645 !public_suffix 2"),
        WarningList("misp-warninglists-a/ti-falsepositives/list.json", "rows 24645 file 24645"),
        WarningList("misp-warninglists-a/url-shortener/list.json", "rows 255 host 255",
                    {"known host 2ly.link"})));

}  // namespace
}  // namespace cloister::feeds
