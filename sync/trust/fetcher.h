// Where metadata and targets come from. The trust room asks; others know about files and networks.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::trust {

// Takes bytes in order; an error ends the fetch and is returned by it.
using ByteSink = std::function<absl::Status(absl::string_view)>;

// Calls come from one thread at a time.
class Fetcher {
 public:
  virtual ~Fetcher() = default;

  // The bytes of metadata/<name>, such as "timestamp.json" or "3.root.json". NotFound if there is
  // no such file (and only then); kMetadataTooLarge if it is longer than `max_bytes`.
  virtual absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) = 0;

  // Passes the bytes of targets/<name> from the `offset`-th on to `sink`: none where the file ends
  // before that. `max_bytes` bounds the whole file, what lies before `offset` included. A fetcher
  // whose source cannot begin in the middle passes over the first bytes itself. NotFound,
  // kTargetTooLarge, or what the sink returned.
  virtual absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                              const ByteSink& sink) = 0;

  // Whether targets/<name> can be there at all. A source that has only some of what its metadata
  // lists, such as a bundle, says so here, before a chain of packs is chosen; true where only
  // asking for it would tell.
  virtual bool Offers(absl::string_view name) { return !name.empty(); }
};

}  // namespace cloister::trust
