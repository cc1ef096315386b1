// A bundle unpacked and its signatures verified, for commands that read its packs.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/bundle/authentic_feed.h"
#include "sync/bundle/cli/bundle_file.h"
#include "sync/bundle/cli/commands.h"
#include "sync/bundle/unpack.h"

namespace cloister::bundle {

struct UnpackedBundle {
  WorkFolder folder;
  std::vector<UnpackedFeed> feeds;
  std::map<std::string, AuthenticFeed> authentic;  // by name, of those whose status is OK
};

// Unpacks `path` below the work folder. Feeds are verified with the roots that the user gave, or
// where `trust_own_roots` and none was given, with the oldest root in the bundle itself, which is
// told on console.err; expired metadata are taken. FailedPrecondition where a root is lacking.
absl::StatusOr<UnpackedBundle> UnpackForReading(const Arguments& arguments, const std::string& path,
                                                bool trust_own_roots, const Console& console);

// Path of a listed pack in an unpacked or other repository.
std::string PackPath(const std::string& repository, const AuthenticFeed& feed,
                     const trust::PackTarget& pack);
// Whether it is there, with the length that is signed.
bool IsThere(const std::string& repository, const AuthenticFeed& feed,
             const trust::PackTarget& pack);

}  // namespace cloister::bundle
