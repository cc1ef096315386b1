// What the headers of an answer say, read strictly: whoever serves them is not trusted.

#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cloister::transport {

// "bytes 100-199/200" or "bytes 100-199/*" (RFC 9110, section 14.4).
struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;  // inclusive, not before `first`
  std::optional<uint64_t> length;

  friend bool operator==(const ContentRange&, const ContentRange&) = default;
};
std::optional<ContentRange> ParseContentRange(absl::string_view value);

// How long "Retry-After: 120" or "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT" asks to wait
// (RFC 9110, section 10.2.3); a time counts from `date`, the answer's own "Date". At most a day;
// nothing if it cannot be read.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::string_view date);

// Whether an entity tag says nothing but what the body is: its MD5, SHA-1 or SHA-256 in
// hexadecimal, in quotes, with or without "W/" before them. A tag that a server makes up could be
// another one for each customer, and who sends it back would be known again by it.
bool IsTagOfContent(absl::string_view tag, absl::string_view body);

}  // namespace cloister::transport
