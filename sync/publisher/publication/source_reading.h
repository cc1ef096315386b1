// Reads one source into the sorter: its terms, then guards, then counts.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sync/publisher/guards/import_guard.h"
#include "sync/publisher/publication/build.h"
#include "sync/publisher/publication/held_file.h"
#include "sync/publisher/publication/located_source.h"
#include "sync/publisher/repository/entry_sorter.h"

namespace cloister::publisher {

// What all sources of a build share.
struct ReadingParts {
  EntrySorter* sorter = nullptr;
  const ImportGuard* guard = nullptr;  // null: nothing is guarded
  HeldFile* held = nullptr;            // null: what guards stop is only counted
  BuildProgress* progress = nullptr;   // null: nobody is told
  absl::Time now;
};

struct ReadingResult {
  absl::Status status;  // names the source, and the file where it has several
  // The source is to blame: it cannot be read, is damaged or has another layout.
  bool is_bad_source = false;
};

// Whatever comes of it, `report` tells how far it came.
ReadingResult ReadSourceEntries(const PublicationSource& source, const LocatedSource& located,
                                const ReadingParts& parts, SourceReport* report);

}  // namespace cloister::publisher
