// Where a feed's entries come from and what may be done with them: carried in its metadata, so that
// whoever serves the feed can see it (`cloister feeds`).

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cloister::reputation {

// What a source's licence lets those do who receive the feed.
enum class Redistribution {
  kUnstated,
  kAllowed,    // freely, under the licence named
  kInternal,   // within the receiving organisation
  kForbidden,  // not at all: for the appliance's own answers alone
};

// "unstated", "allowed", "internal" or "forbidden".
absl::string_view RedistributionName(Redistribution redistribution);
std::optional<Redistribution> RedistributionFromName(absl::string_view name);

// A value type. Texts are UTF-8 without control characters.
struct SourceNote {
  std::string name = {};         // at most 64 bytes, as feeds are named
  std::string licence = {};      // an SPDX identifier or words; at most 128 bytes
  std::string attribution = {};  // whom to name; at most 256 bytes
  std::string url = {};          // of the source or its terms; at most 256 bytes
  Redistribution redistribution = Redistribution::kUnstated;

  friend bool operator==(const SourceNote&, const SourceNote&) = default;
};

// That one feed can have.
inline constexpr size_t kMaxSourceNotes = 64;

// InvalidArgument if there are too many, one has no name, two have the same one, or a text is not
// as said above; names place and field: "source 2: licence is too long; at most 128 bytes …".
absl::Status CheckSourceNotes(const std::vector<SourceNote>& notes);

}  // namespace cloister::reputation
