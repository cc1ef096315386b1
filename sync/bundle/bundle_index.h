// The first file of a bundle: what follows, and what it is said to be. Nothing is believed because
// of it; it serves people, and lets a reader refuse early what cannot be right.
//
// docs/repository-format.md, "Offline bundles", has an example.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/bundle/bundle_limits.h"

namespace cloister::bundle {

// One file, in the order of the bundle.
struct BundleMember {
  std::string path;  // ParseMemberName reads it
  uint64_t bytes = 0;
  std::string sha256;  // hexadecimal, lower-case

  friend bool operator==(const BundleMember&, const BundleMember&) = default;
};

struct BundleFeed {
  std::string feed;
  uint64_t from_version = 0;  // what a receiver must have; 0: nothing
  uint64_t to_version = 0;
  uint64_t timestamp_version = 0;            // of the signed state
  absl::Time issued = absl::InfinitePast();  // as the timestamp says; InfinitePast: not stated
  absl::Time expires;                        // the earliest expiry of the signed files
  std::vector<BundleMember> members;         // metadata first
};

struct BundleIndex {
  absl::Time created;
  std::vector<BundleFeed> feeds;

  uint64_t members() const;
  uint64_t bytes() const;  // of all members
};

std::string EncodeIndex(const BundleIndex& index);

// kBundleMalformed, naming the field; kBundleTooLarge beyond the limits, kBundlePath and
// kBundleDuplicate (names that differ in case alone count as one) for members, kBundleOrder where a
// feed's metadata do not all come before its targets.
absl::StatusOr<BundleIndex> DecodeIndex(absl::string_view text, const BundleLimits& limits);

}  // namespace cloister::bundle
