// How much work and memory SQL from outside may take.

#pragma once

#include <cstdint>

struct sqlite3;

namespace cloister::feeds {

// While it lives, a statement on `database` ends with SQLITE_INTERRUPT once it has worked as long
// as it takes to read `database_bytes` a few times, and SQLite has kMemoryBytes more than before,
// or fails with SQLITE_NOMEM. That bound is the process's: one budget at a time. Borrows. Not
// thread-safe.
class SqlBudget {
 public:
  static constexpr int64_t kMemoryBytes = int64_t{512} << 20;

  struct Readings {
    uint64_t by_statement = 1;
    uint64_t by_all = 100;
  };

  SqlBudget(sqlite3* database, uint64_t database_bytes, const Readings& readings);
  SqlBudget(const SqlBudget&) = delete;
  SqlBudget& operator=(const SqlBudget&) = delete;
  ~SqlBudget();

  // Before each statement of several.
  void BeginStatement() { used_ = 0; }

 private:
  static int OnProgress(void* budget);

  sqlite3* database_;
  uint64_t statement_steps_;
  uint64_t all_steps_;
  uint64_t used_ = 0;
  uint64_t used_by_all_ = 0;
  int64_t soft_limit_before_;
  int64_t hard_limit_before_;
};

}  // namespace cloister::feeds
