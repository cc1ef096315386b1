#include <sqlite3.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using reputation::LookupForm;
using reputation::Verdict;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

const std::string kMd5(32, 'A');
const std::string kSha1(40, 'B');
const std::string kSha256(64, 'C');

constexpr char kMinimal[] =
    "CREATE TABLE FILE (sha256 VARCHAR, sha1 VARCHAR, md5 VARCHAR, crc32 VARCHAR,"
    " file_name VARCHAR, file_size INTEGER, package_id INTEGER);"
    "CREATE TABLE PKG (package_id INTEGER, name VARCHAR, version VARCHAR,"
    " operating_system_id INTEGER, manufacturer_id INTEGER, language VARCHAR,"
    " application_type VARCHAR);"
    "CREATE TABLE MFG (manufacturer_id INTEGER, name VARCHAR);"
    "CREATE TABLE OS (operating_system_id INTEGER, name VARCHAR, version VARCHAR,"
    " manufacturer_id INTEGER);"
    "INSERT INTO PKG VALUES (7, 'Tool', '1.2', 3, 9, 'English', 'x'),"
    " (7, 'Tool', '1.2', 4, 9, 'German', 'x');"
    "INSERT INTO MFG VALUES (9, 'Maker');"
    "INSERT INTO OS VALUES (3, 'Windows', '11', 9), (4, 'Other', '', 9);";

void MakeDatabase(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* why = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &why), SQLITE_OK) << why;
  sqlite3_close(database);
}

std::string FileRow(absl::string_view sha256, absl::string_view sha1, absl::string_view md5,
                    int package) {
  return absl::StrCat("INSERT INTO FILE VALUES ('", sha256, "','", sha1, "','", md5,
                      "','00000000','a.exe',1,", package, ");");
}

TEST(NsrlDatabase, GivesEachDigestWithProductSystemAndManufacturer) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "RDS 100%?#.db";  // what a URI would take amiss
  MakeDatabase(path, absl::StrCat(kMinimal, FileRow(kSha256, kSha1, kMd5, 7)));
  const FeedOutcome outcome = ReadFeedFile("nsrl", path);
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 3u);
  EXPECT_EQ(outcome.entries[0].key, reputation::Object::FileHex(kSha256)->Keys(false).keys[0]);
  EXPECT_EQ(outcome.entries[1].key.form(), LookupForm::kFileSha1);
  EXPECT_EQ(outcome.entries[2].key.form(), LookupForm::kFileMd5);
  for (const FeedEntry& entry : outcome.entries) {
    EXPECT_EQ(entry.record.verdict, Verdict::kKnown);
    EXPECT_EQ(entry.label.product, "Tool (Windows 11)");
    EXPECT_EQ(entry.label.version, "1.2");
    EXPECT_EQ(entry.label.vendor, "Maker");
  }
  EXPECT_EQ(outcome.report.lines(), 1u);
}

TEST(NsrlDatabase, TrustsBySha256AloneAndOnlyIfToldTo) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "rds.db";
  MakeDatabase(path, absl::StrCat(kMinimal, FileRow(kSha256, kSha1, kMd5, 1)));
  FeedOptions options;
  options.verdict = Verdict::kTrusted;
  const FeedOutcome outcome = ReadFeedFile("nsrl", path, options);
  ASSERT_EQ(outcome.entries.size(), 3u);
  EXPECT_EQ(outcome.entries[0].record.verdict, Verdict::kTrusted);
  EXPECT_EQ(outcome.entries[1].record.verdict, Verdict::kKnown);
  EXPECT_EQ(outcome.entries[2].record.verdict, Verdict::kKnown);
  EXPECT_TRUE(outcome.entries[0].label.product.empty());
}

TEST(NsrlDatabase, ABadRowCostsNoOther) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "rds.db";
  MakeDatabase(path, absl::StrCat(kMinimal, FileRow("xyz", kSha1, kMd5, 7), FileRow("", "", "", 7),
                                  FileRow(kSha256, "", "", 8),
                                  "INSERT INTO FILE (sha1) VALUES (NULL);"
                                  "INSERT INTO FILE (sha1) VALUES (x'ff00');"));
  const FeedOutcome outcome = ReadFeedFile("nsrl", path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.entries.size(), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kBadValue), 2u);
  EXPECT_EQ(outcome.Rejected(RowFault::kMissingField), 2u);
}

// The full release has FILE, PKG, OS and MFG as views.
TEST(NsrlDatabase, ReadsTheSchemaOfAFullRelease) {
  constexpr char kSchema[] = "data/nsrl-rdsv3-schema/RDS_2021.12.2_curated.schema.sql";
  const std::optional<std::string> schema = testing::SharedData(kSchema);
  if (!schema.has_value()) GTEST_SKIP() << testing::SharedDataHint(kSchema);
  testing::TemporaryDirectory directory;
  const std::string path = directory / "full.db";
  std::string sql = storage::ReadFile(*schema, 1 << 20).value();
  MakeDatabase(path, absl::StrCat(sql,
                                  "INSERT INTO PACKAGE_OBJECT VALUES (1, 7, 70);"
                                  "INSERT INTO METADATA (metadata_id, object_id, key_hash, path, "
                                  "crc32, sha256, sha1, md5, file_name,"
                                  " extension, bytes) VALUES (1, 70, 'k', '/', '0', lower('",
                                  kSha256, "'), lower('", kSha1, "'), lower('", kMd5,
                                  "'), 'a', 'exe', 1);"));
  const FeedOutcome outcome = ReadFeedFile("nsrl", path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.entries.size(), 3u);
}

TEST(NsrlDatabase, RefusesOtherFilesWithAdvice) {
  testing::TemporaryDirectory directory;
  const std::string other = directory / "other.db";
  MakeDatabase(other, "CREATE TABLE x (y)");
  EXPECT_THAT(std::string(ReadFeedFile("nsrl", other).status.message()),
              HasSubstr("no table or view FILE"));

  const std::string delta = directory / "delta.sql";
  ASSERT_THAT(storage::WriteFileAtomically(delta, "BEGIN TRANSACTION;\nINSERT INTO FILE …"),
              IsOk());
  EXPECT_THAT(std::string(ReadFeedFile("nsrl", delta).status.message()),
              HasSubstr("deltas are named beside it"));

  const std::string good = directory / "rds.db";
  MakeDatabase(good, absl::StrCat(kMinimal, FileRow(kSha256, kSha1, kMd5, 7)));
  const std::string packed = directory / "rds.db.gz";
  ASSERT_EQ(system(absl::StrCat("gzip -c ", good, " > ", packed).c_str()), 0);
  const FeedOutcome compressed = ReadFeedFile("nsrl", packed);
  EXPECT_THAT(compressed.status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(compressed.status.message()), HasSubstr("unpack it first"));

  std::string bytes = storage::ReadFile(good, 1 << 20).value();
  for (size_t i = 4096; i < bytes.size(); ++i) bytes[i] = '\x55';
  ASSERT_THAT(storage::WriteFileAtomically(good, bytes), IsOk());
  EXPECT_FALSE(ReadFeedFile("nsrl", good).status.ok());
  EXPECT_THAT(ReadFeed("nsrl", "kind,value\n").status, HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(NsrlDatabase, ReadsARealFormOfTheMinimalRelease) {
  constexpr char kDatabase[] = "data/nsrl-form-debian/RDS_form_minimal.db";
  const std::optional<std::string> path = testing::SharedData(kDatabase);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(kDatabase);
  const FeedOutcome outcome = ReadFeedFile("nsrl", *path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.rows(), 9000u);
  EXPECT_EQ(outcome.report.rejected(), 0u);
  EXPECT_EQ(outcome.entries.size(), 27000u);
  EXPECT_EQ(outcome.entries[3].key,
            reputation::Object::FileHex(
                "a19e7e361dd0adeb3b56734061c5152d23c5a26f25417f3eec1f0a019ed0df58")
                ->Keys(false)
                .keys[0]);
  EXPECT_EQ(outcome.entries[3].label.product, "adwaita-icon-theme (Debian GNU/Linux 12)");
  EXPECT_EQ(outcome.entries[3].label.vendor, "Debian");
}

TEST(NsrlLegacy, ReadsRowsAsTheyAreWithTheTablesBesideThem) {
  constexpr char kFile[] = "data/nsrl-form-debian/NSRLFile.txt";
  const std::optional<std::string> path = testing::SharedData(kFile);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(kFile);
  const FeedOutcome outcome = ReadFeedFile("nsrl", *path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.rows(), 9000u);
  EXPECT_EQ(outcome.report.rejected(), 0u);
  EXPECT_EQ(outcome.entries.size(), 18000u);
  EXPECT_EQ(outcome.entries[0].label.vendor, "Debian");
  EXPECT_THAT(outcome.entries[0].label.product, HasSubstr("(Debian GNU/Linux 12)"));
}

TEST(NsrlLegacy, ReadsRealRows) {
  constexpr char kFile[] = "data/nsrl-real-rows/NSRLFile.txt";
  const std::optional<std::string> path = testing::SharedData(kFile);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(kFile);
  const FeedOutcome outcome = ReadFeedFile("nsrl", *path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.rows(), 9u);
  EXPECT_EQ(
      outcome.entries[0].key,
      reputation::Object::FileHex("000000206738748edd92c4e3d2e823896700f849")->Keys(false).keys[0]);
}

TEST(NsrlLegacy, TakesNamesInAnyEncodingAndLosesOnlyBadRows) {
  const FeedOutcome outcome = ReadFeed(
      "nsrl", absl::StrCat("\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\","
                           "\"OpSystemCode\",\"SpecialCode\"\r\n",
                           "\"", kSha1, "\",\"", kMd5, "\",\"0\",\"caf\xe9\",1,7,\"WIN\",\"\"\r\n",
                           "\"", kSha1, "\",\"short\",\"0\",\"x\",1,7,\"WIN\",\"\"\r\n", "\"",
                           kSha1, "\"\r\n", "\"\",\"\",\"0\",\"x\",1,7,\"WIN\",\"\"\r\n"));
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.entries.size(), 2u);
  EXPECT_EQ(outcome.Rejected(RowFault::kBadValue), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kMalformed), 1u);
  EXPECT_EQ(outcome.Rejected(RowFault::kMissingField), 1u);
  EXPECT_EQ(outcome.report.rejections().at(RowFault::kBadValue).examples[0].line, 3u);
}

TEST(Hashlookup, ReadsAnswersListsAndReports) {
  const std::string answer =
      absl::StrCat(R"({"FileName":"./a","SHA-1":")", kSha1, R"(","MD5":")", kMd5,
                   R"(","ProductCode":{"ProductName":"Tool","ProductVersion":"2","MfgCode":"1"},
          "OpSystemCode":{"OpSystemName":"Linux"},"hashlookup:trust":65})");
  const std::string nothing = R"({"message":"Non existing MD5","query":"x"})";
  const std::string bad =
      absl::StrCat(R"({"SHA-256":")", kSha256, R"(","KnownMalicious":"x","hashlookup:trust":100})");
  const FeedOutcome one = ReadFeed("hashlookup", answer);
  ASSERT_THAT(one.status, IsOk());
  ASSERT_EQ(one.entries.size(), 2u);
  EXPECT_EQ(one.entries[0].record.confidence, 65);
  EXPECT_EQ(one.entries[0].record.verdict, Verdict::kKnown);
  EXPECT_EQ(one.entries[0].label.product, "Tool (Linux)");

  const FeedOutcome list =
      ReadFeed("hashlookup", absl::StrCat("[", answer, ",", nothing, ",", bad, ",5]"));
  ASSERT_THAT(list.status, IsOk());
  ASSERT_EQ(list.entries.size(), 3u);
  EXPECT_EQ(list.entries[2].record.verdict, Verdict::kMalicious);
  EXPECT_EQ(list.entries[2].record.confidence, 0);
  EXPECT_EQ(list.Rejected(RowFault::kContextOnly), 1u);
  EXPECT_EQ(list.Rejected(RowFault::kMissingField), 1u);
  EXPECT_EQ(ReadFeed("hashlookup", nothing).Rejected(RowFault::kContextOnly), 1u);
  EXPECT_THAT(ReadFeed("hashlookup", "{\"a\":1}").status,
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(Hashlookup, ReadsTheKnownFilesOfARealReport) {
  constexpr char kReport[] = "data/hashlookup-report/doc/sample-report/full.json";
  const std::optional<std::string> path = testing::SharedData(kReport);
  if (!path.has_value()) GTEST_SKIP() << testing::SharedDataHint(kReport);
  const FeedOutcome outcome = ReadFeedFile("hashlookup", *path);
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_EQ(outcome.report.rows(), 2648u);
  EXPECT_EQ(outcome.report.rejected(), 0u);
  EXPECT_EQ(
      outcome.entries[0].key,
      reputation::Object::FileHex("365c8a657289e1b17371e8bbc0bdc86d6a6bc532")->Keys(false).keys[0]);
}

// Views are read as real releases need them; one that never ends is not followed to its end.
TEST(NsrlDatabase, BoundsTheWorkOfItsViews) {
  constexpr char kEndless[] = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)";
  const std::string rows[] = {
      absl::StrCat("CREATE VIEW FILE AS ", kEndless,
                   " SELECT printf('%064d', n) AS sha256, '' AS sha1 FROM r;"),
      absl::StrCat("CREATE VIEW FILE AS ", kEndless,
                   " SELECT '' AS sha256, '' AS sha1 FROM r WHERE n < 0;"),
      absl::StrCat("CREATE TABLE FILE (sha256 VARCHAR); DROP TABLE PKG; CREATE VIEW PKG AS ",
                   kEndless,
                   " SELECT n AS package_id, '' AS name, '' AS version,"
                   " 3 AS operating_system_id, 9 AS manufacturer_id FROM r WHERE n < 0;"),
  };
  for (const std::string& row : rows) {
    testing::TemporaryDirectory directory;
    const std::string path = directory / "RDS.db";
    std::string tables = kMinimal;
    tables.erase(0, tables.find("CREATE TABLE PKG"));
    MakeDatabase(path, absl::StrCat(tables, row));
    const FeedOutcome outcome = ReadFeedFile("nsrl", path);
    EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kResourceExhausted)) << row;
    EXPECT_LT(outcome.entries.size(), 100'000u) << row;
  }
}

TEST(NsrlDatabase, TellsOfStrangeTablesWithoutObeyingThem) {
  testing::TemporaryDirectory directory;
  const std::string path = directory / "RDS.db";
  MakeDatabase(path, absl::StrCat("CREATE TABLE FILE (sha1 VARCHAR); CREATE VIEW PKG AS SELECT * "
                                  "FROM \"\x1b]0;title\x07\";"));
  const absl::Status status = ReadFeedFile("nsrl", path).status;
  EXPECT_THAT(status, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(std::string(status.message()).find('\x1b'), std::string::npos) << status;
}

}  // namespace
}  // namespace cloister::feeds
