#include "storage/store/version_compare.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "reputation/record.h"
#include "storage/store/delta_walk.h"
#include "storage/store/family_cursor.h"

namespace cloister::storage {
namespace {

using reputation::Record;

// How many entries are compared between two calls of a visitor that has nothing to be told.
constexpr uint64_t kStepsBetweenSigns = 4096;

// Calls `visit` for the record under `key`; null where there is none. Labels are no records.
absl::Status Visit(absl::string_view key, const absl::string_view* before,
                   const absl::string_view* after, const RecordChangeVisitor& visit) {
  if (before != nullptr && after != nullptr && *before == *after) return absl::OkStatus();
  if (before == nullptr && after == nullptr) return absl::OkStatus();
  if (LabelIdFromKey(key).has_value()) return absl::OkStatus();
  RecordChange change;
  change.key = key;
  for (auto [bytes, record] : {std::pair{before, &change.before}, {after, &change.after}}) {
    if (bytes == nullptr) continue;
    absl::StatusOr<Record> decoded = reputation::DecodeRecord(*bytes);
    if (!decoded.ok()) return decoded.status();
    *record = *decoded;
  }
  return visit(change);
}

// Passes the smallest key of both, comparing what is under it.
absl::Status Step(EntryCursor* before, EntryCursor* after, const RecordChangeVisitor& visit) {
  int order = 0;
  if (before == nullptr || !before->Valid()) {
    order = 1;
  } else if (!after->Valid()) {
    order = -1;
  } else {
    order = before->key().compare(after->key());
  }
  const absl::string_view key = order <= 0 ? before->key() : after->key();
  const absl::string_view old = order <= 0 ? before->value() : absl::string_view();
  const absl::string_view value = order >= 0 ? after->value() : absl::string_view();
  absl::Status visited =
      Visit(key, order <= 0 ? &old : nullptr, order >= 0 ? &value : nullptr, visit);
  if (!visited.ok()) return visited;
  if (order <= 0) before->Next();
  if (order >= 0) after->Next();
  return absl::OkStatus();
}

}  // namespace

absl::Status CompareDeltas(const Database& database, const ColumnFamily& family,
                           const std::vector<const PackReader*>& deltas,
                           const RecordChangeVisitor& visit) {
  const std::unique_ptr<EntryCursor> cursor = NewMergedDeltaCursor(deltas);
  return WalkDelta(
      database, family, *cursor,
      [&visit](absl::string_view key, const absl::string_view* before,
               const absl::string_view* after) { return Visit(key, before, after, visit); });
}

absl::Status CompareVersions(const Database& database, const ColumnFamily* family,
                             const std::vector<const PackReader*>& packs,
                             const RecordChangeVisitor& visit) {
  std::unique_ptr<EntryCursor> before;
  if (family != nullptr) before = NewFamilyCursor(database, *family);
  std::unique_ptr<EntryCursor> after = NewVersionCursor(packs);
  for (uint64_t steps = 1; (before != nullptr && before->Valid()) || after->Valid(); ++steps) {
    if (absl::Status s = Step(before.get(), after.get(), visit); !s.ok()) return s;
    if (steps % kStepsBetweenSigns != 0) continue;
    if (absl::Status s = visit(RecordChange()); !s.ok()) return s;
  }
  if (before != nullptr && !before->status().ok()) {
    family->MarkDamaged();
    return before->status();
  }
  return after->status();
}

}  // namespace cloister::storage
