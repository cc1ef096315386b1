// Step numbers are those of The Update Framework specification 1.0.33, section 5.

#include "sync/trust/trusted_metadata.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/checks.h"

namespace cloister::trust {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr char kTargetsFile[] = "targets.json";

Voucher DelegatorFor(const Delegations& delegator, const DelegatedRole& role) {
  return {delegator.keys, role.keys, "the role that delegates to it"};
}

// How a delegated role is called in messages: its name was chosen by somebody else.
std::string Shown(const DelegatedRole& role) {
  return absl::StrCat("delegated \"", absl::CHexEscape(role.name), "\"");
}

}  // namespace

absl::StatusOr<TrustedMetadata> TrustedMetadata::Create(const TrustedState& kept,
                                                        const Limits& limits) {
  TrustedMetadata trusted(limits);
  absl::StatusOr<SignedFile> file = ParseSigned(kept.root, Role::kRoot, limits);
  if (!file.ok()) return file.status();
  absl::StatusOr<Root> root = ParseRoot(*file, limits);
  if (!root.ok()) return root.status();
  if (absl::Status s = CheckThreshold("root", *file, RootFor(*root, Role::kRoot)); !s.ok())
    return s;
  trusted.root_ = *std::move(root);
  trusted.state_.root = kept.root;
  trusted.Restore(kept);
  return trusted;
}

// Trusts again what the root vouches for. Expiry does not matter here: an expired file is still
// good to refuse a rollback.
void TrustedMetadata::Restore(const TrustedState& kept) {
  DropTimestamp();
  DropSnapshot();
  DropTargets();
  if (absl::StatusOr<Timestamp> timestamp = VerifiedTimestamp(kept.timestamp); timestamp.ok()) {
    timestamp_ = *std::move(timestamp);
    state_.timestamp = kept.timestamp;
  }
  absl::StatusOr<Snapshot> snapshot = VerifiedSnapshot(kept.snapshot);
  if (snapshot.ok() && snapshot->meta.count(kTargetsFile) != 0) {
    snapshot_ = *std::move(snapshot);
    state_.snapshot = kept.snapshot;
  }
  if (absl::StatusOr<Targets> targets = VerifiedTargets(kept.targets); targets.ok()) {
    targets_ = *std::move(targets);
    state_.targets = kept.targets;
  }
  state_.delegated = kept.delegated;
}

absl::Status TrustedMetadata::UpdateRoot(absl::string_view bytes) {
  absl::StatusOr<SignedFile> file = ParseSigned(bytes, Role::kRoot, limits_);
  if (!file.ok()) return file.status();
  absl::StatusOr<Root> root = ParseRoot(*file, limits_);
  if (!root.ok()) return root.status();
  // 5.3.4: signed by a threshold of the trusted root's keys, and of its own.
  if (absl::Status s = CheckThreshold("root", *file, RootFor(root_, Role::kRoot)); !s.ok())
    return s;
  if (absl::Status s = CheckThreshold("root", *file, RootFor(*root, Role::kRoot)); !s.ok())
    return s;
  // 5.3.5: the next version exactly.
  if (root->version <= root_.version) {
    return Rollback("root", "its version", root->version, root_.version);
  }
  if (root->version != root_.version + 1) {
    return Rejected(RejectReason::kMetadataVersionMismatch,
                    absl::StrCat("root metadata: it is version ", root->version, " where ",
                                 root_.version + 1, " is due"));
  }
  // 5.3.6: the expiry of a root that is passed on the way does not matter.
  // 5.3.11, done at each root rather than after the last, so that it is not forgotten if the run
  // ends early.
  TrustedState kept = state_;
  if (BeginsAnew(root_, *root)) {
    kept.timestamp.clear();
    kept.snapshot.clear();
  }
  // 5.3.7 and 5.3.8.
  root_ = *std::move(root);
  state_.root = std::string(bytes);
  Restore(kept);
  return absl::OkStatus();
}

absl::Status TrustedMetadata::CheckRoot(const RefreshOptions& options) {
  return CheckExpiry("root", root_, options);  // 5.3.10
}

absl::Status TrustedMetadata::UpdateTimestamp(absl::string_view bytes,
                                              const RefreshOptions& options) {
  absl::StatusOr<Timestamp> offered = VerifiedTimestamp(bytes);  // 5.4.2
  if (!offered.ok()) return offered.status();
  if (timestamp_) {
    // 5.4.3.1: not older; the same version is discarded without error.
    if (offered->version < timestamp_->version) {
      return Rollback("timestamp", "its version", offered->version, timestamp_->version);
    }
    if (offered->version == timestamp_->version) {
      return CheckExpiry("timestamp", *timestamp_, options);
    }
    // 5.4.3.2: nor the snapshot that it names.
    if (offered->snapshot.version < timestamp_->snapshot.version) {
      return Rollback("timestamp", "the snapshot version that it names", offered->snapshot.version,
                      timestamp_->snapshot.version);
    }
  }
  // 5.4.4: a freeze shows as expiry.
  if (absl::Status s = CheckExpiry("timestamp", *offered, options); !s.ok()) return s;
  // 5.4.5
  timestamp_ = *std::move(offered);
  state_.timestamp = std::string(bytes);
  return absl::OkStatus();
}

absl::Status TrustedMetadata::UpdateSnapshot(absl::string_view bytes,
                                             const RefreshOptions& options) {
  if (absl::Status s = CheckStatedBytes("snapshot", snapshot_meta(), bytes); !s.ok()) {
    return s;  // 5.5.2
  }
  absl::StatusOr<Snapshot> offered = VerifiedSnapshot(bytes);  // 5.5.3
  if (!offered.ok()) return offered.status();
  // 5.5.4
  absl::Status version = CheckStatedVersion("snapshot", snapshot_meta(), offered->version);
  if (!version.ok()) return version;
  if (snapshot_) {  // 5.5.5
    if (absl::Status s = CheckSnapshotRollback(*snapshot_, *offered); !s.ok()) return s;
  }
  if (offered->meta.count(kTargetsFile) == 0) {
    return Rejected(RejectReason::kMetadataMalformed,
                    "snapshot metadata: signed.meta does not list targets.json");
  }
  // 5.5.6
  if (absl::Status s = CheckExpiry("snapshot", *offered, options); !s.ok()) return s;
  // 5.5.7
  snapshot_ = *std::move(offered);
  state_.snapshot = std::string(bytes);
  return absl::OkStatus();
}

absl::StatusOr<bool> TrustedMetadata::KeepsSnapshot(const RefreshOptions& options) {
  if (!snapshot_ || snapshot_->version != snapshot_meta().version ||
      !HasStatedBytes(snapshot_meta(), state_.snapshot)) {
    return false;
  }
  if (absl::Status s = CheckExpiry("snapshot", *snapshot_, options); !s.ok()) return s;
  return true;
}

absl::Status TrustedMetadata::UpdateTargets(absl::string_view bytes,
                                            const RefreshOptions& options) {
  const FileMeta& meta = targets_meta();
  // 5.6.2
  if (absl::Status s = CheckStatedBytes("targets", meta, bytes); !s.ok()) return s;
  absl::StatusOr<Targets> offered = VerifiedTargets(bytes);  // 5.6.3
  if (!offered.ok()) return offered.status();
  // 5.6.4: the snapshot's version is one that 5.5.5 found no older than before.
  absl::Status version = CheckStatedVersion("targets", meta, offered->version);
  if (!version.ok()) return version;
  // 5.6.5
  if (absl::Status s = CheckExpiry("targets", *offered, options); !s.ok()) return s;
  // 5.6.6
  targets_ = *std::move(offered);
  state_.targets = std::string(bytes);
  return absl::OkStatus();
}

absl::StatusOr<bool> TrustedMetadata::KeepsTargets(const RefreshOptions& options) {
  if (!targets_ || targets_->version != targets_meta().version ||
      !HasStatedBytes(targets_meta(), state_.targets)) {
    return false;
  }
  if (absl::Status s = CheckExpiry("targets", *targets_, options); !s.ok()) return s;
  return true;
}

absl::StatusOr<Targets> TrustedMetadata::UpdateDelegated(const Delegations& delegator,
                                                         const DelegatedRole& role,
                                                         absl::string_view bytes,
                                                         const RefreshOptions& options) {
  const std::string name = Shown(role);
  const FileMeta& meta = *delegated_meta(role.name);
  if (absl::Status s = CheckStatedBytes(name, meta, bytes); !s.ok()) return s;  // 5.6.2
  absl::StatusOr<Targets> offered = VerifiedDelegated(delegator, role, bytes);  // 5.6.3
  if (!offered.ok()) return offered;
  if (absl::Status s = CheckStatedVersion(name, meta, offered->version); !s.ok())
    return s;                                                                    // 5.6.4
  if (absl::Status s = CheckExpiry(name, *offered, options); !s.ok()) return s;  // 5.6.5
  KeepDelegated(role.name, bytes);                                               // 5.6.6
  return offered;
}

absl::StatusOr<std::optional<Targets>> TrustedMetadata::KeptDelegated(
    const Delegations& delegator, const DelegatedRole& role, const RefreshOptions& options) {
  const FileMeta& meta = *delegated_meta(role.name);
  auto kept = state_.delegated.find(role.name);
  if (kept == state_.delegated.end() || !HasStatedBytes(meta, kept->second)) return std::nullopt;
  absl::StatusOr<Targets> targets = VerifiedDelegated(delegator, role, kept->second);
  if (!targets.ok() || targets->version != meta.version) return std::nullopt;
  if (absl::Status s = CheckExpiry(Shown(role), *targets, options); !s.ok()) return s;
  return *std::move(targets);
}

// What is kept saves fetching it again, no more: that a delegated file does not go back is seen
// from the snapshot (5.5.5). So any may go where there are too many.
void TrustedMetadata::KeepDelegated(const std::string& role_name, absl::string_view bytes) {
  state_.delegated.erase(role_name);
  if (limits_.max_kept_delegated == 0) return;
  while (state_.delegated.size() >= limits_.max_kept_delegated) {
    state_.delegated.erase(state_.delegated.begin());
  }
  state_.delegated.emplace(role_name, bytes);
}

const FileMeta* TrustedMetadata::delegated_meta(const std::string& role_name) const {
  auto found = snapshot_->meta.find(absl::StrCat(role_name, ".json"));
  return found == snapshot_->meta.end() ? nullptr : &found->second;
}

const FileMeta& TrustedMetadata::targets_meta() const { return snapshot_->meta.at(kTargetsFile); }

absl::StatusOr<SignedFile> TrustedMetadata::Verify(absl::string_view bytes, Role role) const {
  absl::StatusOr<SignedFile> file = ParseSigned(bytes, role, limits_);
  if (!file.ok()) return file;
  if (absl::Status s = CheckThreshold(RoleName(role), *file, RootFor(root_, role)); !s.ok())
    return s;
  return file;
}

absl::StatusOr<Timestamp> TrustedMetadata::VerifiedTimestamp(absl::string_view bytes) const {
  absl::StatusOr<SignedFile> file = Verify(bytes, Role::kTimestamp);
  if (!file.ok()) return file.status();
  return ParseTimestamp(*file);
}

absl::StatusOr<Snapshot> TrustedMetadata::VerifiedSnapshot(absl::string_view bytes) const {
  absl::StatusOr<SignedFile> file = Verify(bytes, Role::kSnapshot);
  if (!file.ok()) return file.status();
  return ParseSnapshot(*file);
}

absl::StatusOr<Targets> TrustedMetadata::VerifiedTargets(absl::string_view bytes) const {
  absl::StatusOr<SignedFile> file = Verify(bytes, Role::kTargets);
  if (!file.ok()) return file.status();
  return ParseTargets(*file, limits_);
}

absl::StatusOr<Targets> TrustedMetadata::VerifiedDelegated(const Delegations& delegator,
                                                           const DelegatedRole& role,
                                                           absl::string_view bytes) const {
  absl::StatusOr<SignedFile> file = ParseSigned(bytes, Role::kTargets, limits_);
  if (!file.ok()) return file.status();
  absl::Status signatures = CheckThreshold(Shown(role), *file, DelegatorFor(delegator, role));
  if (!signatures.ok()) return signatures;
  return ParseTargets(*file, limits_);
}

absl::Status TrustedMetadata::CheckExpiry(absl::string_view name, const Common& common,
                                          const RefreshOptions& options) {
  // Valid as long as the expiry lies after the reference time (5.3.10, 5.4.4, 5.5.6, 5.6.5).
  if (options.now < common.expires) return absl::OkStatus();
  const absl::Duration ago = options.now - common.expires;
  if (options.accept_expired_within > absl::ZeroDuration() &&
      ago <= options.accept_expired_within) {
    expired_ = true;
    return absl::OkStatus();
  }
  return Rejected(
      RejectReason::kMetadataExpired,
      absl::StrCat(name, " metadata: version ", common.version, " expired at ",
                   absl::FormatTime(absl::RFC3339_sec, common.expires, absl::UTCTimeZone()),
                   "; the publisher has to sign a new one, or this clock is wrong"));
}

void TrustedMetadata::DropTimestamp() {
  timestamp_.reset();
  state_.timestamp.clear();
}

void TrustedMetadata::DropSnapshot() {
  snapshot_.reset();
  state_.snapshot.clear();
}

void TrustedMetadata::DropTargets() {
  targets_.reset();
  state_.targets.clear();
}

}  // namespace cloister::trust
