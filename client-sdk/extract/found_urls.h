// Collects what was found: each URL once, with what it wraps, up to the caller's limits.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "cloister/extract_urls.h"

namespace cloister::extract {

// Longer ones are left out: nothing follows them, and canonical forms are not made of them.
inline constexpr size_t kMaxUrlBytes = 128 * 1024;

// All URLs together, found again or not, unless the body may be larger than a quarter of it: short
// links below a long <base href> would become a thousand times what they are written with.
inline constexpr size_t kMaxOfferedBytes = size_t{64} << 20;

// Lives as long as one extraction; borrows the options. Not thread-safe.
class FoundUrls {
 public:
  explicit FoundUrls(const ExtractOptions& options)
      : options_(options), bytes_left_(std::max(kMaxOfferedBytes, 4 * options.max_body_bytes)) {}

  // Adds `url` and, after it, what it wraps. False once nothing more is taken.
  bool Add(std::string_view url, UrlOrigin origin, size_t offset);
  // A limit was reached outside.
  void MarkTruncated() { found_.truncated = true; }

  ExtractedUrls Take() { return std::move(found_); }

 private:
  bool AddOne(std::string_view url, UrlOrigin origin, size_t offset);

  const ExtractOptions& options_;
  size_t bytes_left_;
  std::unordered_set<std::string> seen_;
  ExtractedUrls found_;
};

}  // namespace cloister::extract
