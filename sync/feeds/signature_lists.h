// Digests with something beside each: a threat's name, or a path.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// ClamAV's .hdb and .hsb: digest:size:name[:from[:to]], the size a number or '*'. The digest's
// length tells its algorithm, since both files hold any in practice. The name becomes the threat's
// name; names that start with "PUA." are UNWANTED, all others MALICIOUS, unless `options` say
// otherwise.
absl::StatusOr<std::unique_ptr<FeedReader>> NewClamavHashes(const FeedOptions& options);

// Neo23x0's hash-iocs.txt: digest;comment. What follows the first ';' is free text and becomes the
// threat's name, cut to what a label holds. MALICIOUS unless `options` say otherwise.
absl::StatusOr<std::unique_ptr<FeedReader>> NewHashComments(const FeedOptions& options);

// What md5sum, sha1sum and sha256sum print, also with --tag, and Debian's lists of digests: a
// digest and a path, which is not kept. "# name" on a line of its own names the product of what
// follows. KNOWN unless `options` say otherwise.
absl::StatusOr<std::unique_ptr<FeedReader>> NewChecksumList(const FeedOptions& options);

}  // namespace cloister::feeds
