// Requests for one source on the web, a few of them at a time.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/publisher/sources/web_source.h"
#include "sync/trust/fetcher.h"

namespace cloister::publisher {

// What a server calls the state of what it sent (RFC 9110, section 8.8); "" where it said nothing.
// Clients of Cloister's own feeds send no tag back that a server could know them by (answer_headers
// .h); a publisher may: it fetches what is published to everybody, from a machine that holds no
// customer's data, often with a key that names it anyway.
struct Validators {
  std::string etag;
  std::string last_modified;
};

struct WebAnswer {
  bool not_modified = false;  // 304: what the validators name is what there is
  Validators validators;
};

struct WebRequest {
  std::string url;
  Validators known;  // of what is here already; empty: all of it is wanted
  uint64_t max_bytes = 0;
  // Takes the content as its publisher meant it, unpacked if it was packed for its way only.
  trust::ByteSink sink;
  // Told once what became of it; an error ends everything, and is returned.
  std::function<absl::Status(const absl::StatusOr<WebAnswer>&)> done;
  FetchProgress progress = nullptr;
};

// Follows at most five redirects, under the rules of the url itself; headers from files go to the
// url's own origin alone. Not thread-safe.
class WebClient {
 public:
  // InvalidArgument for a url or header files that cannot be used. Its `timeout` runs from here on.
  static absl::StatusOr<std::unique_ptr<WebClient>> Create(const WebSource& source, int stop_fd);
  ~WebClient();

  // Carries out what `next` gives, four at a time, until that gives nothing more. Each request ends
  // as SourceCopies::Fetch says; Cancelled if the stop descriptor became readable.
  absl::Status Run(const std::function<std::optional<WebRequest>()>& next);
  // One request, without `done`.
  absl::StatusOr<WebAnswer> Get(WebRequest request);

 private:
  struct State;
  explicit WebClient(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace cloister::publisher
