// Reads a bundle from its first byte to its last, in memory that does not grow with it.

#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/bundle/bundle_index.h"
#include "sync/bundle/bundle_limits.h"
#include "sync/bundle/byte_source.h"

namespace cloister::bundle {

// Takes what is read. An error ends the reading and is returned by it.
class BundleSink {
 public:
  virtual ~BundleSink() = default;

  virtual absl::Status TakeIndex(const BundleIndex& index) = 0;
  // A file begins; then come its bytes, and End once they are what the index says.
  virtual absl::Status Begin(const BundleFeed& feed, const BundleMember& member) = 0;
  virtual absl::Status Take(absl::string_view bytes) = 0;
  virtual absl::Status End() = 0;
  // All files of a feed came.
  virtual absl::Status EndFeed(const BundleFeed& feed) = 0;
};

// OK if the bundle is exactly what its index says, to the last byte; that says nothing yet about
// who made it. Otherwise kBundleMalformed, kBundleTruncated, kBundleOrder, kBundlePath,
// kBundleForeign, kBundleDuplicate, kBundleTooLarge, or what source and sink return.
absl::Status ReadBundle(const ByteSource& source, const BundleLimits& limits, BundleSink& sink);

// The index alone; what follows is not looked at.
absl::StatusOr<BundleIndex> ReadIndex(const ByteSource& source, const BundleLimits& limits);

}  // namespace cloister::bundle
