// Sources on the web, and the copies that are kept of them.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cloister::publisher {

// Where and how to fetch one source.
struct WebSource {
  std::string url;          // https, or http where `allow_http`
  bool allow_http = false;  // anyone on the way could change what is read
  // Headers to send, such as an Auth-Key: name to the path of a file that holds the value, so that
  // no secret stands in a configuration.
  std::map<std::string, std::string> header_files;
  std::string ca_file;  // besides the system's; empty: none
  std::string proxy;    // empty: as the environment says
  uint64_t max_bytes = uint64_t{4} << 30;
  absl::Duration timeout = absl::Minutes(30);
};

// What a fetch came to.
struct FetchedCopy {
  std::string path;       // of the newest good copy
  bool changed = false;   // it is another one than before this fetch
  absl::Time fetched_at;  // when the server last vouched for it (200 or 304)
};

// Called now and then; `total` is 0 where the server does not say.
using FetchProgress = std::function<void(uint64_t bytes, uint64_t total)>;

// A folder with the newest good copy of every source. One process at a time; not thread-safe.
class SourceCopies {
 public:
  // Made if it is not there (0700).
  explicit SourceCopies(std::string directory) : directory_(std::move(directory)) {}

  // Asks whether there is something newer (If-None-Match, If-Modified-Since, RFC 9110) and keeps
  // it; a copy is replaced only by a whole one. A MISP manifest brings the events it names along,
  // fetching those that changed. Unavailable, with how long to wait where the server says so;
  // PermissionDenied for 401 and 403, naming the header files; ResourceExhausted beyond max_bytes;
  // kNoSpace. The copy of before stays.
  absl::StatusOr<FetchedCopy> Fetch(const std::string& name, const std::string& format,
                                    const WebSource& source, absl::Time now,
                                    const FetchProgress& progress);

  // The newest good copy; NotFound if none was ever fetched.
  absl::StatusOr<FetchedCopy> Last(const std::string& name) const;

 private:
  std::string directory_;
};

}  // namespace cloister::publisher
