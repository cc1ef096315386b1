// Fetches from a web server through libcurl.
//
// What it sends is the same for everyone: GET for a file of the repository with one constant
// User-Agent, without version, cookies, referrer, query or credentials. Nothing is read from the
// environment (no proxies, no .netrc). Redirects are not followed.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/transport/http/base_url.h"
#include "sync/trust/fetcher.h"

namespace cloister::transport {

struct HttpOptions {
  std::string ca_file;  // PEM; "": the system's certificate authorities
  std::string proxy;    // "http://host:port"; "": none
  absl::Duration connect_timeout = absl::Seconds(15);

  // A transfer ends if it brings fewer bytes a second than this for `low_speed_time`, or takes
  // longer on the whole than its greatest length would take at this rate.
  uint64_t low_speed_bytes_per_s = 4096;
  absl::Duration low_speed_time = absl::Seconds(30);

  // Becomes readable when whoever waits for a fetch wants it to end; -1: never. Not owned.
  int stop_fd = -1;
};

// Keeps its connection open between fetches. Not thread-safe.
//
// Beyond what Fetcher says: the answers 404 and 403 (what object stores say of absent files) are
// NotFound; every other answer but 200, and every failure of the network, is Unavailable with
// address and reason; Cancelled when `stop_fd` became readable.
class HttpFetcher : public trust::Fetcher {
 public:
  static absl::StatusOr<std::unique_ptr<HttpFetcher>> Create(const BaseUrl& url,
                                                             const HttpOptions& options);
  ~HttpFetcher() override;

  absl::StatusOr<std::string> Metadata(absl::string_view name, uint64_t max_bytes) override;
  absl::Status Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                      const trust::ByteSink& sink) override;

 private:
  struct State;
  explicit HttpFetcher(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace cloister::transport
