#include "client-sdk/extract/found_urls.h"

namespace cloister::extract {

void FoundUrls::Add(std::string_view url, UrlOrigin origin, size_t offset) {
  AddOne(url, origin, offset);
  for (const std::string& inner : UnwrapUrl(url, options_.max_unwrap_depth)) {
    AddOne(inner, UrlOrigin::kUnwrapped, offset);
  }
}

void FoundUrls::AddOne(std::string_view url, UrlOrigin origin, size_t offset) {
  if (url.empty()) return;
  if (url.size() > kMaxUrlBytes || full()) {
    found_.truncated = found_.truncated || seen_.count(std::string(url.substr(0, 512))) == 0;
    return;
  }
  if (!seen_.emplace(url).second) return;
  found_.urls.push_back({std::string(url), origin, offset});
}

}  // namespace cloister::extract
