#include "sync/feeds/nsrl_database.h"

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <set>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/nsrl_row.h"
#include "sync/feeds/sql_budget.h"
#include "sync/feeds/sql_handles.h"

namespace cloister::feeds {
namespace {

constexpr int kMaxValueBytes = 1 << 20;
constexpr int kMaxSqlBytes = 1 << 20;

// How many times what it takes to read the database its views may work, all in all.
constexpr uint64_t kReadings = 20;

absl::Status MoreThanAnyRelease() {
  return absl::ResourceExhaustedError(
      "reading it takes more work, memory or rows than any release of the NSRL of its size");
}

absl::Status Damaged(sqlite3* database) {
  const std::string why = FitLabel(sqlite3_errmsg(database));
  const int code = sqlite3_errcode(database);
  if (code == SQLITE_INTERRUPT || code == SQLITE_NOMEM) return MoreThanAnyRelease();
  if (code == SQLITE_NOTADB) {
    return absl::InvalidArgumentError("not a SQLite database; unpack it first if it is compressed");
  }
  if (code == SQLITE_ERROR) {
    return absl::InvalidArgumentError(absl::StrCat("not an RDSv3 database: ", why));
  }
  return absl::DataLossError(absl::StrCat("the database is damaged: ", why, "; fetch it again"));
}

// As SQLite's URI file names want it: https://www.sqlite.org/uri.html
std::string UriOf(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool plain = absl::ascii_isalnum(c) || c == '/' || c == '.' || c == '-' || c == '_';
    if (plain) {
      uri.push_back(c);
    } else {
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  return absl::StrCat(uri, "?immutable=1");
}

absl::StatusOr<SqliteDatabase> Open(const std::string& path) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(UriOf(path).c_str(), &opened,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  SqliteDatabase database(opened);
  if (result != SQLITE_OK) return Damaged(opened);
  // https://www.sqlite.org/security.html: what comes from outside may define views of its own.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  sqlite3_limit(opened, SQLITE_LIMIT_SQL_LENGTH, kMaxSqlBytes);
  sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
  return database;
}

absl::StatusOr<SqliteStatement> Prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    return Damaged(database);
  }
  return SqliteStatement(statement);
}

// "" for NULL. Valid until the next step.
absl::string_view Text(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  const int bytes = sqlite3_column_bytes(statement, column);
  return text != nullptr ? absl::string_view(text, bytes) : absl::string_view();
}

// Names of the columns of a table or view, in lower case; none if there is no such thing.
absl::StatusOr<std::set<std::string>> Columns(sqlite3* database, absl::string_view table) {
  absl::StatusOr<SqliteStatement> statement =
      Prepare(database, absl::StrCat("SELECT name FROM pragma_table_info('", table, "')"));
  if (!statement.ok()) return statement.status();
  std::set<std::string> names;
  int step;
  while ((step = sqlite3_step(statement->get())) == SQLITE_ROW) {
    names.insert(absl::AsciiStrToLower(Text(statement->get(), 0)));
  }
  if (step != SQLITE_DONE) return Damaged(database);
  return names;
}

absl::Status ReadProducts(sqlite3* database, NsrlProducts* products) {
  // A package for several systems or languages has a row for each; the first counts.
  absl::StatusOr<SqliteStatement> statement =
      Prepare(database,
              "SELECT PKG.package_id, PKG.name, PKG.version, OS.name, OS.version, MFG.name"
              " FROM PKG"
              " LEFT JOIN OS ON OS.operating_system_id = PKG.operating_system_id"
              " LEFT JOIN MFG ON MFG.manufacturer_id = PKG.manufacturer_id");
  if (!statement.ok()) return statement.status();
  sqlite3_stmt* row = statement->get();
  int step;
  while ((step = sqlite3_step(row)) == SQLITE_ROW) {
    if (products->labels.size() == NsrlProducts::kMaxProducts) {
      return absl::ResourceExhaustedError("more products than any release of the NSRL has");
    }
    const std::string system = absl::StrCat(
        Text(row, 3), Text(row, 3).empty() || Text(row, 4).empty() ? "" : " ", Text(row, 4));
    products->labels.try_emplace(sqlite3_column_int64(row, 0),
                                 NsrlLabel(Text(row, 1), Text(row, 2), system, Text(row, 5)));
  }
  return step == SQLITE_DONE ? absl::OkStatus() : Damaged(database);
}

// SELECT of the three digests and the package; '' for columns that the release does not have.
absl::StatusOr<std::string> FileQuery(sqlite3* database) {
  absl::StatusOr<std::set<std::string>> columns = Columns(database, "FILE");
  if (!columns.ok()) return columns.status();
  if (columns->count("sha1") == 0 && columns->count("sha256") == 0) {
    return absl::InvalidArgumentError(
        "not an RDSv3 database: it has no table or view FILE with digests");
  }
  std::string sql = "SELECT ";
  for (const char* name : {"sha256", "sha1", "md5", "package_id"}) {
    absl::StrAppend(&sql, columns->count(name) > 0 ? name : "''", ",");
  }
  sql.pop_back();
  return absl::StrCat(sql, " FROM FILE");
}

}  // namespace

absl::Status ReadNsrlDatabase(const std::string& path, const FeedOptions& options,
                              const std::function<void(uint64_t rows)>& read, FeedOutput& output) {
  absl::StatusOr<SqliteDatabase> database = Open(path);
  if (!database.ok()) return database.status();
  std::error_code unknown;
  const uint64_t size = std::filesystem::file_size(path, unknown);
  const uint64_t bytes = unknown ? 0 : size;
  const SqlBudget budget(database->get(), bytes, {.by_statement = kReadings, .by_all = kReadings});
  absl::StatusOr<std::string> query = FileQuery(database->get());
  if (!query.ok()) return query.status();
  NsrlProducts products;
  absl::Status products_read = ReadProducts(database->get(), &products);
  if (!products_read.ok()) return products_read;

  absl::StatusOr<SqliteStatement> statement = Prepare(database->get(), *query);
  if (!statement.ok()) return statement.status();
  sqlite3_stmt* row = statement->get();
  uint64_t number = 0;
  int step;
  while ((step = sqlite3_step(row)) == SQLITE_ROW) {
    read(++number);
    if (number > bytes) return MoreThanAnyRelease();  // a row takes a byte at the least
    absl::Status taken =
        TakeNsrlRow({Text(row, 0), Text(row, 1), Text(row, 2)},
                    products.Find(sqlite3_column_int64(row, 3)), options, number, output);
    if (!taken.ok()) return taken;
  }
  return step == SQLITE_DONE ? absl::OkStatus() : Damaged(database->get());
}

}  // namespace cloister::feeds
