#include "sync/transport/http/http_fetcher.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/transport/repository_file_name.h"

namespace cloister::transport {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr char kUserAgent[] = "cloister-sync";
constexpr uint64_t kMaxHeaderBytes = 64 * 1024;     // of one answer
constexpr uint64_t kMaxErrorBodyBytes = 64 * 1024;  // read and dropped to keep the connection

// One answer as it comes in.
struct Transfer {
  CURL* easy;
  std::string url;
  uint64_t max_bytes;
  RejectReason too_large;
  const trust::ByteSink& sink;

  uint64_t body_bytes = 0;
  uint64_t header_bytes = 0;
  absl::Status refused = absl::OkStatus();  // why a callback ended the transfer
};

long AnswerCode(CURL* easy) {
  long code = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  return code;
}

size_t OnHeader(char*, size_t, size_t n, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  transfer->header_bytes += n;
  if (transfer->header_bytes <= kMaxHeaderBytes) return n;
  transfer->refused =
      absl::UnavailableError(absl::StrCat(transfer->url, ": its header does not end"));
  return 0;
}

absl::Status TooLarge(const Transfer& transfer) {
  return Rejected(transfer.too_large,
                  absl::StrCat(transfer.url, ": longer than ", transfer.max_bytes, " bytes"));
}

size_t OnBody(char* data, size_t, size_t n, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  transfer->body_bytes += n;
  if (AnswerCode(transfer->easy) != 200) {
    return transfer->body_bytes <= kMaxErrorBodyBytes ? n : 0;
  }
  if (transfer->body_bytes > transfer->max_bytes) {
    transfer->refused = TooLarge(*transfer);
    return 0;
  }
  transfer->refused = transfer->sink(absl::string_view(data, n));
  return transfer->refused.ok() ? n : 0;
}

// What an answer that came to its end, or was cut off by us, means.
absl::Status StatusOfAnswer(long code, const std::string& url) {
  if (code == 404 || code == 403) return absl::NotFoundError(absl::StrCat(url, ": ", code));
  if (code >= 300 && code < 400) {
    return absl::UnavailableError(absl::StrCat(
        url, ": answer ", code, " is a redirect, which is not followed; configure the final URL"));
  }
  return absl::UnavailableError(absl::StrCat(url, ": answer ", code));
}

long Milliseconds(absl::Duration duration) {
  return static_cast<long>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, INT32_MAX));
}

}  // namespace

struct HttpFetcher::State {
  State(BaseUrl base, HttpOptions http)
      : url(std::move(base)),
        options(std::move(http)),
        multi(curl_multi_init()),
        easy(curl_easy_init()) {}
  ~State() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }

  void Configure();
  absl::Status Get(Transfer& transfer);
  // Runs the transfer to its end; Cancelled if the stop descriptor became readable.
  absl::StatusOr<CURLcode> Perform();

  BaseUrl url;
  HttpOptions options;
  CURLM* multi;
  CURL* easy;
  std::array<char, CURL_ERROR_SIZE> error_text{};
};

// What is the same for every request.
void HttpFetcher::State::Configure() {
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, kUserAgent);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, url.is_https() ? "https" : "http");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Ending must not wait for a name server that does not answer.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  // An empty text, unlike none, also shuts out the proxies that the environment names.
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.low_speed_bytes_per_s));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                   std::max(1L, Milliseconds(options.low_speed_time) / 1000));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
}

absl::StatusOr<CURLcode> HttpFetcher::State::Perform() {
  curl_multi_add_handle(multi, easy);
  absl::Cleanup remove = [&] { curl_multi_remove_handle(multi, easy); };
  for (;;) {
    int running = 0;
    CURLMcode failed = curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    curl_waitfd stop{options.stop_fd, CURL_WAIT_POLLIN, 0};
    constexpr int kPollMilliseconds = 1000;
    if (failed == CURLM_OK) {
      failed =
          curl_multi_poll(multi, &stop, options.stop_fd < 0 ? 0 : 1, kPollMilliseconds, nullptr);
    }
    if (failed != CURLM_OK) return absl::UnavailableError(curl_multi_strerror(failed));
    if (stop.revents != 0) return absl::CancelledError("ended while fetching");
  }
}

absl::Status HttpFetcher::State::Get(Transfer& transfer) {
  const uint64_t slowest_s =
      transfer.max_bytes / std::max<uint64_t>(1, options.low_speed_bytes_per_s);
  const absl::Duration longest =
      options.connect_timeout + options.low_speed_time + absl::Seconds(slowest_s);
  error_text[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_URL, transfer.url.c_str());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Milliseconds(longest));
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  absl::StatusOr<CURLcode> result = Perform();
  if (!result.ok()) {
    return absl::Status(result.status().code(),
                        absl::StrCat(transfer.url, ": ", result.status().message()));
  }
  if (!transfer.refused.ok()) return transfer.refused;
  const long code = AnswerCode(easy);
  if (code != 0 && code != 200 && (*result == CURLE_OK || *result == CURLE_WRITE_ERROR)) {
    return StatusOfAnswer(code, transfer.url);
  }
  if (*result == CURLE_OK) return absl::OkStatus();
  const std::string reason =
      error_text[0] != '\0' ? error_text.data() : curl_easy_strerror(*result);
  return absl::UnavailableError(absl::StrCat(transfer.url, ": ", reason));
}

HttpFetcher::HttpFetcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpFetcher::~HttpFetcher() = default;

absl::StatusOr<std::unique_ptr<HttpFetcher>> HttpFetcher::Create(const BaseUrl& url,
                                                                 const HttpOptions& options) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto state = std::make_unique<State>(url, options);
  if (started != CURLE_OK || state->easy == nullptr || state->multi == nullptr) {
    return absl::InternalError("libcurl does not start");
  }
  state->Configure();
  return std::unique_ptr<HttpFetcher>(new HttpFetcher(std::move(state)));
}

absl::StatusOr<std::string> HttpFetcher::Metadata(absl::string_view name, uint64_t max_bytes) {
  if (absl::Status s = CheckRepositoryFileName(name); !s.ok()) return s;
  std::string bytes;
  const trust::ByteSink sink = [&](absl::string_view piece) {
    bytes.append(piece.data(), piece.size());
    return absl::OkStatus();
  };
  Transfer transfer{state_->easy, absl::StrCat(state_->url.text(), "metadata/", name), max_bytes,
                    RejectReason::kMetadataTooLarge, sink};
  if (absl::Status s = state_->Get(transfer); !s.ok()) return s;
  return bytes;
}

absl::Status HttpFetcher::Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                                 const trust::ByteSink& sink) {
  if (absl::Status s = CheckRepositoryFileName(name); !s.ok()) return s;
  uint64_t to_skip = offset;
  const trust::ByteSink rest = [&](absl::string_view piece) {
    const size_t skipped = std::min<uint64_t>(to_skip, piece.size());
    to_skip -= skipped;
    piece.remove_prefix(skipped);
    return piece.empty() ? absl::OkStatus() : sink(piece);
  };
  Transfer transfer{state_->easy, absl::StrCat(state_->url.text(), "targets/", name), max_bytes,
                    RejectReason::kTargetTooLarge, rest};
  return state_->Get(transfer);
}

}  // namespace cloister::transport
