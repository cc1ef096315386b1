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
// Addresses and networks; also what `ipset save` prints ("add NAME 192.0.2.0/24 …").
absl::StatusOr<std::unique_ptr<FeedReader>> NewIpList(const FeedOptions& options);
// Digests; also what sha256sum prints (the file name is not kept).
absl::StatusOr<std::unique_ptr<FeedReader>> NewHashList(const FeedOptions& options);

// URL lists with categories of their own: malware, and phishing.
absl::StatusOr<std::unique_ptr<FeedReader>> NewUrlhausText(const FeedOptions& options);
absl::StatusOr<std::unique_ptr<FeedReader>> NewOpenPhish(const FeedOptions& options);

// "address TAB number of lists that hold it"; the number is compared with minimum_count.
absl::StatusOr<std::unique_ptr<FeedReader>> NewIpsum(const FeedOptions& options);

// hosts(5): an address and names. Names that point to nowhere (0.0.0.0, 127.0.0.0/8, ::, ::1) are
// listed, those of the machine itself (localhost …) passed over; any other address is refused,
// since such a line says where a name is, not that it is bad.
absl::StatusOr<std::unique_ptr<FeedReader>> NewHostsFile(const FeedOptions& options);
// The same with the category malware.
absl::StatusOr<std::unique_ptr<FeedReader>> NewUrlhausHosts(const FeedOptions& options);

}  // namespace cloister::feeds
