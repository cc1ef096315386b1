// Answers of CIRCL hashlookup, as its API and its forensic analyser write them.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// One answer, a list of answers (bulk lookups), or a report with "known_files". An answer gives an
// entry for each of its SHA-256, SHA-1 and MD5, or for the "hash" of a report:
//   KNOWN, or the verdict of `options` (TRUSTED then by SHA-256 alone)
//   MALICIOUS if it has "KnownMalicious", whatever `options` say
// with product, version and manufacturer where it names them, and "hashlookup:trust" as the
// confidence of what is not malicious. Answers that say that nothing is known are counted as
// context_only; "unknown_files" are passed over.
absl::StatusOr<std::unique_ptr<FeedReader>> NewHashlookupFeed(const FeedOptions& options);

}  // namespace cloister::feeds
