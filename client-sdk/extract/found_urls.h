// Collects what was found: each URL once, with what it wraps, up to the caller's limits.

#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "cloister/extract_urls.h"

namespace cloister::extract {

// Longer ones are left out: nothing follows them, and canonical forms are not made of them.
inline constexpr size_t kMaxUrlBytes = 128 * 1024;

// Lives as long as one extraction; borrows the options. Not thread-safe.
class FoundUrls {
 public:
  explicit FoundUrls(const ExtractOptions& options) : options_(options) {}

  // Adds `url` and, after it, what it wraps.
  void Add(std::string_view url, UrlOrigin origin, size_t offset);
  // A limit was reached outside.
  void MarkTruncated() { found_.truncated = true; }
  bool full() const { return found_.urls.size() >= options_.max_urls; }

  ExtractedUrls Take() { return std::move(found_); }

 private:
  void AddOne(std::string_view url, UrlOrigin origin, size_t offset);

  const ExtractOptions& options_;
  std::unordered_set<std::string> seen_;
  ExtractedUrls found_;
};

}  // namespace cloister::extract
