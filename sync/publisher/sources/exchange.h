// One request and its answer, through as many redirects as it takes.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sync/publisher/sources/gzip_decoder.h"
#include "sync/publisher/sources/web_client.h"
#include "sync/publisher/sources/web_source.h"
#include "sync/publisher/sources/web_url.h"
#include "sync/transport/http/curl_transfers.h"

namespace cloister::publisher {

// What is the same for all requests of one source.
struct RequestTerms {
  WebSource source;
  WebUrl url;                        // the source's
  std::vector<std::string> secrets;  // header lines for its origin
  std::chrono::steady_clock::time_point deadline;
};

// Borrows `terms`. Stays where it is made: libcurl points to it.
class Exchange {
 public:
  Exchange(const RequestTerms& terms, WebRequest request)
      : terms_(terms), request_(std::move(request)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // The handle, set up for the request's url. Unavailable if there is none.
  absl::StatusOr<CURL*> Begin();
  // Sets the handle up for where the answer redirects to: true. False if it does not redirect.
  absl::StatusOr<bool> Redirect(CURLcode result);
  // What the transfer that ended with `result` came to.
  absl::StatusOr<WebAnswer> End(CURLcode result);

  CURL* easy() const { return easy_.get(); }
  const WebRequest& request() const { return request_; }

 private:
  static size_t OnHeader(char* data, size_t, size_t n, void* user);
  static size_t OnBody(char* data, size_t, size_t n, void* user);

  absl::Status SetUp(absl::string_view url);
  void SetHeaders(bool own_origin);
  absl::Status BeginBody();
  absl::Status Take(absl::string_view bytes);
  absl::Status Keep(absl::string_view content);
  absl::StatusOr<WebAnswer> NotModified() const;
  absl::Status StatusOfAnswer(long code) const;
  absl::Status Denied(long code) const;
  // With the origin in front.
  absl::Status Told(absl::Status status) const;

  const RequestTerms& terms_;
  WebRequest request_;
  transport::EasyHandle easy_;
  transport::HeaderList headers_;
  WebUrl url_;  // that is being asked
  int redirects_ = 0;
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  uint64_t header_bytes_ = 0;
  uint64_t body_bytes_ = 0;     // on their way
  uint64_t content_bytes_ = 0;  // as kept
  uint64_t announced_ = 0;      // Content-Length; 0 if there is none
  bool begun_ = false;
  std::unique_ptr<GzipDecoder> gzip_;
  absl::Status refused_;  // why a callback ended the transfer
};

}  // namespace cloister::publisher
