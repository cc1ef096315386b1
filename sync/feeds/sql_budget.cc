#include "sync/feeds/sql_budget.h"

#include <sqlite3.h>

#include <algorithm>

namespace cloister::feeds {
namespace {

// Instructions of SQLite's machine between two looks at the work done.
constexpr int kStepsAtOnce = 1000;
// What any statement may take; and a row of the NSRL has more bytes than it takes to look at it.
constexpr uint64_t kLeastSteps = 10'000'000;

}  // namespace

SqlBudget::SqlBudget(sqlite3* database, uint64_t database_bytes, const Readings& readings)
    : database_(database),
      statement_steps_(readings.by_statement * std::max(kLeastSteps, database_bytes)),
      all_steps_(readings.by_all * std::max(kLeastSteps, database_bytes)),
      soft_limit_before_(sqlite3_soft_heap_limit64(-1)),
      hard_limit_before_(sqlite3_hard_heap_limit64(sqlite3_memory_used() + kMemoryBytes)) {
  sqlite3_progress_handler(database_, kStepsAtOnce, OnProgress, this);
}

SqlBudget::~SqlBudget() {
  sqlite3_progress_handler(database_, 0, nullptr, nullptr);
  sqlite3_hard_heap_limit64(hard_limit_before_);
  sqlite3_soft_heap_limit64(soft_limit_before_);
}

int SqlBudget::OnProgress(void* budget) {
  auto& self = *static_cast<SqlBudget*>(budget);
  self.used_ += kStepsAtOnce;
  self.used_by_all_ += kStepsAtOnce;
  return self.used_ > self.statement_steps_ || self.used_by_all_ > self.all_steps_ ? 1 : 0;
}

}  // namespace cloister::feeds
