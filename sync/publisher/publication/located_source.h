// Where a source's files lie, fetched first if they come from the web.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/publication/build.h"

namespace cloister::publisher {

struct LocatedSource {
  std::vector<std::string> files;     // at least one
  std::string folder;                 // what `files` are named relative to, in reports
  std::optional<LastCopy> last_copy;  // it could not be had anew
  bool is_new_copy = false;           // nobody has read it yet: it may turn out not to be good
};

// Finds or fetches the source. One that cannot be fetched is taken from its last good copy if that
// is young enough or `options` accepts any. Errors name the source and how to go on.
absl::StatusOr<LocatedSource> LocateSource(const PublicationSource& source, const BuildParts& parts,
                                           const BuildOptions& options);

// The copy that was fetched turned out not to be readable, for the reason that `why` gives: drops
// it and locates the last good one.
absl::StatusOr<LocatedSource> LocateLastGood(const PublicationSource& source,
                                             const BuildParts& parts, const BuildOptions& options,
                                             const absl::Status& why);

}  // namespace cloister::publisher
