// MISP warning lists (https://github.com/MISP/misp-warninglists): what indicators should not hold.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/protection/protected_set.h"

namespace cloister::reputation {

// The files that `paths` stand for, sorted within each: a file itself; of a folder its *.json, and
// list.json of the folders in it, so that a clone of the collection's lists/ can be named. Links
// are followed. InvalidArgument names a path that does not exist or holds no list.
absl::StatusOr<std::vector<std::string>> FindWarningLists(const std::vector<std::string>& paths);

// Adds the entries of one list: of the types "string" and "hostname" names, SHA-256, SHA-1 and MD5
// digests and addresses, by what `matching_attributes` names; of "cidr" networks. A name protects
// itself and nothing below it, with or without a leading dot: below a name that many use lies much
// that a feed may well condemn. All else (regular expressions, substrings, other digests, texts
// that are none of these) is counted in `*passed_over`. InvalidArgument, naming `path` and the
// mend, if it is not a warning list.
absl::Status AddWarningList(absl::string_view text, const std::string& path, ProtectedSet* set,
                            uint64_t* passed_over);

// The same for every list that `paths` stand for, read from their files.
absl::Status AddWarningLists(const std::vector<std::string>& paths, ProtectedSet* set,
                             uint64_t* passed_over);

}  // namespace cloister::reputation
