// Decisions and the audit trail of RocksReputationStore.

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/store/audit_trail.h"
#include "storage/store/rocks_reputation_store.h"

namespace cloister::storage {

absl::Status RocksReputationStore::SetDirective(absl::string_view feed,
                                                const FeedDirective& directive,
                                                const AuditEvent& event) {
  if (absl::StatusOr<size_t> layer = LayerOf(feed); !layer.ok()) return layer.status();
  absl::MutexLock lock(&writer_);
  rocksdb::WriteBatch batch;
  batch.Put(database_->meta(), absl::StrCat(kDirectiveKeyPrefix, feed), EncodeDirective(directive));
  if (absl::Status s = WriteAudited(&batch, event); !s.ok()) return s;
  absl::MutexLock view_lock(&view_);
  directives_[std::string(feed)] = directive;
  return absl::OkStatus();
}

absl::StatusOr<FeedDirective> RocksReputationStore::Directive(absl::string_view feed) const {
  if (absl::StatusOr<size_t> layer = LayerOf(feed); !layer.ok()) return layer.status();
  absl::ReaderMutexLock lock(&view_);
  auto found = directives_.find(feed);
  return found == directives_.end() ? FeedDirective() : found->second;
}

absl::Status RocksReputationStore::AppendAudit(const AuditEvent& event) {
  absl::MutexLock lock(&writer_);
  rocksdb::WriteBatch batch;
  return WriteAudited(&batch, event);
}

absl::Status RocksReputationStore::WriteAudited(rocksdb::WriteBatch* batch,
                                                const AuditEvent& event) {
  // Once in the log, once in a table.
  const uint64_t room_bytes = kLogRoomBytes + 2 * batch->GetDataSize();
  if (absl::Status s = CheckSpace(options_.directory, room_bytes); !s.ok()) return s;
  AuditHead head;
  {
    absl::MutexLock lock(&view_);
    head = audit_;
  }
  absl::StatusOr<std::string> entry = EncodeAuditEntry(event, &head);
  if (!entry.ok()) return entry.status();
  batch->Put(database_->audit(), EncodeNumber(head.count), *entry);
  batch->Put(database_->meta(), kAuditHeadKey, EncodeHead(head));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status written = database_->db()->Write(synced, batch);
  if (!written.ok()) {
    return DatabaseError(written, absl::StrCat("write ", event.action, " and its audit entry"));
  }
  absl::MutexLock lock(&view_);
  audit_ = std::move(head);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AuditRecord>> RocksReputationStore::ListAudit(uint64_t from_sequence,
                                                                         size_t limit) const {
  return ReadAudit(*database_, from_sequence, limit);
}

absl::Status RocksReputationStore::VerifyAudit() const { return VerifyAuditChain(*database_); }

uint64_t RocksReputationStore::audit_count() const {
  absl::ReaderMutexLock lock(&view_);
  return audit_.count;
}

}  // namespace cloister::storage
