// SQL from outside, as deltas of the NSRL bring it. Whatever it says, it touches no table but
// those of the NSRL, makes nothing but tables and indexes, and ends.

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sync/feeds/line_reader.h"
#include "sync/feeds/sql_guard.h"
#include "sync/feeds/sql_statements.h"
#include "tests/fuzz/require.h"

namespace {

using cloister::feeds::LineReader;
using cloister::feeds::SqlGuard;
using cloister::feeds::SqlStatements;
using cloister::fuzz::Require;

class MemorySource : public cloister::feeds::ByteSource {
 public:
  explicit MemorySource(absl::string_view bytes) : rest_(bytes) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const size_t taken = std::min(size, rest_.size());
    if (taken > 0) std::memcpy(buffer, rest_.data(), taken);
    rest_.remove_prefix(taken);
    return taken;
  }
  uint64_t file_bytes() const override { return 0; }

 private:
  absl::string_view rest_;
};

constexpr char kSchema[] =
    "CREATE TABLE METADATA (sha256, md5); CREATE TABLE PKG (package_id);"
    "CREATE TABLE VERSION (version); CREATE TABLE NOTES (text);"
    "INSERT INTO NOTES VALUES ('kept'); INSERT INTO PKG VALUES (1), (2), (3);";

// The number that `sql` gives; -1 if it gives none.
int Number(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  int number = -1;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    number = sqlite3_column_int(statement, 0);
  }
  sqlite3_finalize(statement);
  return number;
}

void RunAll(absl::string_view input, sqlite3* database) {
  SqlGuard guard(database, 4096);
  LineReader lines(std::make_unique<MemorySource>(input));
  SqlStatements statements(&lines);
  while (statements.Next()) {
    const std::string& sql = statements.statement();
    Require(!sql.empty() && sql.size() <= SqlStatements::kMaxStatementBytes,
            "statements are bounded");
    guard.BeginStatement();
    sqlite3_stmt* prepared = nullptr;
    sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
    Require(prepared == nullptr || guard.refusal().empty(), "what is refused cannot run");
    const bool run = prepared != nullptr && !guard.is_transaction();
    for (int rows = 0; run && rows < 1000 && sqlite3_step(prepared) == SQLITE_ROW; ++rows) {
    }
    sqlite3_finalize(prepared);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  sqlite3* database = nullptr;
  Require(sqlite3_open(":memory:", &database) == SQLITE_OK, "there is a database");
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1 << 16);
  sqlite3_exec(database, kSchema, nullptr, nullptr, nullptr);
  RunAll(input, database);
  Require(Number(database, "SELECT count(*) FROM NOTES WHERE text = 'kept'") == 1,
          "other tables keep their rows");
  Require(Number(database, "SELECT count(*) FROM NOTES") == 1, "other tables get none");
  Require(Number(database, "SELECT count(*) FROM sqlite_master WHERE type = 'view'") == 0,
          "no view is made");
  Require(Number(database, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == 0,
          "no trigger is made");
  Require(Number(database, "SELECT count(*) FROM pragma_database_list WHERE name = 'x'") == 0,
          "no database is attached");
  sqlite3_close(database);
  return 0;
}
