// The files that a source's path stands for.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace cloister::publisher {

// `path` may be
// - a file;
// - a folder: every file in it, but not in folders below it;
// - a pattern as a shell's (glob(7): '*', '?', '[…]'), whose part up to the first of these has to
//   be there. A file of exactly that name goes first.
// In the order of the bytes of their names. Hidden files are passed over. Of a folder with a MISP
// manifest (`format` "misp") that alone is read, since it names the events beside it.
//
// NotFound, with the mend, if there is no such file; PermissionDenied; FailedPrecondition if a link
// leads out of the folder, so that who may write there cannot have other files read.
absl::StatusOr<std::vector<std::string>> FindSourceFiles(const std::string& path,
                                                         const std::string& format);

}  // namespace cloister::publisher
