#include "sync/publisher/sources/exchange.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cloister::publisher {
namespace {

using transport::AnswerCode;
using transport::AnswerHeader;

constexpr int kMaxRedirects = 5;
constexpr uint64_t kMaxHeaderBytes = 64 * 1024;     // of all answers to one request
constexpr uint64_t kMaxErrorBodyBytes = 64 * 1024;  // read and dropped to keep the connection
constexpr size_t kMaxValidatorBytes = 1024;

bool IsRedirect(long code) {
  return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

long MillisecondsUntil(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return transport::CurlMilliseconds(absl::Milliseconds(left.count()));
}

// A validator can be sent back if it is not absurd; what is none does no harm: it does not match.
// A carriage return alone ends no header line here, but may do so where it is sent to.
std::string Validator(CURL* easy, const char* name) {
  std::string value = AnswerHeader(easy, name);
  const bool plain = absl::c_none_of(value, [](unsigned char c) { return absl::ascii_iscntrl(c); });
  return plain && value.size() <= kMaxValidatorBytes ? value : "";
}

void Append(const std::string& line, transport::HeaderList* list) {
  if (curl_slist* longer = curl_slist_append(list->get(), line.c_str())) {
    (void)list->release();
    list->reset(longer);
  }
}

}  // namespace

size_t Exchange::OnHeader(char*, size_t, size_t n, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  exchange->header_bytes_ += n;
  if (exchange->header_bytes_ <= kMaxHeaderBytes) return n;
  exchange->refused_ = absl::UnavailableError("its header does not end");
  return 0;
}

size_t Exchange::OnBody(char* data, size_t, size_t n, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  if (AnswerCode(exchange->easy()) != 200) {
    exchange->body_bytes_ += n;
    return exchange->body_bytes_ <= kMaxErrorBodyBytes ? n : 0;
  }
  exchange->refused_ = exchange->Take(absl::string_view(data, n));
  return exchange->refused_.ok() ? n : 0;
}

absl::StatusOr<CURL*> Exchange::Begin() {
  easy_.reset(curl_easy_init());
  if (easy_ == nullptr) return absl::InternalError("libcurl does not start");
  if (absl::Status s = SetUp(request_.url); !s.ok()) return s;
  return easy_.get();
}

absl::Status Exchange::SetUp(absl::string_view url) {
  absl::StatusOr<WebUrl> parsed = ParseWebUrl(url, terms_.source.allow_http);
  if (!parsed.ok()) return parsed.status();
  url_ = *std::move(parsed);
  CURL* easy = easy_.get();
  transport::ConfigureGet(easy, {.user_agent = "cloister-publish",
                                 .https = url_.https,
                                 .low_speed_bytes_per_s = 512,
                                 .low_speed_time = absl::Minutes(1)});
  curl_easy_setopt(easy, CURLOPT_URL, url_.text.c_str());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, MillisecondsUntil(terms_.deadline));
  // The folder of the system's authorities stays what it is: this file comes besides.
  if (!terms_.source.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, terms_.source.ca_file.c_str());
  }
  if (!terms_.source.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, terms_.source.proxy.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  error_text_[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  SetHeaders(url_.origin == terms_.url.origin);
  return absl::OkStatus();
}

void Exchange::SetHeaders(bool own_origin) {
  headers_.reset();
  Append("Accept-Encoding: gzip", &headers_);
  const Validators& known = request_.known;
  if (!known.etag.empty()) Append(absl::StrCat("If-None-Match: ", known.etag), &headers_);
  if (!known.last_modified.empty()) {
    Append(absl::StrCat("If-Modified-Since: ", known.last_modified), &headers_);
  }
  if (own_origin) {
    for (const std::string& secret : terms_.secrets) Append(secret, &headers_);
  }
  // A proxy gets none of them.
  curl_easy_setopt(easy_.get(), CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
}

absl::StatusOr<bool> Exchange::Redirect(CURLcode result) {
  const bool ended = result == CURLE_OK || result == CURLE_WRITE_ERROR;
  if (!ended || !refused_.ok() || !IsRedirect(AnswerCode(easy_.get()))) return false;
  const char* target = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &target);
  if (target == nullptr) return Told(absl::UnavailableError("redirects to nowhere"));
  if (++redirects_ > kMaxRedirects) {
    return Told(absl::UnavailableError("redirects more than five times"));
  }
  const std::string url = target;  // libcurl's own goes with the next setting
  if (absl::Status s = SetUp(url); !s.ok()) {
    return Told(absl::UnavailableError(
        absl::StrCat("redirects to where nothing is fetched from: ", s.message())));
  }
  body_bytes_ = 0;
  return true;
}

// Before the first byte of content.
absl::Status Exchange::BeginBody() {
  begun_ = true;
  const std::string coding = absl::AsciiStrToLower(AnswerHeader(easy(), "Content-Encoding"));
  if (coding == "gzip" || coding == "x-gzip") {
    gzip_ = std::make_unique<GzipDecoder>();
  } else if (!coding.empty() && coding != "identity") {
    return absl::UnavailableError("answers in a content coding that it was not asked for");
  }
  curl_off_t length = 0;
  curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  announced_ = length > 0 ? static_cast<uint64_t>(length) : 0;
  if (announced_ <= request_.max_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "offers ", announced_, " bytes, more than max_bytes allows (", request_.max_bytes, ")"));
}

absl::Status Exchange::Take(absl::string_view bytes) {
  if (!begun_) {
    if (absl::Status s = BeginBody(); !s.ok()) return s;
  }
  body_bytes_ += bytes.size();
  if (request_.progress) request_.progress(body_bytes_, announced_);
  if (gzip_ == nullptr) return Keep(bytes);
  return gzip_->Take(bytes, [this](absl::string_view content) { return Keep(content); });
}

absl::Status Exchange::Keep(absl::string_view content) {
  content_bytes_ += content.size();
  if (content_bytes_ <= request_.max_bytes) return request_.sink(content);
  return absl::ResourceExhaustedError(
      absl::StrCat("brings more than max_bytes allows (", request_.max_bytes, ")"));
}

absl::Status Exchange::Told(absl::Status status) const {
  absl::Status told(status.code(), absl::StrCat(url_.origin, ": ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view name, const absl::Cord& value) { told.SetPayload(name, value); });
  return told;
}

absl::Status Exchange::Denied(long code) const {
  std::vector<std::string> files;
  for (const auto& [name, path] : terms_.source.header_files) {
    files.push_back(absl::StrCat(name, " from ", path));
  }
  if (files.empty()) {
    return absl::PermissionDeniedError(
        absl::StrCat("answer ", code,
                     ": it wants to know who asks; put the key that its publisher gave you "
                     "into a file, and name that in header_files"));
  }
  return absl::PermissionDeniedError(
      absl::StrCat("answer ", code, ": it does not accept what was sent (",
                   absl::StrJoin(files, ", "), "); is the value right, and still valid?"));
}

absl::Status Exchange::StatusOfAnswer(long code) const {
  if (code == 401 || code == 403) return Denied(code);
  if (code == 404 || code == 410) {
    return absl::NotFoundError(absl::StrCat(
        "answer ", code, ": there is no such thing; look up the url at the source's publisher"));
  }
  absl::Status status = absl::UnavailableError(absl::StrCat("answer ", code));
  transport::NoteRetryAfter(easy(), &status);
  return status;
}

absl::StatusOr<WebAnswer> Exchange::NotModified() const {
  const Validators& known = request_.known;
  if (known.etag.empty() && known.last_modified.empty()) {
    return Told(absl::UnavailableError("says that nothing changed since a state nobody told it"));
  }
  return WebAnswer{true, known};
}

absl::StatusOr<WebAnswer> Exchange::End(CURLcode result) {
  if (!refused_.ok()) {
    const bool ours = refused_.code() != absl::StatusCode::kDataLoss;
    return Told(ours ? refused_ : absl::UnavailableError(refused_.message()));
  }
  const long code = AnswerCode(easy());
  const bool ended = result == CURLE_OK || result == CURLE_WRITE_ERROR;
  if (ended && code == 304) return NotModified();
  if (ended && code != 0 && code != 200) return Told(StatusOfAnswer(code));
  if (result != CURLE_OK) {
    const char* reason = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(result);
    return Told(absl::UnavailableError(reason));
  }
  if (gzip_ != nullptr) {
    absl::Status whole = gzip_->Finish();
    if (!whole.ok()) return Told(absl::UnavailableError(whole.message()));
  }
  return WebAnswer{false, {Validator(easy(), "ETag"), Validator(easy(), "Last-Modified")}};
}

}  // namespace cloister::publisher
