#include "storage/store/carry_over.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "storage/store/database.h"
#include "storage/store/database_options.h"

namespace cloister::storage {
namespace {

namespace fs = std::filesystem;

constexpr char kFreshSuffix[] = ".new";
constexpr uint64_t kCacheBytes = 1 << 20;
constexpr size_t kBatchBytes = 1 << 20;

// A database with the store's own column families and no others.
class OwnFamilies {
 public:
  static absl::StatusOr<std::unique_ptr<OwnFamilies>> Open(const std::string& path,
                                                           bool read_only) {
    const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(kCacheBytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const char* name : {kMeta, kOverrides, kAudit}) {
      descriptors.emplace_back(name, SmallOptions(cache));
    }
    descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, SmallOptions(cache));
    std::unique_ptr<OwnFamilies> opened(new OwnFamilies());
    rocksdb::DB* db = nullptr;
    rocksdb::Status status =
        read_only ? rocksdb::DB::OpenForReadOnly(DatabaseOptions(), path, descriptors,
                                                 &opened->handles_, &db)
                  : rocksdb::DB::Open(DatabaseOptions(), path, descriptors, &opened->handles_, &db);
    if (!status.ok()) return DatabaseError(status, absl::StrCat("open ", path));
    opened->db_.reset(db);
    return opened;
  }
  ~OwnFamilies() {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  }

  absl::Status CopyTo(OwnFamilies& target) const {
    for (size_t i = 0; i < handles_.size(); ++i) {
      if (absl::Status s = CopyFamily(i, target); !s.ok()) return s;
    }
    rocksdb::FlushOptions flush;
    return DatabaseError(target.db_->Flush(flush, target.handles_), "write the new database");
  }

 private:
  OwnFamilies() = default;

  absl::Status CopyFamily(size_t index, OwnFamilies& target) const {
    std::unique_ptr<rocksdb::Iterator> iterator(
        db_->NewIterator(rocksdb::ReadOptions(), handles_[index]));
    rocksdb::WriteBatch batch;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      batch.Put(target.handles_[index], iterator->key(), iterator->value());
      if (batch.GetDataSize() < kBatchBytes) continue;
      if (absl::Status s = target.Write(&batch); !s.ok()) return s;
      batch.Clear();
    }
    if (!iterator->status().ok()) return DatabaseError(iterator->status(), "read the database");
    return target.Write(&batch);
  }

  absl::Status Write(rocksdb::WriteBatch* batch) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    return DatabaseError(db_->Write(synced, batch), "write the new database");
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

absl::Status CopyOwnFamilies(const std::string& from, const std::string& to) {
  absl::StatusOr<std::unique_ptr<OwnFamilies>> damaged = OwnFamilies::Open(from, true);
  if (!damaged.ok()) return damaged.status();
  absl::StatusOr<std::unique_ptr<OwnFamilies>> fresh = OwnFamilies::Open(to, false);
  if (!fresh.ok()) return fresh.status();
  return (*damaged)->CopyTo(**fresh);
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return absl::OkStatus();
  return reputation::Rejected(reputation::RejectReason::kIoError,
                              absl::StrCat("cannot remove ", path, ": ", error.message()));
}

}  // namespace

absl::Status CarryOver(const std::string& path) {
  const std::string fresh = absl::StrCat(path, kFreshSuffix);
  const std::string aside = absl::StrCat(path, ".damaged");
  if (absl::Status s = RemoveTree(fresh); !s.ok()) return s;
  if (absl::Status s = MakeDirectories(fresh); !s.ok()) return s;
  absl::Status copied = CopyOwnFamilies(path, fresh);
  if (!copied.ok()) {
    RemoveTree(fresh).IgnoreError();
    return copied;
  }
  if (absl::Status s = RemoveTree(aside); !s.ok()) return s;
  // Then `fresh` is the damaged one, unless a crash ends this before it has its name.
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0 ||
      rename(fresh.c_str(), aside.c_str()) != 0) {
    return reputation::Rejected(
        reputation::RejectReason::kIoError,
        absl::StrCat("cannot put ", fresh, " in the place of ", path, ": ", strerror(errno)));
  }
  return SyncDirectory(fs::path(path).parent_path().string());
}

void RemoveInterruptedCarryOver(const std::string& path) {
  RemoveTree(absl::StrCat(path, kFreshSuffix)).IgnoreError();
}

}  // namespace cloister::storage
