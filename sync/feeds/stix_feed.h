// STIX 2.0 and 2.1 bundles (OASIS), and the envelopes in which TAXII 2.1 servers hand them out.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// Each object of type "indicator" whose pattern stix_pattern.h can hold; objects of other types
// describe, and are passed over.
//   indicator_types, labels   "malicious-activity" is MALICIOUS; "anomalous-activity",
//                             "anonymization", "compromised" or "unknown" alone are SUSPICIOUS;
//                             "benign" alone is KNOWN, TRUSTED only if `options` says so;
//                             none: the verdict of `options`, or else MALICIOUS.
//                             The words become categories by the category_map of `options`, or
//                             else by themselves ("phishing").
//   confidence                as it stands; else that of `options`
//   name                      the threat's name, unless it is but the object itself
//   valid_from, valid_until   first seen, valid until
//   revoked                   counted as withdrawn
// InvalidArgument: not STIX, or STIX 1.x, which has to be converted.
absl::StatusOr<std::unique_ptr<FeedReader>> NewStixFeed(const FeedOptions& options);

}  // namespace cloister::feeds
