// Saves what administrators entered out of a database whose packs are damaged. Internal to
// storage/store.

#pragma once

#include <string>

#include "absl/status/status.h"

namespace cloister::storage {

// RocksDB opens no database of which a table is missing or cut short, though nothing but a pack may
// be damaged, and packs lie in the pack store, too. This copies meta, overrides and audit trail,
// every entry with its checksum, into a new database, puts it in the place of `path` in one atomic
// step, and leaves the damaged one as `path`.damaged, in place of an earlier one. An error, with
// nothing changed, if any of the three cannot be read to the end.
absl::Status CarryOver(const std::string& path);

// Removes what one that a crash interrupted has left beside `path`, which is whole.
void RemoveInterruptedCarryOver(const std::string& path);

}  // namespace cloister::storage
