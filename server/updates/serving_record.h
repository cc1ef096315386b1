// Which version serves by decision, since when, and how long others have been waiting: what the
// database does not say after a restart.
// A version that fell back to an older one because the disk rotted is told by it from one that an
// administrator rolled back.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace cloister::server {

struct ServingRecord {
  uint64_t version = 0;
  std::string content_digest;  // as ContentDigest::ToString makes it
  absl::Time since;            // to the second
  // Since when one version or another has been waiting for its hold-off; InfinitePast if none does.
  absl::Time waiting_since = absl::InfinitePast();

  friend bool operator==(const ServingRecord&, const ServingRecord&) = default;
};

// Replaces the file at `path` atomically.
absl::Status SaveServingRecord(const std::string& path, const ServingRecord& record);

// Nothing where there is no file, or it is damaged.
std::optional<ServingRecord> LoadServingRecord(const std::string& path);

}  // namespace cloister::server
