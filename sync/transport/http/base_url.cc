#include "sync/transport/http/base_url.h"

#include <curl/curl.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cloister::transport {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

// Empty if the URL has no such part.
std::string Part(const UrlHandle& url, CURLUPart part) {
  char* value = nullptr;
  if (curl_url_get(url.get(), part, &value, 0) != CURLUE_OK) return "";
  std::string copy(value);
  curl_free(value);
  return copy;
}

}  // namespace

absl::StatusOr<BaseUrl> BaseUrl::Parse(absl::string_view text, bool allow_http) {
  auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" ", what));
  };
  constexpr size_t kMaxLength = 2048;
  if (text.size() > kMaxLength) return wrong("is longer than 2048 bytes");
  UrlHandle url(curl_url());
  const std::string given(text);
  // Any scheme parses here, so that the message below can say what is wrong with it.
  if (curl_url_set(url.get(), CURLUPART_URL, given.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
      CURLUE_OK) {
    return wrong("is no URL; write https://host/path/");
  }
  const std::string scheme = Part(url, CURLUPART_SCHEME);
  if (scheme != "https" && !(scheme == "http" && allow_http)) {
    return wrong(scheme == "http" ? "is not encrypted; use https, or set allow_http = true"
                                  : "must begin with https://");
  }
  if (Part(url, CURLUPART_HOST).empty()) return wrong("names no host");
  if (!Part(url, CURLUPART_USER).empty() || !Part(url, CURLUPART_PASSWORD).empty()) {
    return wrong("must not hold a user or password");
  }
  if (!Part(url, CURLUPART_QUERY).empty() || !Part(url, CURLUPART_FRAGMENT).empty() ||
      absl::StrContains(text, "?") || absl::StrContains(text, "#")) {
    return wrong("must not have a query or fragment: file names are added at its end");
  }
  std::string whole = Part(url, CURLUPART_URL);
  if (!absl::EndsWith(whole, "/")) whole += "/";
  return BaseUrl(std::move(whole), scheme == "https");
}

}  // namespace cloister::transport
