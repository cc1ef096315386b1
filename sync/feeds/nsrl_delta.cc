#include "sync/feeds/nsrl_delta.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sqlite3.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sync/feeds/feed_source.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/sql_guard.h"
#include "sync/feeds/sql_handles.h"
#include "sync/feeds/sql_statements.h"

namespace cloister::feeds {
namespace {

constexpr int kMaxValueBytes = 1 << 20;
// A database may become larger by itself and this.
constexpr uint64_t kRoomBytes = uint64_t{1} << 30;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status CopyFailed(const std::string& path, int error) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot make the private copy of ", path,
                   ", beside it, that deltas are applied "
                   "to: ",
                   strerror(error), "; put the database where there is room and leave to write"));
}

// Copies as the kernel can do it best: shared blocks, or within the kernel.
bool CopyBytes(int from, int to) {
  if (ioctl(to, FICLONE, from) == 0) return true;
  std::string buffer;
  for (;;) {
    ssize_t copied = buffer.empty() ? copy_file_range(from, nullptr, to, nullptr, 1 << 30, 0) : -1;
    if (copied == 0) return true;
    if (copied > 0) continue;
    const bool elsewhere = errno == EXDEV || errno == EINVAL || errno == ENOSYS ||
                           errno == EOPNOTSUPP || !buffer.empty();
    if (!elsewhere) return false;
    buffer.resize(1 << 20);
    copied = ::read(from, buffer.data(), buffer.size());
    if (copied <= 0) return copied == 0;
    errno = ENOSPC;  // what a short write means, which sets no error
    if (::write(to, buffer.data(), copied) != copied) return false;
  }
}

absl::StatusOr<std::unique_ptr<PrivateFile>> CopyBeside(const std::string& path) {
  const Descriptor from(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (from.get() < 0) return CopyFailed(path, errno);
  std::string name = path + ".XXXXXX";
  const Descriptor to(mkostemp(name.data(), O_CLOEXEC));
  if (to.get() < 0) return CopyFailed(path, errno);
  auto copy = std::make_unique<PrivateFile>(name);
  if (!CopyBytes(from.get(), to.get())) return CopyFailed(path, errno);
  return copy;
}

absl::Status Failed(sqlite3* database) {
  const int code = sqlite3_errcode(database);
  const std::string why = FitLabel(sqlite3_errmsg(database));
  if (code == SQLITE_INTERRUPT) {
    return absl::ResourceExhaustedError("takes more work than reading the database several times");
  }
  if (code == SQLITE_NOMEM) {
    return absl::ResourceExhaustedError("takes more memory than any delta needs");
  }
  if (code == SQLITE_FULL || code == SQLITE_TOOBIG) return absl::ResourceExhaustedError(why);
  return absl::InvalidArgumentError(absl::StrCat(why, "; is it a delta of another release?"));
}

absl::Status Run(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return absl::OkStatus();
  return Failed(database);
}

absl::StatusOr<uint64_t> PageBytes(sqlite3* database) {
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v2(database, "PRAGMA page_size", -1, &prepared, nullptr);
  const SqliteStatement statement(prepared);
  if (result != SQLITE_OK || sqlite3_step(prepared) != SQLITE_ROW) return Failed(database);
  return static_cast<uint64_t>(std::max(sqlite3_column_int(prepared, 0), 512));
}

// A copy that nobody else has and that goes with its failure needs no journal.
absl::StatusOr<SqliteDatabase> OpenCopy(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return CopyFailed(path, errno);
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  SqliteDatabase database(opened);
  if (result != SQLITE_OK) return Failed(opened);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
  absl::StatusOr<uint64_t> page = PageBytes(opened);
  if (!page.ok()) return page.status();
  const uint64_t pages = (2 * static_cast<uint64_t>(status.st_size) + kRoomBytes) / *page;
  const std::string settings = absl::StrCat(
      "PRAGMA journal_mode=DELETE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
      "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF; PRAGMA cell_size_check=ON;",
      "PRAGMA max_page_count=", std::min<uint64_t>(pages, 0x7ffffffe), ";");
  absl::Status set = Run(opened, settings.c_str());
  if (!set.ok()) return set;
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return database;
}

absl::StatusOr<std::string> NewestVersion(sqlite3* database, uint64_t bytes) {
  const SqlBudget budget(database, bytes, {});
  sqlite3_stmt* prepared = nullptr;
  constexpr char kSql[] = "SELECT version FROM VERSION ORDER BY version DESC LIMIT 1";
  if (sqlite3_prepare_v2(database, kSql, -1, &prepared, nullptr) != SQLITE_OK) {
    return absl::InvalidArgumentError("not an RDSv3 database: it has no table VERSION");
  }
  const SqliteStatement statement(prepared);
  const int step = sqlite3_step(prepared);
  if (step == SQLITE_DONE) return std::string();
  if (step != SQLITE_ROW) return Failed(database);
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
  return FitLabel(text != nullptr ? text : "");
}

absl::Status RunStatement(sqlite3* database, const std::string& sql, SqlGuard* guard) {
  if (sql.front() == '.') {
    return absl::InvalidArgumentError("a command of the sqlite3 shell, which a delta may not give");
  }
  guard->BeginStatement();
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  const int size = static_cast<int>(sql.size());
  const int result = sqlite3_prepare_v2(database, sql.data(), size, &prepared, &rest);
  const SqliteStatement statement(prepared);
  if (!guard->refusal().empty()) return absl::InvalidArgumentError(guard->refusal());
  if (result != SQLITE_OK) return Failed(database);
  if (prepared == nullptr || guard->is_transaction()) return absl::OkStatus();
  const bool whole = rest == sql.data() + sql.size();
  const bool changes =
      sqlite3_stmt_readonly(prepared) == 0 && sqlite3_stmt_isexplain(prepared) == 0;
  if (!whole || !changes) {
    return absl::InvalidArgumentError("a statement that changes nothing");
  }
  int step;
  while ((step = sqlite3_step(prepared)) == SQLITE_ROW) {
  }
  return step == SQLITE_DONE ? absl::OkStatus() : Failed(database);
}

absl::Status RunStatements(sqlite3* database, const std::string& path, SqlGuard* guard,
                           const std::function<void(uint64_t)>& read) {
  absl::StatusOr<LineReader> lines = FeedSource(path).Lines();
  if (!lines.ok()) return lines.status();
  SqlStatements statements(&*lines);
  uint64_t number = 0;
  while (statements.Next()) {
    absl::Status done = RunStatement(database, statements.statement(), guard);
    if (!done.ok()) {
      return absl::Status(done.code(),
                          absl::StrCat("line ", statements.line(), ": ", done.message()));
    }
    read(++number);
  }
  return statements.status();
}

absl::Status Apply(sqlite3* database, const std::string& path, uint64_t bytes,
                   const std::function<void(uint64_t)>& read) {
  absl::StatusOr<std::string> before = NewestVersion(database, bytes);
  if (!before.ok()) return before.status();
  absl::Status done = Run(database, "BEGIN");
  if (!done.ok()) return done;
  {
    SqlGuard guard(database, bytes);
    done = RunStatements(database, path, &guard, read);
  }
  if (done.ok()) done = Run(database, "COMMIT");
  if (!done.ok()) return done;
  absl::StatusOr<std::string> after = NewestVersion(database, bytes);
  if (!after.ok()) return after.status();
  if (*after > *before) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("it brings no newer VERSION than the '", *before,
                   "' that is there: it was applied already, or is a delta of another release"));
}

}  // namespace

PrivateFile::~PrivateFile() { unlink(path_.c_str()); }

absl::StatusOr<std::unique_ptr<PrivateFile>> ApplyNsrlDeltas(
    const std::string& path, const std::vector<std::string>& deltas,
    const std::function<void(uint64_t statements)>& read) {
  absl::StatusOr<std::unique_ptr<PrivateFile>> copy = CopyBeside(path);
  if (!copy.ok()) return copy.status();
  absl::StatusOr<SqliteDatabase> database = OpenCopy((*copy)->path());
  if (!database.ok()) return database.status();
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return CopyFailed(path, errno);
  for (const std::string& delta : deltas) {
    absl::Status applied =
        Apply(database->get(), delta, static_cast<uint64_t>(status.st_size), read);
    if (!applied.ok()) {
      return absl::Status(applied.code(), absl::StrCat("delta ", delta, ": ", applied.message()));
    }
  }
  return copy;
}

}  // namespace cloister::feeds
