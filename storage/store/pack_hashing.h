// Hashes packs again. Internal to storage/store.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store/pack_directory.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// Called by the thread that asked, several times a second, with the bytes read so far. An error
// ends the hashing, which returns it.
using HashProgress = std::function<absl::Status(uint64_t bytes)>;

// The packs, each once, whose bytes are no longer what their name says, SHA-256 in hexadecimal:
// altered, cut short, absent or unreadable. Uses two threads. `from_disk` has the system forget
// what it holds of the files first, so that the disk itself is read.
absl::StatusOr<std::vector<std::string>> FindRottenPacks(const PackDirectory& directory,
                                                         const std::vector<VersionPack>& packs,
                                                         bool from_disk,
                                                         const HashProgress& progress);

}  // namespace cloister::storage
