#include "storage/store/audit_trail.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/store/stored_override.h"
#include "storage/store/stored_version.h"

namespace cloister::storage {
namespace {

absl::Status Broken(uint64_t sequence, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("audit entry ", sequence, " ", what,
                                          ": the trail was altered outside the server"));
}

absl::StatusOr<AuditHead> ReadHead(const Database& database, const rocksdb::ReadOptions& options) {
  std::string bytes;
  rocksdb::Status got = database.db()->Get(options, database.meta(), kAuditHeadKey, &bytes);
  if (got.IsNotFound()) return AuditHead();
  if (!got.ok()) return DatabaseError(got, "read the head of the audit trail");
  return DecodeHead(bytes);
}

// Goes through all entries; `*last` ends as what the chain says the head should be.
absl::Status FollowChain(rocksdb::Iterator* iterator, AuditHead* last) {
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    uint64_t expected = last->count + 1;
    absl::StatusOr<uint64_t> sequence = DecodeNumber(ToView(iterator->key()));
    if (!sequence.ok() || *sequence != expected) return Broken(expected, "is missing");
    std::string previous;
    absl::StatusOr<AuditRecord> record =
        DecodeAuditEntry(expected, ToView(iterator->value()), &previous);
    if (!record.ok()) return Broken(expected, "cannot be read");
    // The hash that an entry carries accuses the one before it.
    if (previous != last->sha256) return Broken(expected == 1 ? 1 : expected - 1, "was altered");
    last->count = expected;
    last->sha256 = record->sha256;
  }
  return DatabaseError(iterator->status(), "read the audit trail");
}

}  // namespace

absl::StatusOr<std::vector<AuditRecord>> ReadAudit(const Database& database, uint64_t from_sequence,
                                                   size_t limit) {
  std::unique_ptr<rocksdb::Iterator> iterator(
      database.db()->NewIterator(rocksdb::ReadOptions(), database.audit()));
  std::vector<AuditRecord> records;
  for (iterator->Seek(EncodeNumber(from_sequence)); iterator->Valid() && records.size() < limit;
       iterator->Next()) {
    absl::StatusOr<uint64_t> sequence = DecodeNumber(ToView(iterator->key()));
    if (!sequence.ok()) return sequence.status();
    std::string previous;
    absl::StatusOr<AuditRecord> record =
        DecodeAuditEntry(*sequence, ToView(iterator->value()), &previous);
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  if (absl::Status s = DatabaseError(iterator->status(), "read the audit trail"); !s.ok()) return s;
  return records;
}

absl::Status VerifyAuditChain(const Database& database) {
  const rocksdb::Snapshot* snapshot = database.db()->GetSnapshot();
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  absl::StatusOr<AuditHead> head = ReadHead(database, options);
  AuditHead last;
  absl::Status followed = head.status();
  if (head.ok()) {
    std::unique_ptr<rocksdb::Iterator> iterator(
        database.db()->NewIterator(options, database.audit()));
    followed = FollowChain(iterator.get(), &last);
  }
  database.db()->ReleaseSnapshot(snapshot);
  if (!followed.ok()) return followed;
  if (last.count < head->count) return Broken(last.count + 1, "is missing");
  if (last.count > head->count) return Broken(head->count + 1, "was added");
  if (last.sha256 != head->sha256) return Broken(last.count, "was altered");
  return absl::OkStatus();
}

}  // namespace cloister::storage
