#include "sync/publisher/sources/web_url.h"

#include <curl/curl.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace cloister::publisher {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

// Empty if the URL has no such part.
std::string Part(const UrlHandle& url, CURLUPart part) {
  char* value = nullptr;
  if (curl_url_get(url.get(), part, &value, CURLU_NO_DEFAULT_PORT) != CURLUE_OK) return "";
  std::string copy(value);
  curl_free(value);
  return copy;
}

}  // namespace

absl::StatusOr<WebUrl> ParseWebUrl(absl::string_view text, bool allow_http) {
  constexpr size_t kMaxLength = 4096;
  if (text.size() > kMaxLength) {
    return absl::InvalidArgumentError("the url is longer than 4096 bytes");
  }
  const UrlHandle url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_NON_SUPPORT_SCHEME) !=
      CURLUE_OK) {
    return absl::InvalidArgumentError("the url cannot be read; write https://host/path");
  }
  const std::string scheme = absl::AsciiStrToLower(Part(url, CURLUPART_SCHEME));
  if (scheme != "https" && !(scheme == "http" && allow_http)) {
    return absl::InvalidArgumentError(
        scheme == "http" ? "the url is not encrypted; use https, or set allow_http = true"
                         : "the url must begin with https://");
  }
  const std::string host = absl::AsciiStrToLower(Part(url, CURLUPART_HOST));
  if (host.empty()) return absl::InvalidArgumentError("the url names no host");
  if (!Part(url, CURLUPART_USER).empty() || !Part(url, CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError(
        "the url must not hold a user or password; put the header that the server wants into a "
        "file, and name it in header_files");
  }
  if (!Part(url, CURLUPART_FRAGMENT).empty()) {
    return absl::InvalidArgumentError("the url must not have a fragment (#…)");
  }
  const std::string port = Part(url, CURLUPART_PORT);
  return WebUrl{Part(url, CURLUPART_URL),
                absl::StrCat(scheme, "://", host, port.empty() ? "" : ":", port),
                scheme == "https"};
}

}  // namespace cloister::publisher
