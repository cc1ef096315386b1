#include "storage/store/delta_walk.h"

#include <string>
#include <utility>
#include <vector>

namespace cloister::storage {
namespace {

// Keys of one sorted MultiGet: enough that neighbours share blocks, little enough memory.
constexpr size_t kChunkEntries = 4096;

using Entries = std::vector<std::pair<std::string, std::string>>;

absl::Status WalkChunk(const Database& database, const ColumnFamily& family, const Entries& entries,
                       const DeltaVisitor& visit) {
  std::vector<rocksdb::Slice> keys(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) keys[i] = entries[i].first;
  std::vector<rocksdb::PinnableSlice> values(entries.size());
  std::vector<rocksdb::Status> statuses(entries.size());
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  database.db()->MultiGet(options, family.handle(), keys.size(), keys.data(), values.data(),
                          statuses.data(), /*sorted_input=*/true);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!statuses[i].ok() && !statuses[i].IsNotFound()) {
      if (IsDamage(statuses[i])) family.MarkDamaged();
      return DatabaseError(statuses[i], "read the version that a delta changes");
    }
    const auto& [key, value] = entries[i];
    const absl::string_view old = ToView(values[i]);
    const absl::string_view after = value;
    const bool has_before = statuses[i].ok() && !IsRemoval(key, old);
    absl::Status visited =
        visit(key, has_before ? &old : nullptr, IsRemoval(key, after) ? nullptr : &after);
    if (!visited.ok()) return visited;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WalkDelta(const Database& database, const ColumnFamily& family, EntryCursor& delta,
                       const DeltaVisitor& visit) {
  Entries chunk;
  while (delta.Valid()) {
    chunk.clear();
    for (; delta.Valid() && chunk.size() < kChunkEntries; delta.Next()) {
      chunk.emplace_back(std::string(delta.key()), std::string(delta.value()));
    }
    if (absl::Status s = WalkChunk(database, family, chunk, visit); !s.ok()) return s;
  }
  return delta.status();
}

}  // namespace cloister::storage
