// Package collections as documents: repositories of RPM, buckets of Scoop.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::LookupForm;
using reputation::Verdict;
using ::testing::ElementsAre;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

const std::string kSha256(64, 'c');
const std::string kSha1(40, 'b');

std::string Package(absl::string_view checksum, absl::string_view version = "") {
  return absl::StrCat(
      "<package type=\"rpm\"><name>zlib</name><arch>x86_64</arch>",
      version.empty() ? "<version epoch=\"0\" ver=\"1.2.11\" rel=\"40.el9\"/>" : version, checksum,
      "<summary>Compression</summary><format><rpm:vendor>Rocky Enterprise Software Foundation"
      "</rpm:vendor><rpm:requires><rpm:entry name=\"libc\"/></rpm:requires></format></package>");
}

std::string Primary(absl::string_view packages) {
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<metadata xmlns=\"http://linux.duke.edu/metadata/common\" "
      "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"1\">\n",
      packages, "</metadata>\n");
}

std::string Checksum(absl::string_view type, absl::string_view digits) {
  return absl::StrCat("<checksum type=\"", type, "\" pkgid=\"YES\">", digits, "</checksum>");
}

TEST(RpmPackages, GivesTheFileAndItsPackageUrls) {
  const FeedOutcome outcome =
      ReadFeed("rpm-packages", Primary(Package(Checksum("sha256", kSha256))));
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_THAT(outcome.listed, ElementsAre(kSha256, "pkg:rpm/rocky/zlib@1.2.11-40.el9",
                                          "pkg:rpm/rocky/zlib@1.2.11-40.el9?arch=x86_64"));
  for (const FeedEntry& entry : outcome.entries) {
    EXPECT_EQ(entry.record.verdict, Verdict::kKnown);
    EXPECT_EQ(entry.label.product, "zlib");
    EXPECT_EQ(entry.label.version, "1.2.11-40.el9");
    EXPECT_EQ(entry.label.vendor, "Rocky Enterprise Software Foundation");
  }
  EXPECT_EQ(outcome.report.rows(), 1u);
  EXPECT_EQ(outcome.report.lines(), 1u);
  // Found as a client asks.
  const auto asked =
      reputation::Object::Software("pkg:rpm/rocky/zlib@1.2.11-40.el9?arch=x86_64&distro=rocky-9");
  ASSERT_THAT(asked, IsOk());
  bool found = false;
  for (const auto& key : asked->Keys(false).keys) found = found || key == outcome.entries[1].key;
  EXPECT_TRUE(found);
}

TEST(RpmPackages, NamesEpochAndVendorAsPackageUrlsDo) {
  struct Row {
    std::string vendor;
    std::string epoch;
    std::string purl;
  };
  const std::vector<Row> rows = {
      {"Fedora Project", "0", "pkg:rpm/fedora/zlib@1-2?arch=x86_64"},
      {"Red Hat, Inc.", "", "pkg:rpm/redhat/zlib@1-2?arch=x86_64"},
      {"SUSE LLC &lt;https://www.suse.com/&gt;", "3", "pkg:rpm/suse/zlib@1-2?arch=x86_64&epoch=3"},
      {"openSUSE", "0", "pkg:rpm/opensuse/zlib@1-2?arch=x86_64"},
      {"Acme & Sons, Ltd.", "0", "pkg:rpm/acme-sons-ltd/zlib@1-2?arch=x86_64"},
      {"", "0", "pkg:rpm/zlib@1-2?arch=x86_64"},
  };
  for (const Row& row : rows) {
    std::string text =
        Primary(Package(Checksum("sha256", kSha256),
                        absl::StrCat("<version epoch=\"", row.epoch, "\" ver=\"1\" rel=\"2\"/>")));
    const std::string vendor = absl::StrReplaceAll(row.vendor, {{" & ", " &amp; "}});
    text = absl::StrReplaceAll(text, {{"Rocky Enterprise Software Foundation", vendor}});
    const FeedOutcome outcome = ReadFeed("rpm-packages", text);
    ASSERT_THAT(outcome.status, IsOk()) << row.vendor;
    ASSERT_EQ(outcome.listed.size(), 3u) << row.vendor;
    EXPECT_EQ(outcome.listed[2], row.purl);
  }
}

TEST(RpmPackages, ABadPackageCostsNoOther) {
  struct Row {
    std::string package;
    RowFault fault;
    size_t entries;
  };
  const std::vector<Row> rows = {
      {Package(""), RowFault::kMissingField, 0},
      {Package(Checksum("sha256", kSha1)), RowFault::kBadValue, 0},
      {Package(Checksum("sha256", std::string(64, 'x'))), RowFault::kBadValue, 0},
      {Package(Checksum("sha256", kSha256), "<version ver=\"1/../2\" rel=\"1\"/>"),
       RowFault::kBadValue, 0},
      {Package(Checksum("sha256", kSha256), "<version ver=\"1\"/>"), RowFault::kMissingField, 0},
      // The package is known by its URLs still.
      {Package(Checksum("sha512", std::string(128, 'a'))), RowFault::kUnsupported, 2},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = ReadFeed(
        "rpm-packages", Primary(absl::StrCat(row.package, Package(Checksum("sha", kSha1)))));
    ASSERT_THAT(outcome.status, IsOk()) << row.package;
    EXPECT_EQ(outcome.entries.size(), row.entries + 3) << row.package;
    EXPECT_EQ(outcome.Rejected(row.fault), 1u) << row.package;
  }
}

TEST(RpmPackages, TrustsFilesBySha256Alone) {
  FeedOptions options;
  options.verdict = Verdict::kTrusted;
  const FeedOutcome outcome = ReadFeed(
      "rpm-packages",
      Primary(absl::StrCat(Package(Checksum("sha256", kSha256)), Package(Checksum("sha", kSha1)))),
      options);
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 6u);
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kTrusted);
  EXPECT_EQ(outcome.entries[1].record.verdict, Verdict::kKnown);
  EXPECT_EQ(outcome.entries[3].record.verdict, Verdict::kKnown);
  options.verdict = Verdict::kMalicious;
  EXPECT_THAT(ReadFeed("rpm-packages", "", options).status,
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(RpmPackages, RefusesOtherFilesOfARepositoryAndSaysWhichIsWanted) {
  struct Row {
    std::string text;
    absl::StatusCode code;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"<repomd><revision>1</revision><data type=\"filelists\"><location href=\"f\"/></data>"
       "<data type=\"primary\"><location href=\"repodata/ab-primary.xml.gz\"/></data></repomd>",
       absl::StatusCode::kInvalidArgument, "repodata/ab-primary.xml.gz"},
      {"<filelists/>", absl::StatusCode::kInvalidArgument, "primary.xml"},
      {"<html/>", absl::StatusCode::kInvalidArgument, "<html>"},
      {"SQLite format 3", absl::StatusCode::kDataLoss, "line 1"},
      {"", absl::StatusCode::kDataLoss, "line 1"},
      {"<metadata>\n<package>", absl::StatusCode::kDataLoss, "line 2"},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = ReadFeed("rpm-packages", row.text);
    EXPECT_THAT(outcome.status, HasCode(row.code)) << row.text;
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(row.says));
  }
}

TEST(RpmPackages, BoundsWhatADocumentMayDo) {
  const std::string bomb =
      "<!DOCTYPE metadata [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><metadata>&b;</metadata>";
  EXPECT_THAT(ReadFeed("rpm-packages", bomb).status, HasCode(absl::StatusCode::kInvalidArgument));
  const std::string outside = "<!DOCTYPE m SYSTEM \"file:///etc/passwd\"><metadata/>";
  EXPECT_THAT(ReadFeed("rpm-packages", outside).status,
              HasCode(absl::StatusCode::kInvalidArgument));
  std::string deep = "<metadata>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_THAT(ReadFeed("rpm-packages", deep).status, HasCode(absl::StatusCode::kResourceExhausted));
  const std::string long_tag = absl::StrCat("<metadata a=\"", std::string(8 << 20, 'x'), "\"/>");
  EXPECT_THAT(ReadFeed("rpm-packages", long_tag).status,
              HasCode(absl::StatusCode::kResourceExhausted));
  // A text may be of any length: what is not needed of it is dropped.
  const std::string long_text = absl::StrReplaceAll(Primary(Package(Checksum("sha256", kSha256))),
                                                    {{"Compression", std::string(8 << 20, 'x')}});
  EXPECT_EQ(ReadFeed("rpm-packages", long_text).entries.size(), 3u);
}

// What a manifest's files became: digests, then "!fault" and a number.
std::string Files(const FeedOutcome& outcome) {
  std::vector<std::string> words = outcome.listed;
  for (const auto& [fault, rejections] : outcome.report.rejections()) {
    words.push_back(absl::StrCat("!", RowFaultName(fault), " ", rejections.count));
  }
  return absl::StrJoin(words, " ");
}

std::string Manifest(absl::string_view members) {
  return absl::StrCat(R"({"version":"1.2","homepage":"https://a.example/tool/",)", members, "}");
}

TEST(ScoopManifest, ReadsEveryPlaceAndFormOfADigest) {
  const std::string md5(32, 'd');
  struct Row {
    std::string members;
    std::string files;
  };
  const std::vector<Row> rows = {
      {absl::StrCat(R"("url":"u","hash":")", kSha256, "\""), kSha256},
      {absl::StrCat(R"("url":"u","hash":"sha256:)", kSha256, "\""), kSha256},
      {absl::StrCat(R"("url":"u","hash":"sha1:)", kSha1, "\""), kSha1},
      {absl::StrCat(R"("url":"u","hash":"md5:)", md5, "\""), md5},
      {absl::StrCat(R"("url":["u","v"],"hash":[")", kSha256, R"(","sha1:)", kSha1, "\"]"),
       absl::StrCat(kSha256, " ", kSha1)},
      {absl::StrCat(R"("architecture":{"64bit":{"url":"u","hash":")", kSha256,
                    R"("},"32bit":{"url":"v","hash":"md5:)", md5, R"("},"arm64":{"bin":"x"}})"),
       absl::StrCat(md5, " ", kSha256)},
      {R"("url":"u","hash":"sha512:00")", "!unsupported 1"},
      {R"("url":"u","hash":"blake2:00")", "!unsupported 1"},
      {R"("url":"u")", "!missing_field 1"},
      {R"("url":"u","hash":7)", "!missing_field 1"},
      // Without its name a digest is SHA-256, whatever its length says.
      {absl::StrCat(R"("url":"u","hash":")", kSha1, "\""), "!bad_value 1"},
      {absl::StrCat(R"("url":"u","hash":[")", kSha256, R"(",")", kSha256, "\"]"), "!malformed 1"},
      {absl::StrCat(R"("url":["u","v"],"hash":[")", kSha256, "\"]"),
       absl::StrCat(kSha256, " !missing_field 1")},
      // How new versions are looked for names no file.
      {absl::StrCat(R"("url":"u","hash":")", kSha256,
                    R"(","autoupdate":{"hash":{"url":"$url.sha256"}})"),
       kSha256},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = ReadFeed("scoop", Manifest(row.members));
    ASSERT_THAT(outcome.status, IsOk()) << row.members;
    EXPECT_EQ(Files(outcome), row.files) << row.members;
  }
}

TEST(ScoopManifest, NamesTheProductByItsFile) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "7zip.json";
  ASSERT_THAT(storage::WriteFileAtomically(
                  path, Manifest(absl::StrCat(R"("url":["u","v"],"hash":[")", kSha256,
                                              R"(","sha1:)", kSha1, "\"]"))),
              IsOk());
  FeedOptions options;
  options.verdict = Verdict::kTrusted;
  const FeedOutcome outcome = ReadFeedFile("scoop", path, options);
  ASSERT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.entries[0].label.product, "7zip");
  EXPECT_EQ(outcome.entries[0].label.version, "1.2");
  EXPECT_EQ(outcome.entries[0].label.vendor, "a.example/tool");
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kTrusted);
  EXPECT_EQ(outcome.entries[1].record.verdict, Verdict::kKnown);
}

TEST(ScoopManifest, RefusesOtherDocuments) {
  for (const char* text : {"[]", "{}", "7", R"({"version":"1"})", R"({"url":"u"})"}) {
    EXPECT_THAT(ReadFeed("scoop", text).status, HasCode(absl::StatusCode::kInvalidArgument))
        << text;
  }
  EXPECT_THAT(ReadFeed("scoop", R"({"version":)").status, HasCode(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace cloister::feeds
