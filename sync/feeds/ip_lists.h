// Lists of addresses and networks, one a line. docs/feeds.md has an example of each.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// What all of them share: comments as in text_formats.h, and MALICIOUS unless `options` say
// otherwise. "!192.0.2.7" is an exclusion; other lines with '!' are comments.

// Also what `ipset save` prints ("add NAME 192.0.2.0/24 …"), where "nomatch" makes an exclusion.
absl::StatusOr<std::unique_ptr<FeedReader>> NewIpList(const FeedOptions& options);

// The same, and "; Expires: Sat, 15 Jun 2024 19:25:12 GMT", as Spamhaus DROP has it, limits what
// follows to that time.
absl::StatusOr<std::unique_ptr<FeedReader>> NewDropList(const FeedOptions& options);

// "address TAB number of lists that hold it"; the number is compared with minimum_count.
absl::StatusOr<std::unique_ptr<FeedReader>> NewIpsum(const FeedOptions& options);

}  // namespace cloister::feeds
