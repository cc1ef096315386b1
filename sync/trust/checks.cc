// Step numbers are those of The Update Framework specification 1.0.33, section 5.

#include "sync/trust/checks.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/hash.h"
#include "sync/trust/key.h"

namespace cloister::trust {

using reputation::Rejected;
using reputation::RejectReason;

namespace {

// The distinct keys that `voucher` names.
std::set<std::string> KeysOf(const Voucher& voucher) {
  std::set<std::string> keys;
  for (const std::string& key_id : voucher.role.key_ids) {
    auto key = voucher.keys.find(key_id);
    if (key != voucher.keys.end()) keys.insert(KeyIdentity(key->second));
  }
  return keys;
}

}  // namespace

Voucher RootFor(const Root& root, Role role) {
  return {root.keys, root.roles.at(role), absl::StrCat("root version ", root.version)};
}

bool BeginsAnew(const Root& before, const Root& after) {
  for (Role role : {Role::kTimestamp, Role::kSnapshot}) {
    const std::set<std::string> now = KeysOf(RootFor(after, role));
    for (const std::string& key : KeysOf(RootFor(before, role))) {
      if (now.count(key) == 0) return true;
    }
  }
  return false;
}

absl::Status CheckThreshold(absl::string_view name, const SignedFile& file,
                            const Voucher& voucher) {
  std::set<std::string> signers;
  for (const std::string& key_id : voucher.role.key_ids) {
    auto key = voucher.keys.find(key_id);
    auto signature = file.signatures.find(key_id);
    if (key == voucher.keys.end() || signature == file.signatures.end()) continue;
    if (VerifySignature(key->second, file.canonical, signature->second)) {
      // Keys, not ids: two ids of one key are one signer.
      signers.insert(KeyIdentity(key->second));
    }
  }
  if (signers.size() >= voucher.role.threshold) return absl::OkStatus();
  return Rejected(
      RejectReason::kMetadataThreshold,
      absl::StrCat(name, " metadata: ", signers.size(), " of the ", voucher.role.threshold,
                   " signatures that ", voucher.says, " asks for are valid"));
}

absl::Status Rollback(absl::string_view name, absl::string_view what, uint64_t offered,
                      uint64_t trusted) {
  return Rejected(RejectReason::kMetadataRollback,
                  absl::StrCat(name, " metadata: ", what, " is ", offered, ", older than ", trusted,
                               ", which is trusted already"));
}

bool HasStatedBytes(const FileMeta& meta, absl::string_view bytes) {
  if (meta.length != 0 && bytes.size() != meta.length) return false;
  if (meta.hashes.empty()) return true;
  HashCheck check(meta.hashes);
  check.Update(bytes);
  return check.Matches();
}

absl::Status CheckStatedBytes(absl::string_view name, const FileMeta& meta,
                              absl::string_view bytes) {
  if (HasStatedBytes(meta, bytes)) return absl::OkStatus();
  return Rejected(RejectReason::kMetadataHashMismatch,
                  absl::StrCat(name, " metadata: its length or a hash is not what is ",
                               "signed for version ", meta.version));
}

absl::Status CheckStatedVersion(absl::string_view name, const FileMeta& meta, uint64_t version) {
  if (version == meta.version) return absl::OkStatus();
  return Rejected(RejectReason::kMetadataVersionMismatch,
                  absl::StrCat(name, " metadata: it is version ", version, " where ", meta.version,
                               " is signed"));
}

absl::Status CheckSnapshotRollback(const Snapshot& trusted, const Snapshot& offered) {
  for (const auto& [name, meta] : trusted.meta) {
    auto found = offered.meta.find(name);
    if (found == offered.meta.end()) {
      return Rejected(RejectReason::kMetadataRollback,
                      "snapshot metadata: a file that was listed is listed no longer");
    }
    if (found->second.version < meta.version) {
      return Rollback("snapshot", "the version of a file that it lists", found->second.version,
                      meta.version);
    }
  }
  return absl::OkStatus();
}

}  // namespace cloister::trust
