// sources.json in the state directory: how many entries each source had when a version was last
// published (or found unchanged), so that a sudden loss is noticed.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloister::publisher {

// Entries by the name of their source.
using BuildCounts = std::map<std::string, uint64_t>;

std::string BuildCountsPath(const std::string& state_directory);

// Empty if there is no such file. InvalidArgument, with the mend, if it is none of ours.
absl::StatusOr<BuildCounts> ReadBuildCounts(const std::string& state_directory);
// Whole or not at all; the state directory is made if it is not there.
absl::Status WriteBuildCounts(const std::string& state_directory, const BuildCounts& counts);

}  // namespace cloister::publisher
