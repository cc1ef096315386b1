// What `publish`, `build` and `check` have in common.

#pragma once

#include "absl/status/status.h"
#include "sync/publisher/cli/arguments.h"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/publication/build.h"
#include "sync/publisher/publication/publication.h"

namespace cloister::publisher {

// The keys that the publication's file names.
KeyOptions KeysOf(const Publication& publication);

// Builds and publishes with what the file names, prints the report to `console` and writes
// --report, whatever came of it.
absl::Status BuildAndReport(const Publication& publication, BuildOptions options,
                            const Arguments& arguments, const Console& console);

}  // namespace cloister::publisher
