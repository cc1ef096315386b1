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
  // no secret stands in a configuration. They go to the url's own host alone, wherever it redirects
  // to. The file: one line, at most 4 KiB, blanks around it do not count.
  std::map<std::string, std::string> header_files;
  std::string ca_file;                     // besides the system's; empty: none
  std::string proxy;                       // empty: as the environment says
  uint64_t max_bytes = uint64_t{4} << 30;  // of what is kept, unpacked from its way through the web
  absl::Duration timeout = absl::Minutes(30);
};

// What a fetch came to.
struct FetchedCopy {
  std::string path;      // of the newest copy: a file, or a MISP manifest with its events beside it
  bool changed = false;  // it is another one than the last good copy
  absl::Time fetched_at;  // when the server last vouched for it (200 or 304)
  std::string digest;     // SHA-256 of what the file at `path` holds, in hexadecimal
};

// Called now and then; `total` is 0 where the server does not say.
using FetchProgress = std::function<void(uint64_t bytes, uint64_t total)>;

// A folder with the newest good copy of every source:
//
//   <name>/copy.json     says which copy is the good one, and what the server said of it
//   <name>/pending.json  the same for a copy that nobody has read yet
//   <name>/<number>/     a copy
//
// A fetch brings a new copy beside the good one. Whoever reads it says whether it is one: Accept
// makes it the good one, Discard drops it (a web page of errors with the answer 200, a file cut
// short before it was put there), and the good one stays. All steps are atomic: what was there
// before is there after a crash, or what is new, whole.
//
// One process at a time (FailedPrecondition), from the first change to Release or destruction; not
// thread-safe.
class SourceCopies {
 public:
  // `directory` is made when it is needed (0700). A fetch ends with Cancelled when `stop_fd` is
  // readable; -1: never. Not owned.
  explicit SourceCopies(std::string directory, int stop_fd = -1)
      : directory_(std::move(directory)), stop_fd_(stop_fd) {}
  SourceCopies(const SourceCopies&) = delete;
  SourceCopies& operator=(const SourceCopies&) = delete;
  ~SourceCopies();

  // Asks whether there is something newer than the good copy (If-None-Match, If-Modified-Since,
  // RFC 9110) and keeps it, unless the good copy came from another URL: that counts for nothing. Of
  // a MISP manifest (format "misp", URL ending in "manifest.json") the events that it names come
  // along; those that did not change since the good copy are taken from there.
  //
  // Unavailable for what may pass, with how long to wait where the server says so
  // (transport::RetryAfterOf); PermissionDenied for 401 and 403, naming the header files; NotFound
  // for 404 and 410; ResourceExhausted beyond max_bytes; kNoSpace; InvalidArgument for a url or a
  // header file that cannot be used. No error names a header's value, or of the url more than its
  // host: publishers of feeds put keys into paths, too.
  absl::StatusOr<FetchedCopy> Fetch(const std::string& name, const std::string& format,
                                    const WebSource& source, absl::Time now,
                                    const FetchProgress& progress);

  // What Fetch brought is good. OK if it brought nothing new.
  absl::Status Accept(const std::string& name);
  // It is not.
  absl::Status Discard(const std::string& name);

  // Lets other processes work with the folder, until the next change.
  void Release();

  // The copy that the last Fetch brought and nobody judged yet, or else the last good one.
  absl::StatusOr<FetchedCopy> Newest(const std::string& name) const;
  // The last good copy; NotFound if none was ever accepted.
  absl::StatusOr<FetchedCopy> Last(const std::string& name) const;

 private:
  absl::Status Lock();

  std::string directory_;
  int stop_fd_;
  int lock_fd_ = -1;
};

}  // namespace cloister::publisher
