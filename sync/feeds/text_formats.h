// Feeds that are plain text with one entry a line. docs/feeds.md has an example of each.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// What all of them share: lines that begin with '#', ';', '!' or "//" are comments, and so is what
// follows white space and '#', ';' or "//"; defanged text is refanged; the verdict is MALICIOUS
// unless `options` say otherwise.

// One object a line. A mixed list recognises each by its form (IndicatorKind::kAny).
absl::StatusOr<std::unique_ptr<FeedReader>> NewUrlList(const FeedOptions& options);
absl::StatusOr<std::unique_ptr<FeedReader>> NewDomainList(const FeedOptions& options);
absl::StatusOr<std::unique_ptr<FeedReader>> NewMixedList(const FeedOptions& options);
// Names as DNS filters write them, "*.a.example": that name and all below it, as ".a.example" and
// "a.example" here too. An address is that address.
absl::StatusOr<std::unique_ptr<FeedReader>> NewWildcardList(const FeedOptions& options);
// Maltrail's static trails: a name (with all below it, as Maltrail matches it), an address, a URL
// with or without scheme, a host with a port. '#' begins a comment anywhere. Trails that are a path
// without a host are refused (no_host).
absl::StatusOr<std::unique_ptr<FeedReader>> NewMaltrail(const FeedOptions& options);
// Digests; also what sha256sum prints (the file name is not kept).
absl::StatusOr<std::unique_ptr<FeedReader>> NewHashList(const FeedOptions& options);

// URL lists with categories of their own: malware, and phishing.
absl::StatusOr<std::unique_ptr<FeedReader>> NewUrlhausText(const FeedOptions& options);
absl::StatusOr<std::unique_ptr<FeedReader>> NewOpenPhish(const FeedOptions& options);

// hosts(5): an address and names. Names that point to nowhere (0.0.0.0, 127.0.0.0/8, ::, ::1) are
// listed, those of the machine itself (localhost …) passed over; any other address is refused,
// since such a line says where a name is, not that it is bad.
absl::StatusOr<std::unique_ptr<FeedReader>> NewHostsFile(const FeedOptions& options);
// The same with the category malware.
absl::StatusOr<std::unique_ptr<FeedReader>> NewUrlhausHosts(const FeedOptions& options);

}  // namespace cloister::feeds
