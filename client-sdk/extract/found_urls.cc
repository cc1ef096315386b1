#include "client-sdk/extract/found_urls.h"

namespace cloister::extract {

bool FoundUrls::Add(std::string_view url, UrlOrigin origin, size_t offset) {
  if (url.empty()) return true;
  if (!AddOne(url, origin, offset)) return false;
  for (const std::string& inner : UnwrapUrl(url, options_.max_unwrap_depth)) {
    if (!AddOne(inner, UrlOrigin::kUnwrapped, offset)) return false;
  }
  return true;
}

bool FoundUrls::AddOne(std::string_view url, UrlOrigin origin, size_t offset) {
  if (url.size() > bytes_left_) {
    bytes_left_ = 0;
    found_.truncated = true;
    return false;
  }
  bytes_left_ -= url.size();
  if (url.size() > kMaxUrlBytes) {
    found_.truncated = true;
    return true;
  }
  std::string owned(url);
  if (seen_.count(owned) != 0) return true;
  if (found_.urls.size() >= options_.max_urls) {
    found_.truncated = true;
    return false;
  }
  seen_.insert(owned);
  found_.urls.push_back({std::move(owned), origin, offset});
  return true;
}

}  // namespace cloister::extract
