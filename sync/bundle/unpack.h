// Unpacks a bundle into a folder as repositories, one a feed: <folder>/<feed>/{metadata,targets}.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/bundle/bundle_reader.h"

namespace cloister::bundle {

// Asked once the metadata of a feed are there, before anything else of it is unpacked. Returns the
// names of the files below targets/ that its signed metadata list; an error passes over the feed.
using FeedGate = std::function<absl::StatusOr<std::set<std::string>>(
    const BundleFeed& feed, const std::string& repository_path)>;

struct UnpackOptions {
  std::string directory;       // exists, private, empty
  uint64_t reserve_bytes = 0;  // disk space that must stay free
  BundleLimits limits;
  FeedGate gate;
  // Called now and then with the bytes unpacked so far and those of the whole; may be empty.
  std::function<void(uint64_t done, uint64_t all)> progress;
};

// What the gate said of one feed.
struct UnpackedFeed {
  BundleFeed description;
  std::string path;     // of its repository
  absl::Status status;  // OK: it was unpacked
};

// Nothing of a bundle may be used unless all of it was read: an error means that the whole is
// refused. kBundleMalformed also for a target that the signed metadata of its feed do not list;
// kNoSpace, before anything is written, where the folder's file system is too small.
absl::StatusOr<std::vector<UnpackedFeed>> Unpack(const ByteSource& source,
                                                 const UnpackOptions& options);

}  // namespace cloister::bundle
