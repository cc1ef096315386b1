// The folder for packs that rotted on this disk. Internal to storage/store.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/store/pack_directory.h"

namespace cloister::storage {

// Bounds on what is kept for whoever wants to look at it; the oldest goes first.
inline constexpr size_t kMaxQuarantinedPacks = 8;
inline constexpr uint64_t kMaxQuarantinedBytes = 512ull << 20;

// Moves a pack out of `packs` into `directory`, which is made if need be, as
// <running number>-<sha256>.sst. OK also where the pack is absent.
absl::Status QuarantinePack(const PackDirectory& packs, const std::string& directory,
                            absl::string_view sha256_hex);

}  // namespace cloister::storage
