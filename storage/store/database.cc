#include "storage/store/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/listener.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "storage/store/carry_over.h"
#include "storage/store/database_options.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

// After a write to the log failed, RocksDB 7.8 recovers by itself as soon as there is space, and
// then aborts the process at the next write: the log's writer still remembers the failure. So it
// is told to go on refusing writes; reads are not affected, and a restart mends it.
class NoRecoveryOfTheLog : public rocksdb::EventListener {
 public:
  // `refused` is set once RocksDB wanted to recover and was told not to.
  explicit NoRecoveryOfTheLog(std::shared_ptr<std::atomic<bool>> refused)
      : refused_(std::move(refused)) {}

  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status,
                            bool* auto_recovery) override {
    if (reason != rocksdb::BackgroundErrorReason::kWriteCallback) return;
    *auto_recovery = false;
    *refused_ = true;
  }

 private:
  const std::shared_ptr<std::atomic<bool>> refused_;
};

bool HasSuffix(const std::vector<std::string>& names, absl::string_view suffix) {
  return std::any_of(names.begin(), names.end(),
                     [suffix](const std::string& name) { return absl::EndsWith(name, suffix); });
}

absl::Status Damaged(const std::string& path, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the database ", path, " is damaged: ", what, kHowToMend));
}

absl::Status OpenError(const rocksdb::Status& status, const std::string& path) {
  std::string text = status.ToString();
  if (absl::StrContains(text, "/LOCK: ")) {
    return absl::FailedPreconditionError(
        absl::StrCat("the database ", path, " is open in another process; stop that one or ",
                     "configure another data directory (", text, ")"));
  }
  if (status.IsNoSpace()) return DatabaseError(status, absl::StrCat("open ", path));
  if (status.IsIOError() && !status.IsPathNotFound()) {
    return DatabaseError(status, absl::StrCat("open ", path));
  }
  return Damaged(path, text);
}

// Names of the column families in `path`; only the default one if nothing is there yet.
absl::StatusOr<std::vector<std::string>> FamilyNames(const std::string& path) {
  absl::StatusOr<std::vector<std::string>> files = ListDirectory(path);
  if (!files.ok()) return files.status();
  std::vector<std::string> names = {rocksdb::kDefaultColumnFamilyName};
  if (!std::binary_search(files->begin(), files->end(), "CURRENT")) {
    // RocksDB would take this for a new database. A first start that was killed leaves neither
    // tables nor logs.
    if (HasSuffix(*files, ".sst") || HasSuffix(*files, ".log")) {
      return Damaged(path, "the file CURRENT is missing");
    }
    return names;
  }
  rocksdb::Status listed = rocksdb::DB::ListColumnFamilies(DatabaseOptions(), path, &names);
  if (!listed.ok()) return OpenError(listed, path);
  return names;
}

}  // namespace

absl::Status DatabaseError(const rocksdb::Status& status, absl::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  RejectReason reason = RejectReason::kIoError;
  if (status.IsNoSpace()) reason = RejectReason::kNoSpace;
  if (status.IsCorruption()) reason = RejectReason::kPackUnreadable;
  return Rejected(reason, absl::StrCat("cannot ", doing, ": ", status.ToString(),
                                       status.IsNoSpace() ? "; free disk space and restart" : ""));
}

absl::Status CheckSpace(const std::string& directory, uint64_t reserve_bytes) {
  absl::StatusOr<uint64_t> free = FreeBytes(directory);
  if (!free.ok()) return free.status();
  if (*free >= reserve_bytes) return absl::OkStatus();
  return Rejected(RejectReason::kNoSpace,
                  absl::StrCat(directory, " has ", *free, " bytes free; ", reserve_bytes,
                               " must stay free: free disk space"));
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* handle : {default_, meta_, overrides_, audit_}) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
  }
}

absl::StatusOr<std::shared_ptr<ColumnFamily>> ColumnFamily::Create(
    std::shared_ptr<Database> database, const std::string& name) {
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  rocksdb::Status created =
      database->db()->CreateColumnFamily(database->feed_options(), name, &handle);
  if (!created.ok()) return DatabaseError(created, absl::StrCat("create column family ", name));
  return std::make_shared<ColumnFamily>(std::move(database), handle);
}

ColumnFamily::~ColumnFamily() { database_->db()->DestroyColumnFamilyHandle(handle_); }

absl::Status ColumnFamily::Drop() {
  return DatabaseError(database_->db()->DropColumnFamily(handle_),
                       absl::StrCat("drop column family ", handle_->GetName()));
}

absl::StatusOr<OpenedDatabase> OpenedDatabase::Open(const std::string& path,
                                                    uint64_t block_cache_bytes) {
  if (absl::Status s = MakeDirectories(path); !s.ok()) return s;
  absl::StatusOr<OpenedDatabase> opened = OpenOnce(path, block_cache_bytes);
  if (absl::IsDataLoss(opened.status()) && CarryOver(path).ok()) {
    opened = OpenOnce(path, block_cache_bytes);
  }
  if (opened.ok()) RemoveInterruptedCarryOver(path);
  return opened;
}

absl::StatusOr<OpenedDatabase> OpenedDatabase::OpenOnce(const std::string& path,
                                                        uint64_t block_cache_bytes) {
  absl::StatusOr<std::vector<std::string>> names = FamilyNames(path);
  if (!names.ok()) return names.status();
  OpenedDatabase opened;
  opened.database.reset(new Database());
  Database& database = *opened.database;
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(block_cache_bytes);
  database.feed_options_ = FeedOptions(cache);
  std::map<std::string, rocksdb::ColumnFamilyHandle**> own = {
      {rocksdb::kDefaultColumnFamilyName, &database.default_},
      {kMeta, &database.meta_},
      {kOverrides, &database.overrides_},
      {kAudit, &database.audit_}};
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const auto& [name, handle] : own) descriptors.emplace_back(name, SmallOptions(cache));
  for (const std::string& name : *names) {
    if (own.count(name) == 0) descriptors.emplace_back(name, database.feed_options_);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions options = DatabaseOptions();
  options.listeners.push_back(std::make_shared<NoRecoveryOfTheLog>(database.recovery_refused_));
  rocksdb::Status status = rocksdb::DB::Open(options, path, descriptors, &handles, &db);
  if (!status.ok()) return OpenError(status, path);
  database.db_.reset(db);
  for (size_t i = 0; i < handles.size(); ++i) {
    auto mine = own.find(descriptors[i].name);
    if (mine != own.end()) {
      *mine->second = handles[i];
    } else {
      opened.families[descriptors[i].name] =
          std::make_shared<ColumnFamily>(opened.database, handles[i]);
    }
  }
  return opened;
}

}  // namespace cloister::storage
