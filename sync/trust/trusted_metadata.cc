// Step numbers are those of The Update Framework specification 1.0.33, section 5.

#include "sync/trust/trusted_metadata.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/hash.h"
#include "sync/trust/key.h"

namespace cloister::trust {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr char kTargetsFile[] = "targets.json";

// A key itself, because two ids of one key are one key.
std::string Identity(const PublicKey& key) { return absl::AsciiStrToLower(key.public_hex); }

std::set<std::string> KeysOf(const Root& root, Role role) {
  std::set<std::string> keys;
  for (const std::string& key_id : root.roles.at(role).key_ids) {
    auto key = root.keys.find(key_id);
    if (key != root.keys.end()) keys.insert(Identity(key->second));
  }
  return keys;
}

// Whether a key that could sign for `role` under `before` no longer can under `after`.
bool IsRotated(const Root& before, const Root& after, Role role) {
  std::set<std::string> now = KeysOf(after, role);
  for (const std::string& key : KeysOf(before, role)) {
    if (now.count(key) == 0) return true;
  }
  return false;
}

absl::Status CheckThreshold(const SignedFile& file, const Root& root) {
  const RoleKeys& role = root.roles.at(file.role);
  std::set<std::string> signers;
  for (const std::string& key_id : role.key_ids) {
    auto key = root.keys.find(key_id);
    auto signature = file.signatures.find(key_id);
    if (key == root.keys.end() || signature == file.signatures.end()) continue;
    if (VerifySignature(key->second, file.canonical, signature->second)) {
      signers.insert(Identity(key->second));
    }
  }
  if (signers.size() >= role.threshold) return absl::OkStatus();
  return Rejected(
      RejectReason::kMetadataThreshold,
      absl::StrCat(RoleName(file.role), " metadata: ", signers.size(), " of the ", role.threshold,
                   " signatures that root version ", root.version, " asks for are valid"));
}

absl::Status Rollback(Role role, absl::string_view what, uint64_t offered, uint64_t trusted) {
  return Rejected(RejectReason::kMetadataRollback,
                  absl::StrCat(RoleName(role), " metadata: ", what, " is ", offered,
                               ", older than ", trusted, ", which is trusted already"));
}

bool HasStatedBytes(const FileMeta& meta, absl::string_view bytes) {
  if (meta.length != 0 && bytes.size() != meta.length) return false;
  if (meta.hashes.empty()) return true;
  HashCheck check(meta.hashes);
  check.Update(bytes);
  return check.Matches();
}

absl::Status CheckStatedBytes(Role role, const FileMeta& meta, absl::string_view bytes) {
  if (HasStatedBytes(meta, bytes)) return absl::OkStatus();
  return Rejected(RejectReason::kMetadataHashMismatch,
                  absl::StrCat(RoleName(role), " metadata: its length or a hash is not what is ",
                               "signed for version ", meta.version));
}

absl::Status CheckStatedVersion(Role role, const FileMeta& meta, uint64_t version) {
  if (version == meta.version) return absl::OkStatus();
  return Rejected(RejectReason::kMetadataVersionMismatch,
                  absl::StrCat(RoleName(role), " metadata: it is version ", version, " where ",
                               meta.version, " is signed"));
}

// 5.5.5: nothing that was listed may become older or vanish.
absl::Status CheckSnapshotRollback(const Snapshot& trusted, const Snapshot& offered) {
  for (const auto& [name, meta] : trusted.meta) {
    auto found = offered.meta.find(name);
    if (found == offered.meta.end()) {
      return Rejected(RejectReason::kMetadataRollback,
                      "snapshot metadata: a file that was listed is listed no longer");
    }
    if (found->second.version < meta.version) {
      return Rollback(Role::kSnapshot, "the version of a file that it lists", found->second.version,
                      meta.version);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrustedMetadata> TrustedMetadata::Create(const TrustedState& kept,
                                                        const Limits& limits) {
  TrustedMetadata trusted(limits);
  absl::StatusOr<SignedFile> file = ParseSigned(kept.root, Role::kRoot, limits);
  if (!file.ok()) return file.status();
  absl::StatusOr<Root> root = ParseRoot(*file, limits);
  if (!root.ok()) return root.status();
  if (absl::Status s = CheckThreshold(*file, *root); !s.ok()) return s;
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
}

absl::Status TrustedMetadata::UpdateRoot(absl::string_view bytes) {
  absl::StatusOr<SignedFile> file = ParseSigned(bytes, Role::kRoot, limits_);
  if (!file.ok()) return file.status();
  absl::StatusOr<Root> root = ParseRoot(*file, limits_);
  if (!root.ok()) return root.status();
  // 5.3.4: signed by a threshold of the trusted root's keys, and of its own.
  if (absl::Status s = CheckThreshold(*file, root_); !s.ok()) return s;
  if (absl::Status s = CheckThreshold(*file, *root); !s.ok()) return s;
  // 5.3.5: the next version exactly.
  if (root->version <= root_.version) {
    return Rollback(Role::kRoot, "its version", root->version, root_.version);
  }
  if (root->version != root_.version + 1) {
    return Rejected(RejectReason::kMetadataVersionMismatch,
                    absl::StrCat("root metadata: it is version ", root->version, " where ",
                                 root_.version + 1, " is due"));
  }
  // 5.3.6: the expiry of a root that is passed on the way does not matter.
  // 5.3.11: an attacker who had one of the replaced keys may have signed the highest version
  // there is. Done at each root rather than after the last, so that it is not forgotten if the run
  // ends early.
  TrustedState kept = state_;
  if (IsRotated(root_, *root, Role::kTimestamp) || IsRotated(root_, *root, Role::kSnapshot)) {
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
  return CheckExpiry(Role::kRoot, root_, options);  // 5.3.10
}

absl::Status TrustedMetadata::UpdateTimestamp(absl::string_view bytes,
                                              const RefreshOptions& options) {
  absl::StatusOr<Timestamp> offered = VerifiedTimestamp(bytes);  // 5.4.2
  if (!offered.ok()) return offered.status();
  if (timestamp_) {
    // 5.4.3.1: not older; the same version is discarded without error.
    if (offered->version < timestamp_->version) {
      return Rollback(Role::kTimestamp, "its version", offered->version, timestamp_->version);
    }
    if (offered->version == timestamp_->version) {
      return CheckExpiry(Role::kTimestamp, *timestamp_, options);
    }
    // 5.4.3.2: nor the snapshot that it names.
    if (offered->snapshot.version < timestamp_->snapshot.version) {
      return Rollback(Role::kTimestamp, "the snapshot version that it names",
                      offered->snapshot.version, timestamp_->snapshot.version);
    }
  }
  // 5.4.4: a freeze shows as expiry.
  if (absl::Status s = CheckExpiry(Role::kTimestamp, *offered, options); !s.ok()) return s;
  // 5.4.5
  timestamp_ = *std::move(offered);
  state_.timestamp = std::string(bytes);
  return absl::OkStatus();
}

absl::Status TrustedMetadata::UpdateSnapshot(absl::string_view bytes,
                                             const RefreshOptions& options) {
  if (absl::Status s = CheckStatedBytes(Role::kSnapshot, snapshot_meta(), bytes); !s.ok()) {
    return s;  // 5.5.2
  }
  absl::StatusOr<Snapshot> offered = VerifiedSnapshot(bytes);  // 5.5.3
  if (!offered.ok()) return offered.status();
  // 5.5.4
  absl::Status version = CheckStatedVersion(Role::kSnapshot, snapshot_meta(), offered->version);
  if (!version.ok()) return version;
  if (snapshot_) {  // 5.5.5
    if (absl::Status s = CheckSnapshotRollback(*snapshot_, *offered); !s.ok()) return s;
  }
  if (offered->meta.count(kTargetsFile) == 0) {
    return Rejected(RejectReason::kMetadataMalformed,
                    "snapshot metadata: signed.meta does not list targets.json");
  }
  // 5.5.6
  if (absl::Status s = CheckExpiry(Role::kSnapshot, *offered, options); !s.ok()) return s;
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
  if (absl::Status s = CheckExpiry(Role::kSnapshot, *snapshot_, options); !s.ok()) return s;
  return true;
}

absl::Status TrustedMetadata::UpdateTargets(absl::string_view bytes,
                                            const RefreshOptions& options) {
  const FileMeta& meta = targets_meta();
  // 5.6.2
  if (absl::Status s = CheckStatedBytes(Role::kTargets, meta, bytes); !s.ok()) return s;
  absl::StatusOr<Targets> offered = VerifiedTargets(bytes);  // 5.6.3
  if (!offered.ok()) return offered.status();
  // 5.6.4: the snapshot's version is one that 5.5.5 found no older than before.
  absl::Status version = CheckStatedVersion(Role::kTargets, meta, offered->version);
  if (!version.ok()) return version;
  // 5.6.5
  if (absl::Status s = CheckExpiry(Role::kTargets, *offered, options); !s.ok()) return s;
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
  if (absl::Status s = CheckExpiry(Role::kTargets, *targets_, options); !s.ok()) return s;
  return true;
}

const FileMeta& TrustedMetadata::targets_meta() const { return snapshot_->meta.at(kTargetsFile); }

absl::StatusOr<SignedFile> TrustedMetadata::Verify(absl::string_view bytes, Role role) const {
  absl::StatusOr<SignedFile> file = ParseSigned(bytes, role, limits_);
  if (!file.ok()) return file;
  if (absl::Status s = CheckThreshold(*file, root_); !s.ok()) return s;
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

absl::Status TrustedMetadata::CheckExpiry(Role role, const Common& common,
                                          const RefreshOptions& options) {
  if (options.now < common.expires) return absl::OkStatus();
  if (options.now - common.expires <= options.accept_expired_within &&
      options.accept_expired_within > absl::ZeroDuration()) {
    expired_ = true;
    return absl::OkStatus();
  }
  return Rejected(
      RejectReason::kMetadataExpired,
      absl::StrCat(RoleName(role), " metadata: version ", common.version, " expired at ",
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
