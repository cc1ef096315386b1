#include "storage/store/delta_check.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::storage {
namespace {

// Keys of one sorted MultiGet: enough that neighbours share blocks, little enough memory.
constexpr size_t kChunkEntries = 4096;

using Entries = std::vector<std::pair<std::string, std::string>>;

absl::Status BaseMismatch(absl::string_view key, absl::string_view what) {
  return reputation::Rejected(reputation::RejectReason::kBaseMismatch,
                              absl::StrCat("the delta ", what, " ", absl::BytesToHexString(key),
                                           ": it was made for another base"));
}

// `old` is null where the base has no such entry.
absl::Status ApplyEntry(const std::pair<std::string, std::string>& entry,
                        const absl::string_view* old, ContentDigest* digest) {
  const auto& [key, value] = entry;
  bool removal = IsRemoval(key, value);
  if (removal && old == nullptr) return BaseMismatch(key, "removes the absent entry");
  if (!removal && old != nullptr && *old == value) {
    return BaseMismatch(key, "adds the equal entry");
  }
  if (old != nullptr) digest->Remove(key, *old);
  if (!removal) digest->Add(key, value);
  return absl::OkStatus();
}

absl::Status ApplyChunk(const Database& database, const ColumnFamily& family,
                        const Entries& entries, ContentDigest* digest) {
  std::vector<rocksdb::Slice> keys(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) keys[i] = entries[i].first;
  std::vector<rocksdb::PinnableSlice> values(entries.size());
  std::vector<rocksdb::Status> statuses(entries.size());
  rocksdb::ReadOptions options;
  options.fill_cache = false;  // lookups need the cache more
  database.db()->MultiGet(options, family.handle(), keys.size(), keys.data(), values.data(),
                          statuses.data(), /*sorted_input=*/true);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!statuses[i].ok() && !statuses[i].IsNotFound()) {
      return DatabaseError(statuses[i], "read the version that a delta changes");
    }
    absl::string_view old = ToView(values[i]);
    bool present = statuses[i].ok() && !IsRemoval(entries[i].first, old);
    absl::Status applied = ApplyEntry(entries[i], present ? &old : nullptr, digest);
    if (!applied.ok()) return applied;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ContentDigest> DigestAfterDelta(const Database& database, const ColumnFamily& family,
                                               const PackReader& delta, const ContentDigest& base) {
  ContentDigest digest = base;
  Entries chunk;
  std::unique_ptr<EntryCursor> cursor = delta.NewCursor(/*checksums=*/true);
  while (cursor->Valid()) {
    chunk.clear();
    for (; cursor->Valid() && chunk.size() < kChunkEntries; cursor->Next()) {
      chunk.emplace_back(std::string(cursor->key()), std::string(cursor->value()));
    }
    if (absl::Status s = ApplyChunk(database, family, chunk, &digest); !s.ok()) return s;
  }
  if (!cursor->status().ok()) return cursor->status();
  return digest;
}

}  // namespace cloister::storage
