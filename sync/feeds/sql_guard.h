// What SQL from outside may do to a database of the NSRL.

#pragma once

#include <cstdint>
#include <string>

#include "sync/feeds/sql_budget.h"

struct sqlite3;

namespace cloister::feeds {

// While it lives, statements that are prepared on `database` may insert, update, delete and read
// rows, and create and drop tables and indexes, of the tables of RDSv3 alone; call a few harmless
// functions; within the bounds of SqlBudget. All else is refused: other databases and tables,
// settings, views, triggers, virtual tables, recursion, extensions. Borrows; one for a database at
// a time. Not thread-safe.
class SqlGuard {
 public:
  SqlGuard(sqlite3* database, uint64_t database_bytes);
  SqlGuard(const SqlGuard&) = delete;
  SqlGuard& operator=(const SqlGuard&) = delete;
  ~SqlGuard();

  // Before each statement is prepared.
  void BeginStatement();
  // Why the statement was refused; "" if it was not.
  const std::string& refusal() const { return refusal_; }
  // Whether the statement only begins or ends a transaction.
  bool is_transaction() const { return is_transaction_; }

 private:
  // As sqlite3_set_authorizer() describes its callback.
  int Judge(int action, const char* first, const char* second, const char* database);
  int Refuse(const char* what, const char* name);

  sqlite3* database_;
  SqlBudget budget_;
  std::string refusal_;
  bool is_transaction_ = false;
};

}  // namespace cloister::feeds
