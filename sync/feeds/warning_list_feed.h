// MISP warning lists (https://github.com/MISP/misp-warninglists) as feeds: what is known, and known
// to end up in feeds by mistake.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// One list.json. Lists of the types "string" and "hostname" give names, URLs, addresses and
// SHA-256, SHA-1 and MD5 digests, by what "matching_attributes" names; of "cidr" networks. Each
// entry is KNOWN with the list's name as its product; if `options` says TRUSTED, names and files by
// SHA-256 are TRUSTED and all else is KNOWN still. A name says nothing of what is below it, with or
// without a dot before it: below a name that many use lies much that a feed may well condemn.
// Entries of the types "substring" and "regex" match parts of texts, and are counted as
// unsupported; so are entries that match other attributes, and other digests. InvalidArgument for
// any other verdict in `options`, and from Read for another document.
absl::StatusOr<std::unique_ptr<FeedReader>> NewWarningListFeed(const FeedOptions& options);

}  // namespace cloister::feeds
