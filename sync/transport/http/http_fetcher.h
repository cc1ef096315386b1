// Fetches from a web server through libcurl.
//
// What it sends is the same for everyone: GET for a file of the repository with one constant
// User-Agent, without version, cookies, referrer or query. Beyond that a request carries only
// "Range" where a download goes on, "If-None-Match" with a hash of the last timestamp.json, and
// what an operator configured: a client certificate, and to a proxy its user and password. Nothing
// is read from the environment (no proxies, no .netrc). Redirects are not followed.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/transport/http/base_url.h"
#include "sync/transport/http/retry_after.h"
#include "sync/trust/fetcher.h"

namespace cloister::transport {

// The last timestamp.json of one source, so that it need not be sent again.
struct TimestampCache {
  std::string tag;  // entity tag, "" for none; only such as IsTagOfContent knows
  std::string body;
};

struct HttpOptions {
  std::string ca_file;  // PEM; "": the system's certificate authorities
  // PEM, both or none: who the customer is, for servers that want to know.
  std::string client_certificate;
  std::string client_key;

  std::string proxy;          // "http://host:port", "https://host:port"; "": none
  std::string proxy_ca_file;  // PEM, of an https proxy; "": the system's
  std::string proxy_user;     // "": none; sent by Basic authentication (RFC 7617)
  std::string proxy_password;

  absl::Duration connect_timeout = absl::Seconds(15);
  uint64_t max_bytes_per_s = 0;  // 0: no bound

  // A transfer ends if it brings fewer bytes a second than this for `low_speed_time`, or takes
  // longer on the whole than its greatest length would take at this rate.
  uint64_t low_speed_bytes_per_s = 4096;
  absl::Duration low_speed_time = absl::Seconds(30);

  // Becomes readable when whoever waits for a fetch wants it to end; -1: never. Not owned.
  int stop_fd = -1;

  // Kept by the caller between fetchers of one source; null: none. Not owned.
  TimestampCache* timestamp = nullptr;

  // What follows the address for the file `name` of "metadata" or "targets", percent-encoded, for
  // repositories that are laid out otherwise than feeds; null: the folder, a slash and the name,
  // which must be a plain one (repository_file_name.h).
  std::function<std::string(absl::string_view folder, absl::string_view name)> locate = nullptr;
};

// Keeps its connection open between fetches. Not thread-safe.
//
// A target is asked for from `offset` on (RFC 9110, section 14); whatever the server makes of that,
// the sink gets those bytes or an error: an answer with the whole file is passed over up to there,
// and where there is no such range (416) the whole file is asked for.
//
// Beyond what Fetcher says: the answers 404 and 403 (what object stores say of absent files) are
// NotFound; every other answer that is not what was asked for, and every failure of the network,
// is Unavailable with address and reason; Cancelled when `stop_fd` became readable.
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
