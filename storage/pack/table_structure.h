// Whether an SST file is shaped as PackWriter makes it, checked before RocksDB's reader sees it.
//
// RocksDB's reader acts on some blocks without saying so (range deletions show neither in an
// iterator nor, if the file lies about their number, in its properties), trusts lengths and
// offsets whose checksum is right, and follows an index wherever it points. Someone who can sign
// a pack can make the checksums right.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace cloister::storage {

// Checks the `size` bytes of the file at `path` from end to start: footer, meta index, properties
// that steer the reader, filter, index, and every data block: the blocks lie one after the other
// without gaps, each is well formed, and holds plain puts with rising keys only. Checksums are
// left to RocksDB, contents to EntryChecker. kPackUnreadable if something is broken, kPackForeign
// if it is whole but of another shape.
absl::Status CheckTableStructure(const std::string& path, uint64_t size);

}  // namespace cloister::storage
