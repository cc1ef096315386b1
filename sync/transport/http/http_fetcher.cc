#include "sync/transport/http/http_fetcher.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/transport/http/answer_headers.h"
#include "sync/transport/http/curl_transfers.h"
#include "sync/transport/repository_file_name.h"

namespace cloister::transport {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr char kUserAgent[] = "cloister-sync";
constexpr uint64_t kMaxHeaderBytes = 64 * 1024;     // of one answer
constexpr uint64_t kMaxErrorBodyBytes = 64 * 1024;  // read and dropped to keep the connection

// One request, and its answer as it comes in.
struct Transfer {
  CURL* easy;
  std::string url;
  uint64_t max_bytes;
  RejectReason too_large;
  const trust::ByteSink& sink;
  uint64_t offset = 0;  // where what is passed to the sink begins
  bool ask_for_range = false;
  std::string if_none_match = "";

  uint64_t body_bytes = 0;  // from the file's first byte on
  uint64_t header_bytes = 0;
  bool begun = false;                       // the body
  bool wrong_range = false;                 // was sent, and nothing of it taken
  absl::Status refused = absl::OkStatus();  // why a callback ended the transfer
};

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

// Whether the answer brings content that was asked for: 200, or 206 with the right range.
bool BringsContent(const Transfer& transfer, long code) {
  return code == 200 || (code == 206 && transfer.ask_for_range);
}

absl::Status CheckRange(Transfer& transfer) {
  const std::string text = AnswerHeader(transfer.easy, "Content-Range");
  const auto range = ParseContentRange(text);
  if (!range || range->first != transfer.offset) {
    transfer.wrong_range = true;
    return absl::UnavailableError(absl::StrCat(transfer.url, ": asked for bytes from ",
                                               transfer.offset, " on, got \"", text, "\""));
  }
  const uint64_t length = range->length.value_or(range->last + 1);
  return length > transfer.max_bytes ? TooLarge(transfer) : absl::OkStatus();
}

// Before the first byte of a body that is content.
absl::Status Begin(Transfer& transfer, long code) {
  transfer.begun = true;
  if (code != 206) return absl::OkStatus();
  transfer.body_bytes = transfer.offset;
  return CheckRange(transfer);
}

absl::Status TakeContent(Transfer& transfer, long code, absl::string_view bytes) {
  if (!transfer.begun) {
    if (absl::Status s = Begin(transfer, code); !s.ok()) return s;
  }
  const uint64_t before = transfer.body_bytes;
  transfer.body_bytes += bytes.size();
  if (transfer.body_bytes > transfer.max_bytes) return TooLarge(transfer);
  if (before < transfer.offset) {
    bytes.remove_prefix(std::min<uint64_t>(transfer.offset - before, bytes.size()));
  }
  return bytes.empty() ? absl::OkStatus() : transfer.sink(bytes);
}

size_t OnBody(char* data, size_t, size_t n, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const long code = AnswerCode(transfer->easy);
  if (!BringsContent(*transfer, code)) {
    transfer->body_bytes += n;
    return transfer->body_bytes <= kMaxErrorBodyBytes ? n : 0;
  }
  transfer->refused = TakeContent(*transfer, code, absl::string_view(data, n));
  return transfer->refused.ok() ? n : 0;
}

// What an answer that came to its end, or was cut off by us, means.
absl::Status StatusOfAnswer(CURL* easy, long code, const std::string& url) {
  if (code == 404 || code == 403) return absl::NotFoundError(absl::StrCat(url, ": ", code));
  const bool redirect = code >= 300 && code < 400 && code != 304;
  absl::Status status = absl::UnavailableError(absl::StrCat(
      url, ": answer ", code,
      redirect ? " is a redirect, which is not followed; configure the final URL" : ""));
  NoteRetryAfter(easy, &status);
  return status;
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

  // Of the file `name` of "metadata" or "targets".
  absl::StatusOr<std::string> UrlOf(absl::string_view folder, absl::string_view name) const;
  void Configure();
  void ConfigureTls();
  void ConfigureProxy();
  void ConfigureBandwidth();
  // Returns the answer's code where it is one of those that bring what was asked for: 200, 206,
  // 304 and 416.
  absl::StatusOr<long> Get(Transfer& transfer);
  // Runs the transfer to its end; Cancelled if the stop descriptor became readable.
  absl::StatusOr<CURLcode> Perform();

  BaseUrl url;
  HttpOptions options;
  CURLM* multi;
  CURL* easy;
  std::array<char, CURL_ERROR_SIZE> error_text{};
};

absl::StatusOr<std::string> HttpFetcher::State::UrlOf(absl::string_view folder,
                                                      absl::string_view name) const {
  if (options.locate) return absl::StrCat(url.text(), options.locate(folder, name));
  if (absl::Status s = CheckRepositoryFileName(name); !s.ok()) return s;
  return absl::StrCat(url.text(), folder, "/", name);
}

// What is the same for every request.
void HttpFetcher::State::Configure() {
  ConfigureGet(easy, {.user_agent = kUserAgent,
                      .https = url.is_https(),
                      .connect_timeout = options.connect_timeout,
                      .low_speed_bytes_per_s = options.low_speed_bytes_per_s,
                      .low_speed_time = options.low_speed_time});
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  ConfigureTls();
  ConfigureProxy();
  ConfigureBandwidth();
}

void HttpFetcher::State::ConfigureBandwidth() {
  if (options.max_bytes_per_s == 0) return;
  curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE,
                   static_cast<curl_off_t>(options.max_bytes_per_s));
  // libcurl reads up to a hundred buffers before it looks at the rate: a quarter second's worth.
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                   std::clamp<long>(static_cast<long>(options.max_bytes_per_s / 400), 1024,
                                    CURL_MAX_WRITE_SIZE));
}

void HttpFetcher::State::ConfigureTls() {
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!options.client_certificate.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, options.client_certificate.c_str());
    curl_easy_setopt(easy, CURLOPT_SSLKEY, options.client_key.c_str());
  }
}

void HttpFetcher::State::ConfigureProxy() {
  // An empty text, unlike none, also shuts out the proxies that the environment names.
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.proxy_ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, options.proxy_ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, nullptr);
  }
  if (options.proxy_user.empty()) return;
  curl_easy_setopt(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, options.proxy_user.c_str());
  curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, options.proxy_password.c_str());
}

absl::StatusOr<CURLcode> HttpFetcher::State::Perform() {
  curl_multi_add_handle(multi, easy);
  absl::Cleanup remove = [&] { curl_multi_remove_handle(multi, easy); };
  CURLcode outcome = CURLE_OK;
  absl::Status driven = DriveTransfers(multi, options.stop_fd, [&](CURL*, CURLcode result) {
    outcome = result;
    return absl::OkStatus();
  });
  if (!driven.ok()) return driven;
  return outcome;
}

absl::StatusOr<long> HttpFetcher::State::Get(Transfer& transfer) {
  const uint64_t slowest_s =
      transfer.max_bytes / std::max<uint64_t>(1, options.low_speed_bytes_per_s);
  const absl::Duration longest =
      options.connect_timeout + options.low_speed_time + absl::Seconds(slowest_s);
  const std::string range = absl::StrCat(transfer.offset, "-");
  const std::string condition = absl::StrCat("If-None-Match: ", transfer.if_none_match);
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
      transfer.if_none_match.empty() ? nullptr : curl_slist_append(nullptr, condition.c_str()),
      curl_slist_free_all);
  error_text[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_URL, transfer.url.c_str());
  curl_easy_setopt(easy, CURLOPT_RANGE, transfer.ask_for_range ? range.c_str() : nullptr);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, CurlMilliseconds(longest));
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  absl::StatusOr<CURLcode> result = Perform();
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
  if (!result.ok()) {
    return absl::Status(result.status().code(),
                        absl::StrCat(transfer.url, ": ", result.status().message()));
  }
  if (!transfer.refused.ok()) return transfer.refused;
  const long code = AnswerCode(easy);
  const bool no_range = code == 416 && transfer.ask_for_range;
  const bool unchanged = code == 304 && !transfer.if_none_match.empty();
  const bool ended = *result == CURLE_OK || *result == CURLE_WRITE_ERROR;
  if (ended && (no_range || unchanged)) return code;
  if (ended && code != 0 && !BringsContent(transfer, code)) {
    return StatusOfAnswer(easy, code, transfer.url);
  }
  if (*result == CURLE_OK) return code;
  const std::string reason =
      error_text[0] != '\0' ? error_text.data() : curl_easy_strerror(*result);
  return absl::UnavailableError(absl::StrCat(transfer.url, ": ", reason));
}

HttpFetcher::HttpFetcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpFetcher::~HttpFetcher() = default;

absl::StatusOr<std::unique_ptr<HttpFetcher>> HttpFetcher::Create(const BaseUrl& url,
                                                                 const HttpOptions& options) {
  if (absl::Status s = StartLibcurl(); !s.ok()) return s;
  auto state = std::make_unique<State>(url, options);
  if (state->easy == nullptr || state->multi == nullptr) {
    return absl::InternalError("libcurl does not start");
  }
  state->Configure();
  return std::unique_ptr<HttpFetcher>(new HttpFetcher(std::move(state)));
}

absl::StatusOr<std::string> HttpFetcher::Metadata(absl::string_view name, uint64_t max_bytes) {
  absl::StatusOr<std::string> url = state_->UrlOf("metadata", name);
  if (!url.ok()) return url.status();
  TimestampCache* cache = name == "timestamp.json" ? state_->options.timestamp : nullptr;
  std::string bytes;
  const trust::ByteSink sink = [&](absl::string_view piece) {
    bytes.append(piece.data(), piece.size());
    return absl::OkStatus();
  };
  Transfer transfer{state_->easy, *url, max_bytes, RejectReason::kMetadataTooLarge, sink};
  if (cache != nullptr && cache->body.size() <= max_bytes) transfer.if_none_match = cache->tag;
  absl::StatusOr<long> code = state_->Get(transfer);
  if (!code.ok()) return code.status();
  if (*code == 304) return cache->body;
  if (cache != nullptr) {
    const std::string tag = AnswerHeader(state_->easy, "ETag");
    *cache = IsTagOfContent(tag, bytes) ? TimestampCache{tag, bytes} : TimestampCache{};
  }
  return bytes;
}

absl::Status HttpFetcher::Target(absl::string_view name, uint64_t offset, uint64_t max_bytes,
                                 const trust::ByteSink& sink) {
  absl::StatusOr<std::string> url = state_->UrlOf("targets", name);
  if (!url.ok()) return url.status();
  Transfer transfer{state_->easy, *url, max_bytes, RejectReason::kTargetTooLarge, sink, offset};
  Transfer whole = transfer;
  transfer.ask_for_range = offset > 0;
  absl::StatusOr<long> code = state_->Get(transfer);
  const bool no_range = (code.ok() && *code == 416) || transfer.wrong_range;
  if (no_range) code = state_->Get(whole);
  return code.status();
}

}  // namespace cloister::transport
