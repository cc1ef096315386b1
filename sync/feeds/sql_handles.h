// SQLite's handles, closed where they are left.

#pragma once

#include <sqlite3.h>

#include <memory>

namespace cloister::feeds {

struct CloseSqlite {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteDatabase = std::unique_ptr<sqlite3, CloseSqlite>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, CloseSqlite>;

}  // namespace cloister::feeds
