// Overrides of RocksReputationStore.

#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/lookup_key.h"
#include "reputation/verdict.h"
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
  std::string old;
  rocksdb::Status got = database_->db()->Get(rocksdb::ReadOptions(), database_->overrides(),
                                             ToSlice(key.bytes()), &old);
  if (!got.ok() && !got.IsNotFound()) return DatabaseError(got, "read an override");
  AuditEvent event{value.set_at, value.actor, "override.set", SetDetail(value)};
  return WriteOverride(key, &*encoded, got.ok(), event);
}

absl::StatusOr<uint64_t> RocksReputationStore::DeleteOverride(const LookupKey& key,
                                                              absl::string_view actor,
                                                              absl::string_view reason,
                                                              absl::Time now) {
  absl::MutexLock lock(&writer_);
  absl::StatusOr<Override> old = Current()->FindOverride(key);
  if (!old.ok()) return old.status();
  AuditEvent event{now, std::string(actor), "override.delete", DeleteDetail(*old, reason)};
  return WriteOverride(key, nullptr, true, event);
}

absl::StatusOr<uint64_t> RocksReputationStore::WriteOverride(const LookupKey& key,
                                                             const std::string* put, bool existed,
                                                             const AuditEvent& event) {
  OverrideTotals totals = totals_;
  if (put != nullptr && !existed) totals.count += 1;
  if (put == nullptr) totals.count -= 1;
  if (put != nullptr) totals.NotePrefixLength(key);

  rocksdb::WriteBatch batch;
  if (put != nullptr) {
    batch.Put(database_->overrides(), ToSlice(key.bytes()), *put);
  } else {
    batch.Delete(database_->overrides(), ToSlice(key.bytes()));
  }
  batch.Put(database_->meta(), kOverrideTotalsKey, EncodeTotals(totals));
  batch.Put(database_->meta(), kGenerationKey, EncodeNumber(number_ + 1));
  if (absl::Status s = WriteAudited(&batch, event); !s.ok()) return s;
  totals_ = std::move(totals);
  number_ += 1;
  Publish();
  return number_;
}

}  // namespace cloister::storage
