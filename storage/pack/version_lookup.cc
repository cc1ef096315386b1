#include "storage/pack/version_lookup.h"

namespace cloister::storage {

VersionLookup::VersionLookup(const std::vector<const PackReader*>& packs) {
  for (auto pack = packs.rbegin(); pack != packs.rend(); ++pack) {
    newest_first_.push_back((*pack)->NewSeekableCursor());
  }
}

absl::StatusOr<std::optional<std::string>> VersionLookup::Find(absl::string_view key) {
  for (const std::unique_ptr<SeekableCursor>& cursor : newest_first_) {
    cursor->Seek(key);
    if (!cursor->status().ok()) return cursor->status();
    if (!cursor->Valid() || cursor->key() != key) continue;
    if (IsRemoval(key, cursor->value())) return std::nullopt;
    return std::optional<std::string>(std::string(cursor->value()));
  }
  return std::nullopt;
}

}  // namespace cloister::storage
