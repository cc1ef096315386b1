// Looks up single entries of a version.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/pack/pack_reader.h"

namespace cloister::storage {

// For a few of many entries: to walk all of them NewVersionCursor is quicker. Not thread-safe.
class VersionLookup {
 public:
  // The version that `packs` make up in this order. The readers must outlive it.
  explicit VersionLookup(const std::vector<const PackReader*>& packs);

  // What the version holds under `key`; nothing if it does not have it. Reads with checksums:
  // kPackUnreadable.
  absl::StatusOr<std::optional<std::string>> Find(absl::string_view key);

 private:
  std::vector<std::unique_ptr<SeekableCursor>> newest_first_;
};

}  // namespace cloister::storage
