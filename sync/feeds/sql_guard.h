// What SQL from outside may do to a database of the NSRL.

#pragma once

#include <cstdint>
#include <string>

struct sqlite3;

namespace cloister::feeds {

// While it lives, statements that are prepared on `database` may insert, update, delete and read
// rows, and create and drop tables and indexes, of the tables of RDSv3 alone; call a few harmless
// functions; and work as long as it takes to read `database_bytes` a few times. All else is
// refused: other databases and tables, settings, views, triggers, virtual tables, recursion,
// extensions. Borrows; one for a database at a time. Not thread-safe.
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
  static int OnProgress(void* guard);

  // As sqlite3_set_authorizer() describes its callback.
  int Judge(int action, const char* first, const char* second, const char* database);
  int Refuse(const char* what, const char* name);

  sqlite3* database_;
  uint64_t statement_steps_;  // allowed to one statement
  uint64_t all_steps_;        // allowed to all of them, besides what each brings
  uint64_t used_ = 0;
  uint64_t used_by_all_ = 0;
  std::string refusal_;
  bool is_transaction_ = false;
};

}  // namespace cloister::feeds
