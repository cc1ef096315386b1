#include "storage/store/delta_check.h"

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "storage/store/delta_walk.h"

namespace cloister::storage {
namespace {

absl::Status BaseMismatch(absl::string_view key, absl::string_view what) {
  return reputation::Rejected(reputation::RejectReason::kBaseMismatch,
                              absl::StrCat("the delta ", what, " ", absl::BytesToHexString(key),
                                           ": it was made for another base"));
}

}  // namespace

absl::StatusOr<ContentDigest> DigestAfterDelta(const Database& database, const ColumnFamily& family,
                                               const PackReader& delta, const ContentDigest& base) {
  ContentDigest digest = base;
  const std::unique_ptr<EntryCursor> cursor = delta.NewCursor(/*checksums=*/true);
  const absl::Status walked =
      WalkDelta(database, family, *cursor,
                [&](absl::string_view key, const absl::string_view* before,
                    const absl::string_view* after) -> absl::Status {
                  if (before == nullptr && after == nullptr) {
                    return BaseMismatch(key, "removes the absent entry");
                  }
                  if (before != nullptr && after != nullptr && *before == *after) {
                    return BaseMismatch(key, "adds the equal entry");
                  }
                  if (before != nullptr) digest.Remove(key, *before);
                  if (after != nullptr) digest.Add(key, *after);
                  return absl::OkStatus();
                });
  if (!walked.ok()) return walked;
  return digest;
}

}  // namespace cloister::storage
