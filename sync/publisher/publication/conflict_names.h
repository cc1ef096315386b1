// Lookup keys are mostly hashes: what a conflict is about is found by reading its source again.

#pragma once

#include <string>
#include <vector>

#include "sync/publisher/publication/build_report.h"
#include "sync/publisher/publication/located_source.h"
#include "sync/publisher/publication/publication.h"
#include "sync/publisher/repository/merge_report.h"

namespace cloister::publisher {

// The examples of `merges` in words. `sources` and `located` are in the order in which sources were
// added to the sorter. Sources of more than `max_bytes` on disk are not read again: their objects
// stay keys.
std::vector<NamedConflict> NameConflicts(const MergeReport& merges,
                                         const std::vector<PublicationSource>& sources,
                                         const std::vector<LocatedSource>& located,
                                         uint64_t max_bytes = uint64_t{64} << 20);

}  // namespace cloister::publisher
