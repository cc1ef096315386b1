// Whether what was handed over is still there, and whole.

#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "sync/worker/pack_fetch.h"
#include "sync/worker/pack_folder.h"
#include "sync/worker/spool_folder.h"
#include "sync/worker/trusted_feed.h"

namespace cloister::worker {

// The packs of the spool's entry `contents.timestamp_version` if that is a whole version: exactly
// these signed files, and packs of the right lengths that lead to the newest version by themselves
// and are held in `folder`, too. None otherwise.
Packs PacksHandedOver(const TrustedFeed& feed, const EntryContents& contents,
                      const SpoolFolder& spool, const PackFolder& folder);

// Reads those packs, here and there, and returns how many have rotted. Rotten packs are removed
// from the folder, so that they are fetched again; others there that are on offer are read, too.
absl::StatusOr<uint64_t> CountRotten(const TrustedFeed& feed, const Packs& packs,
                                     const EntryContents& contents, const SpoolFolder& spool,
                                     PackFolder& folder);

// The same without knowing what is on offer: goes by the SHA-256 in the names of what is held and
// of what the newest entry of the spool has.
absl::StatusOr<uint64_t> RemoveRotten(const SpoolFolder& spool, PackFolder& folder);

}  // namespace cloister::worker
