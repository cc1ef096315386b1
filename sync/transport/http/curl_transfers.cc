#include "sync/transport/http/curl_transfers.h"

#include <algorithm>
#include <climits>

#include "sync/transport/http/answer_headers.h"
#include "sync/transport/http/retry_after.h"

namespace cloister::transport {

absl::Status StartLibcurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  return started == CURLE_OK ? absl::OkStatus() : absl::InternalError("libcurl does not start");
}

void ConfigureGet(CURL* easy, const GetOptions& options) {
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, options.https ? "https" : "http");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Ending must not wait for a name server that does not answer.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CurlMilliseconds(options.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.low_speed_bytes_per_s));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                   std::max(1L, CurlMilliseconds(options.low_speed_time) / 1000));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

long CurlMilliseconds(absl::Duration duration) {
  return static_cast<long>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, INT32_MAX));
}

long AnswerCode(CURL* easy) {
  long code = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  return code;
}

std::string AnswerHeader(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return "";
  return header->value;
}

void NoteRetryAfter(CURL* easy, absl::Status* status) {
  const auto wait = ParseRetryAfter(AnswerHeader(easy, "Retry-After"), AnswerHeader(easy, "Date"));
  if (wait) SetRetryAfter(*wait, status);
}

absl::Status DriveTransfers(CURLM* multi, int stop_fd, const TransferEnd& ended) {
  constexpr int kPollMilliseconds = 1000;
  for (;;) {
    int running = 0;
    CURLMcode failed = curl_multi_perform(multi, &running);
    int left = 0;
    bool news = false;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      news = true;
      if (absl::Status s = ended(message->easy_handle, message->data.result); !s.ok()) return s;
    }
    if (failed == CURLM_OK && news) continue;  // it may have added some
    if (failed == CURLM_OK && running == 0) return absl::OkStatus();
    curl_waitfd stop{stop_fd, CURL_WAIT_POLLIN, 0};
    if (failed == CURLM_OK) {
      failed = curl_multi_poll(multi, &stop, stop_fd < 0 ? 0 : 1, kPollMilliseconds, nullptr);
    }
    if (failed != CURLM_OK) return absl::UnavailableError(curl_multi_strerror(failed));
    if (stop.revents != 0) return absl::CancelledError("ended while fetching");
  }
}

}  // namespace cloister::transport
