// Metadata that an attacker may have written, before any signature is checked; checking those with
// his own keys; and, for targets, what is read from them after. The first byte chooses the role.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/checks.h"
#include "sync/trust/delegation.h"
#include "sync/trust/key.h"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"
#include "sync/trust/updater.h"

namespace {

using cloister::trust::Limits;
using cloister::trust::PackTarget;
using cloister::trust::PublicKey;
using cloister::trust::Role;
using cloister::trust::Root;
using cloister::trust::SignedFile;
using cloister::trust::Targets;

void Require(bool holds) {
  if (!holds) abort();
}

// What signatures cover must not depend on how often it was read and written.
void CheckCanonicalForm(const SignedFile& file, const Limits& limits) {
  auto again = cloister::trust::ParseJson(file.canonical, SIZE_MAX, limits.max_json_depth);
  Require(again.ok() && *again == file.signed_part);
  auto canonical = cloister::trust::CanonicalJson(*again);
  Require(canonical.ok() && *canonical == file.canonical);
}

// Every key against a signature; and each key is the same key again when written anew.
void CheckKeys(const SignedFile& file, const std::map<std::string, PublicKey>& keys) {
  for (const auto& [key_id, key] : keys) {
    if (!file.signatures.empty()) {
      const std::string& signature = file.signatures.begin()->second;
      (void)cloister::trust::VerifySignature(key, file.canonical, signature);
    }
    auto again = cloister::trust::PublicKeyFromJson(cloister::trust::PublicKeyToJson(key));
    Require(again.ok() &&
            cloister::trust::KeyIdentity(*again) == cloister::trust::KeyIdentity(key));
  }
}

void CheckRoot(const SignedFile& file, const Limits& limits) {
  absl::StatusOr<Root> root = cloister::trust::ParseRoot(file, limits);
  if (!root.ok()) return;
  CheckKeys(file, root->keys);
  for (const auto& [role, keys] : root->roles) Require(keys.threshold > 0);
  (void)cloister::trust::CheckThreshold("fuzzed", file,
                                        cloister::trust::RootFor(*root, Role::kRoot));
}

void CheckDelegations(const SignedFile& file, const Targets& targets, const Limits& limits) {
  CheckKeys(file, targets.delegations.keys);
  for (const cloister::trust::DelegatedRole& role : targets.delegations.roles) {
    Require(role.paths.empty() || role.path_hash_prefixes.empty());
    Require(!role.name.empty() && role.name.size() <= limits.max_role_name_bytes);
    for (const std::string& pattern : role.paths) {
      const bool plain = pattern.find_first_of("*?") == std::string::npos;
      Require(!plain || cloister::trust::IsDelegated(role, pattern));
    }
    for (const auto& [path, target] : targets.targets) {
      (void)cloister::trust::IsDelegated(role, path);
    }
  }
}

void CheckTargets(const SignedFile& file, const Limits& limits) {
  absl::StatusOr<Targets> targets = cloister::trust::ParseTargets(file, limits);
  if (!targets.ok()) return;
  CheckDelegations(file, *targets, limits);
  for (const auto& [path, target] : targets->targets) {
    std::string name = cloister::trust::ConsistentTargetName(path, target);
    Require(name.size() - (name.rfind('/') + 1) <= 255);
  }
  auto packs = cloister::trust::PacksOnOffer(*targets, "threats");
  if (!packs.ok()) return;
  auto chain = cloister::trust::CheapestChain(*packs, {}, 8);
  if (!chain.ok()) return;
  Require(!chain->empty() && !chain->front().is_delta());
  uint64_t version = chain->front().to_version;
  for (const PackTarget& pack : *chain) {
    Require(pack.is_delta() ? pack.from_version == version : pack.to_version == version);
    version = pack.to_version;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Limits limits;
  const Role role = static_cast<Role>(data[0] % 4);
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  absl::StatusOr<SignedFile> file = cloister::trust::ParseSigned(bytes, role, limits);
  if (!file.ok()) return 0;
  // Canonical form is for signatures: it leaves control characters as they are, which is not JSON.
  auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::none_of(file->canonical.begin(), file->canonical.end(), is_control)) {
    CheckCanonicalForm(*file, limits);
  }
  switch (role) {
    case Role::kRoot:
      CheckRoot(*file, limits);
      break;
    case Role::kTimestamp:
      (void)cloister::trust::ParseTimestamp(*file);
      break;
    case Role::kSnapshot:
      (void)cloister::trust::ParseSnapshot(*file);
      break;
    case Role::kTargets:
      CheckTargets(*file, limits);
      break;
  }
  return 0;
}
