// Overrides of RocksReputationStore.

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reputation/lookup_key.h"
#include "reputation/verdict.h"
#include "storage/store/override_batch.h"
#include "storage/store/rocks_reputation_store.h"

namespace cloister::storage {
namespace {

using reputation::LookupKey;

std::string SetDetail(const Override& value) {
  const reputation::Record& record = value.record;
  std::string detail = absl::StrCat(reputation::ObjectKindName(value.kind), " ", value.text, ": ",
                                    reputation::VerdictName(record.verdict), ", ",
                                    reputation::ScopeName(record.scope));
  if (record.valid_until() != absl::InfiniteFuture()) {
    absl::StrAppend(
        &detail, ", until ",
        absl::FormatTime("%Y-%m-%d %H:%M UTC", record.valid_until(), absl::UTCTimeZone()));
  }
  return absl::StrCat(detail, "; ", value.reason);
}

std::string DeleteDetail(const Override& value, absl::string_view reason) {
  return absl::StrCat(reputation::ObjectKindName(value.kind), " ", value.text, ": was ",
                      reputation::VerdictName(value.record.verdict), "; ", reason);
}

}  // namespace

absl::StatusOr<uint64_t> RocksReputationStore::SetOverride(const LookupKey& key,
                                                           const Override& value) {
  absl::StatusOr<std::string> encoded = EncodeOverride(value);
  if (!encoded.ok()) return encoded.status();
  absl::MutexLock lock(&writer_);
  absl::StatusOr<uint64_t> replaced = CountOverrides(*database_, {ToSlice(key.bytes())});
  if (!replaced.ok()) return replaced.status();
  OverrideTotals totals = totals_;
  totals.count += 1 - *replaced;
  totals.NotePrefixLength(key);
  rocksdb::WriteBatch batch;
  batch.Put(database_->overrides(), ToSlice(key.bytes()), *encoded);
  return WriteOverrides(&batch, std::move(totals),
                        {value.set_at, value.actor, "override.set", SetDetail(value)});
}

absl::StatusOr<uint64_t> RocksReputationStore::SetOverrides(
    std::span<const KeyedOverride> overrides, const AuditEvent& event) {
  absl::StatusOr<OverrideBatch> encoded = EncodeOverrideBatch(overrides);
  if (!encoded.ok()) return encoded.status();
  rocksdb::WriteBatch batch;
  std::vector<rocksdb::Slice> keys;
  for (const auto& [key, value] : encoded->encoded) {
    batch.Put(database_->overrides(), key, value);
    keys.emplace_back(key);
  }

  absl::MutexLock lock(&writer_);
  absl::StatusOr<uint64_t> replaced = CountOverrides(*database_, keys);
  if (!replaced.ok()) return replaced.status();
  OverrideTotals totals = totals_;
  totals.count += keys.size() - *replaced;
  for (const auto& [key, value] : overrides) totals.NotePrefixLength(key);
  AuditEvent with_content = event;
  with_content.detail =
      absl::StrCat(keys.size(), " overrides, of which ", *replaced, " replaced others, sha256 ",
                   encoded->sha256, "; ", event.detail);
  return WriteOverrides(&batch, std::move(totals), with_content);
}

absl::StatusOr<uint64_t> RocksReputationStore::DeleteOverride(const LookupKey& key,
                                                              absl::string_view actor,
                                                              absl::string_view reason,
                                                              absl::Time now) {
  absl::MutexLock lock(&writer_);
  absl::StatusOr<Override> old = Current()->FindOverride(key);
  if (!old.ok()) return old.status();
  OverrideTotals totals = totals_;
  totals.count -= 1;
  rocksdb::WriteBatch batch;
  batch.Delete(database_->overrides(), ToSlice(key.bytes()));
  return WriteOverrides(&batch, std::move(totals),
                        {now, std::string(actor), "override.delete", DeleteDetail(*old, reason)});
}

absl::StatusOr<uint64_t> RocksReputationStore::WriteOverrides(rocksdb::WriteBatch* batch,
                                                              OverrideTotals totals,
                                                              const AuditEvent& event) {
  batch->Put(database_->meta(), kOverrideTotalsKey, EncodeTotals(totals));
  batch->Put(database_->meta(), kGenerationKey, EncodeNumber(number_ + 1));
  if (absl::Status s = WriteAudited(batch, event); !s.ok()) return s;
  totals_ = std::move(totals);
  number_ += 1;
  Publish();
  return number_;
}

}  // namespace cloister::storage
