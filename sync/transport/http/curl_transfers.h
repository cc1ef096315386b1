// What all of our requests through libcurl have in common. Included by what makes requests alone.

#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace cloister::transport {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct HeaderListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;
using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;
using HeaderList = std::unique_ptr<curl_slist, HeaderListDeleter>;

// Once a process; call before anything else. Thread-safe.
absl::Status StartLibcurl();

struct GetOptions {
  const char* user_agent;
  bool https = true;  // that scheme alone; otherwise http alone
  absl::Duration connect_timeout = absl::Seconds(15);
  // A transfer ends if it brings fewer bytes a second than this for `low_speed_time`.
  uint64_t low_speed_bytes_per_s = 4096;
  absl::Duration low_speed_time = absl::Seconds(30);
};

// GET over HTTP/1.1 and TLS 1.2 or later, the server's certificate and name always verified; no
// redirects, no .netrc, no signals.
void ConfigureGet(CURL* easy, const GetOptions& options);

// For options in milliseconds: at least 1, at most what fits.
long CurlMilliseconds(absl::Duration duration);

// Of the answer that came last; 0 if there was none.
long AnswerCode(CURL* easy);
// "" if that answer does not have it.
std::string AnswerHeader(CURL* easy, const char* name);
// Adds what that answer says by "Retry-After".
void NoteRetryAfter(CURL* easy, absl::Status* status);

// Called with each transfer that ended; may remove it and add others. An error ends the driving.
using TransferEnd = std::function<absl::Status(CURL* easy, CURLcode result)>;

// Runs what was added to `multi` until nothing is under way. Cancelled once `stop_fd` is readable
// (-1: never).
absl::Status DriveTransfers(CURLM* multi, int stop_fd, const TransferEnd& ended);

}  // namespace cloister::transport
