// Lists that wallets ask before they open a page: polkadot-js/phishing (all.json) and MetaMask's
// eth-phishing-detect (config.json).

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::feeds {

// A JSON object with these lists of names. Both programs match a name and all that is below it, and
// so do the entries.
//   deny, blacklist, blocklist      MALICIOUS, phishing, unless `options` says otherwise
//   denySub                         names with a path: the URL and what is below it, as before
//   allow, whitelist, allowlist     EXCLUDED: what wider records of this feed do not reach
//   fuzzylist                       names that pages are likened to; counted as context_only
// InvalidArgument from Read for a document without any list of the first row.
absl::StatusOr<std::unique_ptr<FeedReader>> NewPhishingList(const FeedOptions& options);

}  // namespace cloister::feeds
