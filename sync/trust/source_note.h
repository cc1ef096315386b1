// Where a feed's entries come from and what may be done with them: carried in its metadata, so that
// whoever serves the feed can see it (`cloister feeds`).

#pragma once

#include <string>

namespace cloister::trust {

// What a source's licence lets those do who receive the feed.
enum class Redistribution {
  kUnstated,
  kAllowed,    // freely, under the licence named
  kInternal,   // within the receiving organisation
  kForbidden,  // not at all: for the appliance's own answers alone
};

// A value type. Texts are UTF-8 without control characters.
struct SourceNote {
  std::string name;         // at most 64 bytes, as feeds are named
  std::string licence;      // an SPDX identifier or words; at most 128 bytes
  std::string attribution;  // whom to name; at most 256 bytes
  std::string url;          // of the source or its terms; at most 256 bytes
  Redistribution redistribution = Redistribution::kUnstated;

  friend bool operator==(const SourceNote&, const SourceNote&) = default;
};

}  // namespace cloister::trust
