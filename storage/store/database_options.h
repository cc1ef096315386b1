// How the database is set up. Internal to storage/store.

#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/options.h>

#include <memory>

namespace cloister::storage {

// Column families of the store's own; all others hold packs.
inline constexpr char kMeta[] = "meta";
inline constexpr char kOverrides[] = "overrides";
inline constexpr char kAudit[] = "audit";

rocksdb::DBOptions DatabaseOptions();

// For meta, overrides and audit: small and written to.
rocksdb::ColumnFamilyOptions SmallOptions(const std::shared_ptr<rocksdb::Cache>& cache);

// For packs: never written to but by ingesting.
rocksdb::ColumnFamilyOptions FeedOptions(const std::shared_ptr<rocksdb::Cache>& cache);

}  // namespace cloister::storage
