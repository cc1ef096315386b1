#include "server/updates/masked_records.h"

#include <memory>
#include <optional>
#include <utility>

#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "server/updates/safety_check.h"
#include "storage/pack/pack_reader.h"

namespace cloister::server {
namespace {

// Some five milliseconds.
constexpr uint64_t kEntriesInOneBreath = 16384;

// What is protected by the record, if it is masked.
std::optional<std::string> MaskedAs(absl::string_view key, absl::string_view value,
                                    const ProtectedObjects& protection) {
  if (storage::LabelIdFromKey(key)) return std::nullopt;
  const absl::StatusOr<reputation::Record> record = reputation::DecodeRecord(value);
  if (!record.ok() || record->excluded || !ProtectedObjects::Masks(record->verdict)) {
    return std::nullopt;
  }
  const absl::StatusOr<reputation::LookupKey> parsed = reputation::LookupKey::Parse(key);
  return parsed.ok() ? protection.Protects(*parsed, record->scope) : std::nullopt;
}

}  // namespace

absl::StatusOr<MaskedRecords> CountMaskedRecords(const storage::ReputationStore& store,
                                                 const storage::ServedFeed& version,
                                                 const ProtectedObjects& protection,
                                                 const Breathe& breathe) {
  std::vector<std::unique_ptr<storage::PackReader>> readers;
  std::vector<const storage::PackReader*> packs;
  for (const std::string& sha256 : version.packs) {
    if (absl::Status s = breathe(); !s.ok()) return s;
    absl::StatusOr<std::unique_ptr<storage::PackReader>> reader =
        storage::PackReader::Open(store.PackPath(sha256), storage::PackLimits());
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
    packs.push_back(readers.back().get());
  }
  MaskedRecords masked;
  uint64_t read = 0;
  std::unique_ptr<storage::EntryCursor> cursor = storage::NewVersionCursor(packs);
  for (; cursor->Valid(); cursor->Next()) {
    if (++read % kEntriesInOneBreath == 0) {
      if (absl::Status s = breathe(); !s.ok()) return s;
    }
    const std::optional<std::string> masked_as =
        MaskedAs(cursor->key(), cursor->value(), protection);
    if (!masked_as) continue;
    ++masked.count;
    if (masked.examples.size() < kMaxProtectedExamples) masked.examples.push_back(*masked_as);
  }
  if (!cursor->status().ok()) return cursor->status();
  return masked;
}

}  // namespace cloister::server
