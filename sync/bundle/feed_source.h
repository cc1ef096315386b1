// Folders that bundles are made from: a repository as cloister-publish writes it, the spool of an
// appliance, or the mirror that cloister-sync keeps. No signing key is needed for any of them.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace cloister::bundle {

// One feed in such a folder.
struct FeedSource {
  std::string path;  // has metadata/ and targets/
  std::string feed;  // the name of its folder; empty for a repository, which says it itself
};

// Every feed below `directory`, by name: a repository; folders that are repositories (a mirror);
// folders whose newest entry is one (a spool, or one feed of it). NotFound says what was looked
// for.
absl::StatusOr<std::vector<FeedSource>> FindFeeds(const std::string& directory);

// The root metadata with the lowest number in the repository at `path`, as bytes. NotFound if there
// is none.
absl::StatusOr<std::string> LowestRoot(const std::string& path);

}  // namespace cloister::bundle
