// What blocks an SST file is made of. RocksDB's reader acts on some of them without saying so: a
// block of range deletions shows neither in an iterator nor, if the file lies about their number,
// in its properties.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace cloister::storage {

// kPackUnreadable if the file of `size` bytes at `path` does not end as an SST file of format
// version 5 does, or names blocks that lie outside of it; kPackForeign if it has no XXH3 checksums
// or has blocks besides data, index, filter and properties.
absl::Status CheckTableStructure(const std::string& path, uint64_t size);

}  // namespace cloister::storage
