// Deltas of the NSRL, and what they may not do.

#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "storage/files/files.h"
#include "tests/support/shared_data.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/feeds/feed_fixture.h"

namespace cloister::feeds {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;

std::string Hex(char digit, size_t size) { return std::string(size, digit); }

// A row of METADATA whose digests all consist of one digit, and its object in package 7.
std::string MetadataRow(int id, char digit) {
  return absl::StrCat("INSERT INTO PACKAGE_OBJECT VALUES (", id, ", 7, ", id, ");\n",
                      "INSERT INTO METADATA (metadata_id, object_id, key_hash, path, crc32, sha256,"
                      " sha1, md5, file_name, extension, bytes) VALUES (",
                      id, ", ", id, ", 'k;''--', '/', '0', '", Hex(digit, 64), "', '",
                      Hex(digit, 40), "', '", Hex(digit, 32), "', 'a', 'exe', 1);\n");
}

std::string VersionRow(absl::string_view version) {
  return absl::StrCat("INSERT INTO VERSION VALUES ('", version,
                      "', 'curated', '2021-12-01', '2021-12-02', 'RDS');\n");
}

constexpr char kProduct[] =
    "INSERT INTO APPLICATION (application_id, package_id, name, name_b64, name_coding, version)"
    " VALUES (1, 7, 'Tool', '', '', '1.2');"
    "INSERT INTO OPERATING_SYSTEM (operating_system_id, name, version) VALUES (3, 'Windows', '11');"
    "INSERT INTO MANUFACTURER (manufacturer_id, name) VALUES (9, 'Maker');"
    "INSERT INTO MANUFACTURER_OPERATING_SYSTEM VALUES (1, 3, 9);"
    "INSERT INTO OPERATING_SYSTEM_APPLICATION VALUES (1, 3, 1);"
    "INSERT INTO MANUFACTURER_APPLICATION VALUES (1, 9, 1);"
    "INSERT INTO LANGUAGE (language_id, name) VALUES (1, 'English');"
    "INSERT INTO APPLICATION_LANGUAGE VALUES (1, 1, 1);"
    "INSERT INTO APPLICATION_TYPE (application_type_id, description) VALUES (1, 'x');"
    "INSERT INTO APPLICATION_APPLICATION_TYPE VALUES (1, 1, 1);";

constexpr char kMinimal[] =
    "CREATE TABLE FILE (sha256 VARCHAR, sha1 VARCHAR, md5 VARCHAR, package_id INTEGER);"
    "CREATE TABLE PKG (package_id INTEGER, name VARCHAR, version VARCHAR,"
    " operating_system_id INTEGER, manufacturer_id INTEGER);"
    "CREATE TABLE MFG (manufacturer_id INTEGER, name VARCHAR);"
    "CREATE TABLE OS (operating_system_id INTEGER, name VARCHAR, version VARCHAR);"
    "CREATE TABLE VERSION (version VARCHAR, build_set VARCHAR, build_date VARCHAR,"
    " release_date VARCHAR, description VARCHAR);"
    "CREATE TABLE NOTES (text VARCHAR);";

class NsrlDelta : public ::testing::Test {
 protected:
  void MakeDatabase(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    char* why = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &why), SQLITE_OK) << why;
    sqlite3_close(database);
    database_ = storage::ReadFile(path_, 64 << 20).value();
  }

  void MakeMinimal() {
    MakeDatabase(absl::StrCat(kMinimal, VersionRow("2021.12.2"), "INSERT INTO FILE VALUES ('",
                              Hex('a', 64), "', '', '', 7);"));
  }

  FeedOutcome Read(const std::vector<std::string>& deltas) {
    FeedOptions options;
    for (const std::string& delta : deltas) {
      options.deltas.push_back(directory_ / absl::StrCat(options.deltas.size(), ".sql"));
      EXPECT_THAT(storage::WriteFileAtomically(options.deltas.back(), delta), IsOk());
    }
    FeedOutcome outcome = ReadFeedFile("nsrl", path_, options);
    // Whatever came of it, the database is as it was, and the copy is gone.
    EXPECT_EQ(storage::ReadFile(path_, 64 << 20).value(), database_);
    size_t files = 0;
    for ([[maybe_unused]] const auto& file :
         std::filesystem::directory_iterator(std::filesystem::path(path_).parent_path())) {
      ++files;
    }
    EXPECT_EQ(files, deltas.size() + 1);
    return outcome;
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "RDS.db";
  std::string database_;
};

TEST_F(NsrlDelta, LeadsFromOneFullReleaseToTheNext) {
  constexpr char kSchema[] = "data/nsrl-rdsv3-schema/RDS_2021.12.2_curated.schema.sql";
  const std::optional<std::string> schema = testing::SharedData(kSchema);
  if (!schema.has_value()) GTEST_SKIP() << testing::SharedDataHint(kSchema);
  MakeDatabase(absl::StrCat(storage::ReadFile(*schema, 1 << 20).value(), kProduct,
                            MetadataRow(1, 'a'), MetadataRow(2, 'b'), VersionRow("2021.12.2")));
  const std::string first = absl::StrCat(
      "-- March; one statement a line, or several\nBEGIN TRANSACTION;\n", MetadataRow(3, 'c'),
      "DELETE FROM METADATA\n WHERE metadata_id = 1; /* gone; */ DELETE FROM PACKAGE_OBJECT "
      "WHERE object_id = 1;\n",
      VersionRow("2022.03.1"), "COMMIT;\n");
  const std::string second = absl::StrCat(
      "UPDATE METADATA SET sha256 = lower('", Hex('D', 64), "') WHERE metadata_id = 2;",
      "UPDATE APPLICATION SET version = '1.3';", VersionRow("2022.06.1"));
  const FeedOutcome outcome = Read({first, second});
  ASSERT_THAT(outcome.status, IsOk());
  ASSERT_EQ(outcome.entries.size(), 6u);
  std::vector<std::string> sha256 = {outcome.listed[0], outcome.listed[3]};
  EXPECT_THAT(sha256, ::testing::UnorderedElementsAre(Hex('D', 64), Hex('C', 64)));
  EXPECT_EQ(outcome.entries[0].label.product, "Tool (Windows 11)");
  EXPECT_EQ(outcome.entries[0].label.version, "1.3");
  EXPECT_EQ(outcome.entries[0].label.vendor, "Maker");
  // In the other order the second is older than what is there.
  EXPECT_THAT(Read({second, first}).status, HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(NsrlDelta, ChangesARealFormOfTheMinimalRelease) {
  constexpr char kDatabase[] = "data/nsrl-form-debian/RDS_form_minimal.db";
  const std::optional<std::string> real = testing::SharedData(kDatabase);
  if (!real.has_value()) GTEST_SKIP() << testing::SharedDataHint(kDatabase);
  std::filesystem::copy_file(*real, path_);
  database_ = storage::ReadFile(path_, 64 << 20).value();
  const FeedOutcome outcome = Read({absl::StrCat(
      "DELETE FROM FILE WHERE package_id < 1020; INSERT INTO FILE VALUES ('", Hex('a', 64), "','",
      Hex('a', 40), "','", Hex('a', 32), "','0','x',1,30);", VersionRow("2024.03.1"))});
  ASSERT_THAT(outcome.status, IsOk());
  EXPECT_LT(outcome.report.rows(), 9000u);
  EXPECT_GT(outcome.report.rows(), 1u);
  EXPECT_EQ(outcome.listed.back(), Hex('a', 32));
}

TEST_F(NsrlDelta, MayOnlyChangeTheTablesOfTheNsrl) {
  MakeMinimal();
  struct Row {
    std::string sql;
    std::string says;
  };
  const std::string outside = directory_ / "stolen.db";
  const std::vector<Row> rows = {
      {absl::StrCat("ATTACH '", outside, "' AS x"), "attach"},
      {"PRAGMA writable_schema=1", "PRAGMA"},
      {"SELECT * FROM pragma_table_info('FILE')", "pragma_table_info"},
      {"INSERT INTO NOTES VALUES ('x')", "touch the table NOTES"},
      {"DROP TABLE NOTES", "NOTES"},
      {"CREATE TABLE OTHER (x)", "OTHER"},
      {"CREATE TEMP TABLE FILE (x)", "temp"},
      {"CREATE VIEW v AS SELECT 1", "but rows"},
      {"CREATE TRIGGER t AFTER INSERT ON FILE BEGIN DELETE FROM FILE; END", ""},
      {"CREATE VIRTUAL TABLE v USING fts5(x)", "but rows"},
      {"ALTER TABLE FILE RENAME TO OS2", ""},
      {"DELETE FROM sqlite_master", "may not be modified"},
      {"INSERT INTO FILE SELECT load_extension('x'), '', '', 1", "load_extension"},
      {"INSERT INTO FILE SELECT writefile('x', 'y'), '', '', 1", "writefile"},
      {"INSERT INTO FILE VALUES (readfile('/etc/passwd'), '', '', 1)", "readfile"},
      {"INSERT INTO FILE VALUES (zeroblob(1000000000), '', '', 1)", "zeroblob"},
      {absl::StrCat("VACUUM INTO '", outside, "'"), "VACUUM"},
      {"SAVEPOINT x", "but rows"},
      {"SELECT sha1 FROM FILE", "changes nothing"},
      {"EXPLAIN DELETE FROM FILE", "changes nothing"},
      {".shell id", "shell"},
      {"INSERT INTO FILE (sha1) WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
       " SELECT n FROM r",
       "recursive"},
      {"INSERT INTO FILE VALUES ('x')", "another release"},
      {"THIS IS NO SQL", "syntax error"},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = Read({absl::StrCat(VersionRow("2022.03.1"), "\n", row.sql, ";\n")});
    EXPECT_THAT(outcome.status, HasCode(absl::StatusCode::kInvalidArgument)) << row.sql;
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("line 3")) << row.sql;
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(row.says)) << row.sql;
    EXPECT_TRUE(outcome.entries.empty()) << row.sql;
  }
}

TEST_F(NsrlDelta, BoundsItsWork) {
  std::string many = absl::StrCat("BEGIN;", kMinimal, VersionRow("2021.12.2"));
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&many, "INSERT INTO FILE (sha1) VALUES ('", i, "');");
  }
  MakeDatabase(absl::StrCat(many, "COMMIT;"));
  const std::vector<std::string> rows = {
      "INSERT INTO FILE (sha1) SELECT a.sha1 FROM FILE a, FILE b, FILE c;",
      "DELETE FROM FILE WHERE sha1 IN (SELECT a.sha1 FROM FILE a, FILE b, FILE c WHERE a.sha1 + "
      "b.sha1 + c.sha1 < 0);",
      absl::StrCat("INSERT INTO FILE (sha1) VALUES ('", std::string(2 << 20, 'x'), "');"),
      absl::StrCat("INSERT INTO FILE (sha1)\nVALUES ('", std::string(900'000, 'x'), "\n",
                   std::string(900'000, 'x'), "');"),
  };
  for (const std::string& row : rows) {
    EXPECT_THAT(Read({row}).status, HasCode(absl::StatusCode::kResourceExhausted))
        << row.substr(0, 80);
  }
}

// What SQLite holds in between counts, too: here, two megabytes a row to put in order.
TEST_F(NsrlDelta, BoundsItsMemory) {
  std::string many = absl::StrCat("BEGIN;", kMinimal, VersionRow("2021.12.2"));
  for (int i = 0; i < 40; ++i)
    absl::StrAppend(&many, "INSERT INTO FILE (sha1) VALUES ('", i, "');");
  MakeDatabase(absl::StrCat(many, "COMMIT;"));
  const int64_t before = sqlite3_memory_highwater(/*resetFlag=*/1);
  const std::string wide = absl::StrCat("'", std::string(500'000, 'x'), "'");
  EXPECT_THAT(
      Read({absl::StrCat("DELETE FROM FILE WHERE sha1 = (SELECT x FROM (SELECT a.sha1 || ", wide,
                         " || b.sha1 AS x FROM FILE a, FILE b ORDER BY x) "
                         "LIMIT 1 OFFSET 1500);")})
          .status,
      HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_LT(sqlite3_memory_highwater(0) - before, int64_t{600} << 20);
}

TEST_F(NsrlDelta, HasToBeWholeAndOfThisRelease) {
  MakeMinimal();
  struct Row {
    std::string sql;
    absl::StatusCode code;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"", absl::StatusCode::kInvalidArgument, "no newer VERSION than the '2021.12.2'"},
      {VersionRow("2021.12.2"), absl::StatusCode::kInvalidArgument, "applied already"},
      {VersionRow("2021.09.1"), absl::StatusCode::kInvalidArgument, "no newer VERSION"},
      {"DROP TABLE VERSION;", absl::StatusCode::kInvalidArgument, "VERSION"},
      {absl::StrCat(VersionRow("2022.03.1"), "DELETE FROM FILE WHERE sha1 = 'x"),
       absl::StatusCode::kDataLoss, "begins at line 2"},
      {absl::StrCat(VersionRow("2022.03.1"), "/* no end"), absl::StatusCode::kDataLoss, "middle"},
      {absl::StrCat(VersionRow("2022.03.1"), "DROP TABLE FILE;"),
       absl::StatusCode::kInvalidArgument, "no table or view FILE"},
      {absl::StrCat("DROP TABLE FILE; CREATE TABLE FILE (sha1 VARCHAR, package_id INTEGER);"
                    "CREATE INDEX sha1_of_file ON FILE (sha1);",
                    VersionRow("2022.03.1")),
       absl::StatusCode::kOk, ""},
  };
  for (const Row& row : rows) {
    const FeedOutcome outcome = Read({row.sql});
    EXPECT_EQ(outcome.status.code(), row.code) << row.sql << outcome.status;
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(row.says)) << row.sql;
  }
  FeedOptions options;
  options.deltas = {directory_ / "missing.sql"};
  const FeedOutcome missing = ReadFeedFile("nsrl", path_, options);
  EXPECT_THAT(missing.status, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(ReadFeed("nsrl", "\"SHA-1\",\"MD5\"\n", options).status,
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadFeed("hash", "", options).status, HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace cloister::feeds
