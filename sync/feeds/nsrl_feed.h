// The Reference Data Set of the National Software Reference Library (NIST).

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Tells by the first bytes which of these it is:
//   RDSv3, a SQLite database, minimal (FILE is a table) or full (FILE is a view), opened read-only
//     as something that nobody changes meanwhile, and read row by row; it has to be unpacked.
//     The deltas of `options` are applied to a private copy first (nsrl_delta.h)
//   NSRLFile.txt of RDS 2.x, compressed or not; with NSRLProd.txt and NSRLMfg.txt beside it where
//     they are, plain
// Each row gives an entry for each of its digests, KNOWN: being in the library is an identity and
// no judgement (it holds hacking tools, too). `options` may say TRUSTED, which then holds for
// SHA-256 alone, or anything else for all three. Product (with the system it is for, in
// parentheses), version and manufacturer become the label. File names are not used, and may be in
// any encoding.
// InvalidArgument: none of these, a delta alone (SQL text), one that does not fit or does more than
// a delta may, or a compressed database.
absl::StatusOr<std::unique_ptr<FeedReader>> NewNsrlFeed(const FeedOptions& options);

}  // namespace cloister::feeds
