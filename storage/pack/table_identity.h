// The identity that RocksDB gives an SST file, taken out of packs.
//
// RocksDB names blocks in its cache by what the file says of its origin: the session that made it
// and its number there. Whoever can sign a pack could give it the identity of another feed's pack,
// and each would then be answered with blocks of the other. A file of number 0 has no identity:
// RocksDB names its blocks by the database that reads it. Without a session's random number, equal
// packs are also equal files.

#pragma once

#include <string>

#include "absl/status/status.h"

namespace cloister::storage {

// The property that decides, and the only value that packs have (a varint).
inline constexpr char kFileNumberProperty[] = "rocksdb.original.file.number";

// Rewrites the properties of the SST file that PackWriter has just made at `path`, and syncs it.
// Internal if it is not shaped as expected, kIoError if it cannot be read or written.
absl::Status RemoveTableIdentity(const std::string& path);

}  // namespace cloister::storage
