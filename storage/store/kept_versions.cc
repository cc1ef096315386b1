#include "storage/store/kept_versions.h"

#include <utility>

namespace cloister::storage {

const StoredVersion* KeptVersions::Find(uint64_t version) const {
  auto found = versions_.find(version);
  return found == versions_.end() ? nullptr : &found->second;
}

const StoredVersion* KeptVersions::Served() const {
  const StoredVersion* served = nullptr;
  for (const auto& [number, version] : versions_) {
    if (version.waits) continue;
    if (served == nullptr || version.generation > served->generation) served = &version;
  }
  return served;
}

void KeptVersions::Put(StoredVersion version) {
  const uint64_t number = version.served.version;
  versions_.insert_or_assign(number, std::move(version));
}

std::vector<StoredVersion> KeptVersions::Unwanted(uint32_t kept_versions, uint64_t pinned) const {
  std::vector<StoredVersion> unwanted;
  const StoredVersion* served = Served();
  if (served == nullptr) return unwanted;
  uint32_t kept = 1;
  for (auto it = versions_.upper_bound(served->served.version); it != versions_.end(); ++it) {
    const auto& [number, version] = *it;
    if (number == pinned) continue;
    if (version.waits || kept >= kept_versions) {
      unwanted.push_back(version);
    } else {
      ++kept;
    }
  }
  return unwanted;
}

std::vector<StoredVersion> KeptVersions::OthersThatWait(uint64_t version) const {
  std::vector<StoredVersion> others;
  const StoredVersion* served = Served();
  for (const auto& [number, other] : versions_) {
    if (served != nullptr && number <= served->served.version) break;
    if (number != version) others.push_back(other);
  }
  return others;
}

}  // namespace cloister::storage
