#include "storage/store/database_options.h"

#include <rocksdb/env.h>
#include <rocksdb/table.h>

#include <memory>

#include "storage/pack/pack_format.h"

namespace cloister::storage {

namespace {

// RocksDB writes about itself into files beside the data, and aborts the process (7.8 as Debian
// builds it) when it writes on after a write there failed, as on a full disk. What matters it also
// returns as a status, and that is told.
class Silence : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

rocksdb::DBOptions DatabaseOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // A crash tears the end of the log only. Anything else that is wrong with it is damage, and
  // skipping it would lose acknowledged overrides.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // A reader that lets go of the last generation with a version must not wait for its files to be
  // removed.
  options.avoid_unnecessary_blocking_io = true;
  options.info_log = std::make_shared<Silence>();
  options.max_total_wal_size = 64 << 20;
  options.db_host_id = "";
  return options;
}

rocksdb::ColumnFamilyOptions SmallOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table = PackTableOptions();
  table.block_cache = cache;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = 16 << 20;
  return options;
}

// Each delta lies in a level of its own above what it changes; these levels hold a snapshot and the
// 24 deltas that come at once at most.
rocksdb::ColumnFamilyOptions FeedOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options = SmallOptions(cache);
  options.disable_auto_compactions = true;
  options.num_levels = 26;
  options.write_buffer_size = 64 << 10;
  return options;
}

}  // namespace cloister::storage
