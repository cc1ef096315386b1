// Metadata that an attacker may have written, before any signature is checked; and, for targets,
// what is read from them after. The first byte chooses the role.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"
#include "sync/trust/updater.h"

namespace {

using cloister::trust::Limits;
using cloister::trust::PackTarget;
using cloister::trust::Role;
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

void CheckTargets(const SignedFile& file, const Limits& limits) {
  absl::StatusOr<Targets> targets = cloister::trust::ParseTargets(file, limits);
  if (!targets.ok()) return;
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
      (void)cloister::trust::ParseRoot(*file, limits);
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
