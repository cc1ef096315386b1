// Headers whose values lie in files, for sources that want a key.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace cloister::publisher {

// Lines "Name: value", by WebSource::header_files. InvalidArgument for names that are none or that
// requests have anyway, and for values that are empty, longer than 4 KiB or no line of visible
// characters, and for files that cannot be read. Errors name the files, never what they hold.
absl::StatusOr<std::vector<std::string>> ReadHeaderFiles(
    const std::map<std::string, std::string>& files);

// A line for each file that everybody on this machine can read, with the mend.
std::vector<std::string> HeaderFileWarnings(const std::map<std::string, std::string>& files);

}  // namespace cloister::publisher
