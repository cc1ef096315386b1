// The RocksDB database below the store: opening, column families, and errors as this house says
// them. Internal to storage/store.

#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::storage {

inline rocksdb::Slice ToSlice(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline absl::string_view ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// kNoSpace where the disk is full, kPackUnreadable for corruption, kIoError for the rest; OK
// becomes OK. `doing` completes "cannot …".
absl::Status DatabaseError(const rocksdb::Status& status, absl::string_view doing);

// What to do about a damaged database, to follow what is damaged.
inline constexpr char kHowToMend[] =
    ". Stop the server, move db/ away (keep packs/ and versions/ beside it), and restore it from a "
    "backup: it holds overrides, the audit trail and decisions about versions. Without a backup a "
    "fresh one is made at the next start: feeds are then built anew from packs/, and what "
    "administrators entered is lost";

// What every write leaves free at least: a log that cannot be written to the end makes the database
// refuse all further writes until the next start.
inline constexpr uint64_t kLogRoomBytes = 4 << 20;

// kNoSpace unless `reserve_bytes` are free on the file system of `directory`.
absl::Status CheckSpace(const std::string& directory, uint64_t reserve_bytes);

// An open database. Thread-safe. Closed with its last owner.
class Database {
 public:
  ~Database();

  rocksdb::DB* db() const { return db_.get(); }
  rocksdb::ColumnFamilyHandle* meta() const { return meta_; }
  rocksdb::ColumnFamilyHandle* overrides() const { return overrides_; }
  rocksdb::ColumnFamilyHandle* audit() const { return audit_; }

  // Whether the log could not be written, so that all writes are refused until the next start.
  bool recovery_refused() const { return *recovery_refused_; }

  // How a column family that holds packs is set up.
  const rocksdb::ColumnFamilyOptions& feed_options() const { return feed_options_; }

 private:
  friend struct OpenedDatabase;
  Database() = default;

  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* default_ = nullptr;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  rocksdb::ColumnFamilyHandle* overrides_ = nullptr;
  rocksdb::ColumnFamilyHandle* audit_ = nullptr;
  rocksdb::ColumnFamilyOptions feed_options_;
  const std::shared_ptr<std::atomic<bool>> recovery_refused_ =
      std::make_shared<std::atomic<bool>>(false);
};

// A column family of packs. Keeps the database open. A dropped one can be read until its last
// owner goes; then its files go.
class ColumnFamily {
 public:
  static absl::StatusOr<std::shared_ptr<ColumnFamily>> Create(std::shared_ptr<Database> database,
                                                              const std::string& name);
  ColumnFamily(std::shared_ptr<Database> database, rocksdb::ColumnFamilyHandle* handle)
      : database_(std::move(database)), handle_(handle) {}
  ColumnFamily(const ColumnFamily&) = delete;
  ColumnFamily& operator=(const ColumnFamily&) = delete;
  ~ColumnFamily();

  rocksdb::ColumnFamilyHandle* handle() const { return handle_; }
  absl::Status Drop();

  // Whether something of it could not be read. Lookups set it, so it takes no lock.
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  void MarkDamaged() const { damaged_.store(true, std::memory_order_relaxed); }

 private:
  const std::shared_ptr<Database> database_;
  rocksdb::ColumnFamilyHandle* const handle_;
  mutable std::atomic<bool> damaged_ = false;
};

// Whether `status` says that what lies on the disk cannot be read as it was written.
inline bool IsDamage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsIOError();
}

// What opening gives: the database, and the column families of packs found in it, by name.
struct OpenedDatabase {
  std::shared_ptr<Database> database;
  std::map<std::string, std::shared_ptr<ColumnFamily>> families;

  // Opens or creates the database in `path`. Where nothing but column families of packs is damaged
  // it is replaced by one that has all else (carry_over.h). DataLoss if more is damaged,
  // FailedPrecondition if another process has it open; both say what to do.
  static absl::StatusOr<OpenedDatabase> Open(const std::string& path, uint64_t block_cache_bytes);

 private:
  static absl::StatusOr<OpenedDatabase> OpenOnce(const std::string& path,
                                                 uint64_t block_cache_bytes);
};

}  // namespace cloister::storage
