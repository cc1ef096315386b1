// The events that a MISP feed's manifest names.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/publisher/sources/web_client.h"

namespace cloister::publisher {

inline constexpr char kMispManifest[] = "manifest.json";
// Of one, as fetched: the largest public ones have a few MB.
inline constexpr uint64_t kMaxManifestBytes = uint64_t{64} << 20;

// Whether `url` of a source of this format is a manifest's.
bool IsMispManifest(absl::string_view format, absl::string_view url);

// UUID of each event to its timestamp; "" where it says none. Members that are not named by a UUID
// are passed over. DataLoss if it is not JSON; ResourceExhausted beyond 200 000 events.
absl::StatusOr<std::map<std::string, std::string>> ReadMispManifest(const std::string& path);

struct MispEvents {
  std::string url;         // of the manifest
  std::string directory;   // holds the manifest, and shall hold its events
  std::string before;      // a folder with an earlier manifest and its events; "" if there is none
  uint64_t max_bytes = 0;  // of all events
};

// Brings every event that the manifest names into the folder: those with the timestamp that they
// had before from there (hard links), the others from beside the manifest, four at a time. Errors
// as for WebClient, naming the event.
absl::Status BringMispEvents(const MispEvents& events, WebClient& client,
                             const FetchProgress& progress);

}  // namespace cloister::publisher
