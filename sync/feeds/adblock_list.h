// Domain lists in the syntax of ad blockers (Adblock Plus, AdGuard, uBlock Origin).

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

//   ||a.example^           the host and all below it; an address where one stands there
//   ||*.a.example^         what is below the host
//   ||a.example:8080^      that port's pages
//   ||a.example/x^         that URL, with any query; with everything below if it ends in '/'
//   a.example              the host alone, as lists for DNS filters write it
//   0.0.0.0 a.example      the same in the form of a hosts file
//   @@||good.a.example^    an exclusion of the host and all below it
// A rule may have the options all, doc, document and important, which leave it what it is. Rules
// that say less (third-party, domain=…), exceptions for less than a host, patterns with '*'
// elsewhere, regular expressions and rules for parts of pages (##) are refused as unsupported. '!'
// and '[' begin comments. MALICIOUS unless `options` say otherwise.
absl::StatusOr<std::unique_ptr<FeedReader>> NewAdblockList(const FeedOptions& options);

}  // namespace cloister::feeds
