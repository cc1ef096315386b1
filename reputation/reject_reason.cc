#include "reputation/reject_reason.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace cloister::reputation {
namespace {

constexpr absl::string_view kPayloadUrl = "cloister/reject_reason";

struct NamedReason {
  RejectReason reason;
  absl::string_view name;
};

constexpr NamedReason kReasons[] = {
    {RejectReason::kMetadataMalformed, "metadata_malformed"},
    {RejectReason::kMetadataTooLarge, "metadata_too_large"},
    {RejectReason::kMetadataWrongRole, "metadata_wrong_role"},
    {RejectReason::kMetadataThreshold, "metadata_threshold"},
    {RejectReason::kMetadataRollback, "metadata_rollback"},
    {RejectReason::kMetadataVersionMismatch, "metadata_version_mismatch"},
    {RejectReason::kMetadataHashMismatch, "metadata_hash_mismatch"},
    {RejectReason::kMetadataExpired, "metadata_expired"},
    {RejectReason::kMetadataMissing, "metadata_missing"},
    {RejectReason::kRootRotationLimit, "root_rotation_limit"},
    {RejectReason::kTargetMissing, "target_missing"},
    {RejectReason::kTargetTooLarge, "target_too_large"},
    {RejectReason::kTargetHashMismatch, "target_hash_mismatch"},
    {RejectReason::kTargetUndescribed, "target_undescribed"},
    {RejectReason::kWrongFeed, "wrong_feed"},
    {RejectReason::kPackUnreadable, "pack_unreadable"},
    {RejectReason::kPackForeign, "pack_foreign"},
    {RejectReason::kPackHeaderMismatch, "pack_header_mismatch"},
    {RejectReason::kPackBadKey, "pack_bad_key"},
    {RejectReason::kPackBadRecord, "pack_bad_record"},
    {RejectReason::kPackLimit, "pack_limit"},
    {RejectReason::kPackUndeclared, "pack_undeclared"},
    {RejectReason::kVersionRollback, "version_rollback"},
    {RejectReason::kVersionGap, "version_gap"},
    {RejectReason::kBaseMismatch, "base_mismatch"},
    {RejectReason::kDigestMismatch, "digest_mismatch"},
    {RejectReason::kBundleMalformed, "bundle_malformed"},
    {RejectReason::kBundleTruncated, "bundle_truncated"},
    {RejectReason::kBundleOrder, "bundle_order"},
    {RejectReason::kBundlePath, "bundle_path"},
    {RejectReason::kBundleForeign, "bundle_foreign"},
    {RejectReason::kBundleDuplicate, "bundle_duplicate"},
    {RejectReason::kBundleTooLarge, "bundle_too_large"},
    {RejectReason::kSpoolForeign, "spool_foreign"},
    {RejectReason::kPackRotten, "pack_rotten"},
    {RejectReason::kNoSpace, "no_space"},
    {RejectReason::kIoError, "io_error"},
};

absl::StatusCode CodeFor(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNoSpace:
      return absl::StatusCode::kResourceExhausted;
    case RejectReason::kIoError:
      return absl::StatusCode::kInternal;
    default:
      return absl::StatusCode::kFailedPrecondition;
  }
}

}  // namespace

absl::string_view RejectReasonName(RejectReason reason) {
  for (const NamedReason& named : kReasons) {
    if (named.reason == reason) return named.name;
  }
  return "unknown";
}

const std::vector<RejectReason>& AllRejectReasons() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<RejectReason>;
    for (const NamedReason& named : kReasons) all->push_back(named.reason);
    return all;
  }();
  return *kAll;
}

absl::Status Rejected(RejectReason reason, absl::string_view message) {
  absl::string_view name = RejectReasonName(reason);
  absl::Status status(CodeFor(reason), absl::StrCat(name, ": ", message));
  status.SetPayload(kPayloadUrl, absl::Cord(name));
  return status;
}

absl::string_view MessageWithoutReason(const absl::Status& status) {
  absl::string_view message = status.message();
  const std::optional<RejectReason> reason = ReasonOf(status);
  if (reason.has_value()) {
    absl::ConsumePrefix(&message, absl::StrCat(RejectReasonName(*reason), ": "));
  }
  return message;
}

std::optional<RejectReason> ReasonOf(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  for (const NamedReason& named : kReasons) {
    if (*payload == named.name) return named.reason;
  }
  return std::nullopt;
}

}  // namespace cloister::reputation
