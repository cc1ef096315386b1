#include "sync/feeds/sql_guard.h"

#include <sqlite3.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

// https://www.nist.gov/itl/ssd/software-quality-group/national-software-reference-library-nsrl:
// RDSv3, full and minimal.
constexpr absl::string_view kTables[] = {
    "APPLICATION",
    "APPLICATION_APPLICATION_TYPE",
    "APPLICATION_LANGUAGE",
    "APPLICATION_TYPE",
    "FILE",
    "LANGUAGE",
    "MANUFACTURER",
    "MANUFACTURER_APPLICATION",
    "MANUFACTURER_OPERATING_SYSTEM",
    "METADATA",
    "MFG",
    "OPERATING_SYSTEM",
    "OPERATING_SYSTEM_APPLICATION",
    "OS",
    "PACKAGE_OBJECT",
    "PKG",
    "VERSION",
};

constexpr absl::string_view kFunctions[] = {
    "coalesce", "current_date", "current_time", "current_timestamp", "date", "datetime",
    "ifnull",   "lower",        "upper",
};

template <size_t kSize>
bool IsOneOf(const absl::string_view (&names)[kSize], const char* name) {
  return name != nullptr && std::any_of(std::begin(names), std::end(names), [name](auto known) {
           return absl::EqualsIgnoreCase(known, name);
         });
}

// Where SQLite itself notes tables and indexes; it is defended against all other writing.
bool IsCatalogue(const char* name) {
  return name != nullptr && (absl::EqualsIgnoreCase(name, "sqlite_master") ||
                             absl::EqualsIgnoreCase(name, "sqlite_schema"));
}

}  // namespace

SqlGuard::SqlGuard(sqlite3* database, uint64_t database_bytes)
    : database_(database), budget_(database, database_bytes, {}) {
  const auto judge = [](void* guard, int action, const char* first, const char* second,
                        const char* database, const char*) {
    return static_cast<SqlGuard*>(guard)->Judge(action, first, second, database);
  };
  sqlite3_set_authorizer(database_, judge, this);
}

SqlGuard::~SqlGuard() { sqlite3_set_authorizer(database_, nullptr, nullptr); }

void SqlGuard::BeginStatement() {
  refusal_.clear();
  is_transaction_ = false;
  budget_.BeginStatement();
}

int SqlGuard::Refuse(const char* what, const char* name) {
  if (refusal_.empty()) {
    refusal_ = absl::StrCat("a delta may not ", what, name != nullptr ? " " : "",
                            FitLabel(name != nullptr ? name : ""));
  }
  return SQLITE_DENY;
}

int SqlGuard::Judge(int action, const char* first, const char* second, const char* database) {
  switch (action) {
    case SQLITE_SELECT:
      return SQLITE_OK;
    case SQLITE_TRANSACTION:
      is_transaction_ = true;
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return IsOneOf(kFunctions, second) ? SQLITE_OK : Refuse("call the function", second);
    case SQLITE_RECURSIVE:
      return Refuse("call itself (a recursive query)", nullptr);
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return Refuse("attach or detach databases", nullptr);
    case SQLITE_PRAGMA:
      return Refuse("change or ask settings: PRAGMA", first);
    default:
      break;
  }
  if (database != nullptr && !absl::EqualsIgnoreCase(database, "main")) {
    return Refuse("touch another database:", database);
  }
  switch (action) {
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_READ:
      return IsCatalogue(first) || IsOneOf(kTables, first) ? SQLITE_OK
                                                           : Refuse("touch the table", first);
    case SQLITE_CREATE_TABLE:
    case SQLITE_DROP_TABLE:
      return IsOneOf(kTables, first) ? SQLITE_OK : Refuse("create or drop the table", first);
    case SQLITE_CREATE_INDEX:
    case SQLITE_DROP_INDEX:
      return IsOneOf(kTables, second) ? SQLITE_OK : Refuse("index the table", second);
    case SQLITE_REINDEX:
      return SQLITE_OK;
    default:
      return Refuse("change anything but rows, tables and indexes", nullptr);
  }
}

}  // namespace cloister::feeds
