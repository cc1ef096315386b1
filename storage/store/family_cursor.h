// Walks what a column family serves. Internal to storage/store.

#pragma once

#include <memory>

#include "storage/pack/pack_reader.h"
#include "storage/store/database.h"

namespace cloister::storage {

// The entries of the version in `family` without removals, block checksums verified; the block
// cache is left to lookups. Sees the family as it is now, and must not outlive it. status() is
// kPackUnreadable where something on the disk is damaged.
std::unique_ptr<EntryCursor> NewFamilyCursor(const Database& database, const ColumnFamily& family);

}  // namespace cloister::storage
