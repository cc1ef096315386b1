// Why something from outside was refused. One closed list: the same word is the payload of the
// returned status, the metric label, the log field and the name of the test that proves it.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cloister::reputation {

enum class RejectReason {
  // Metadata (The Update Framework 1.0, section 5).
  kMetadataMalformed,        // not JSON, a field missing or of the wrong type, too deep
  kMetadataTooLarge,         // longer than the limit, or than its parent says
  kMetadataWrongRole,        // another role's file, or another specification version
  kMetadataThreshold,        // fewer valid signatures of distinct keys than the threshold
  kMetadataRollback,         // an older version than the trusted one
  kMetadataVersionMismatch,  // not the version that its parent names
  kMetadataHashMismatch,     // not the hash or length that its parent names
  kMetadataExpired,          // authentic, but past its expiry
  kMetadataMissing,          // a file that the workflow needs is not there
  kRootRotationLimit,        // more root versions than the limit in one update

  // Targets.
  kTargetMissing,       // listed, but not to be had
  kTargetTooLarge,      // longer than the limit or than listed
  kTargetHashMismatch,  // length or hash differs from what is signed
  kTargetUndescribed,   // custom fields missing, malformed or contradictory
  kWrongFeed,           // the repository belongs to another feed

  // Packs.
  kPackUnreadable,      // not an SST file, a broken block or checksum
  kPackForeign,         // tombstones, merges, range deletions or another comparator
  kPackHeaderMismatch,  // its header differs from what the metadata says
  kPackBadKey,          // an entry whose key is not a lookup key or pack entry
  kPackBadRecord,       // an entry whose value is not a record or label
  kPackLimit,           // more records or bytes than the limit or the metadata allow
  kPackUndeclared,      // a record of a kind or prefix length that is not declared

  // Versions.
  kVersionRollback,  // older than the version served
  kVersionGap,       // no chain of packs leads to it
  kBaseMismatch,     // a delta removes an absent record or adds an equal one
  kDigestMismatch,   // the result's content digest is not the signed one

  // Offline bundles.
  kBundleMalformed,  // not a bundle, or its index is missing, broken or contradicts what follows
  kBundleTruncated,  // ends before its index says
  kBundleOrder,      // its members do not come in the order of its index
  kBundlePath,       // a member whose name leads out of the bundle or is not one of a repository
  kBundleForeign,    // a member that is a link, a device or anything but a regular file
  kBundleDuplicate,  // two members of one name
  kBundleTooLarge,   // more members or bytes than the limits allow or the index states

  // The hand-over folder.
  kSpoolForeign,  // a link, device or foreign file where a regular file belongs

  // What lies on this machine's disk.
  kPackRotten,  // a pack that was verified once has other bytes now

  // This machine.
  kNoSpace,  // not enough disk space to ingest safely
  kIoError,  // reading or writing failed
};

// Lower-case with underscores: "metadata_threshold", "base_mismatch" …
absl::string_view RejectReasonName(RejectReason reason);

// All of them, for metrics that must exist from the start.
const std::vector<RejectReason>& AllRejectReasons();

// A status that carries `reason` as its payload. Its code is ResourceExhausted for kNoSpace,
// Internal for kIoError, and FailedPrecondition for all others; the message starts with the
// reason's name.
absl::Status Rejected(RejectReason reason, absl::string_view message);

// The message without the reason's name before it, for where the name stands beside it anyway.
absl::string_view MessageWithoutReason(const absl::Status& status);

// The reason that `status` carries, if any.
std::optional<RejectReason> ReasonOf(const absl::Status& status);

}  // namespace cloister::reputation
