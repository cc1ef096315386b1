// What of a feed goes into a bundle.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/bundle/authentic_feed.h"
#include "sync/bundle/bundle_index.h"
#include "sync/bundle/feed_source.h"
#include "sync/trust/fetcher.h"

namespace cloister::bundle {

// What a receiver at `version` has, whatever it is made of, as a snapshot that CheapestChain counts
// as held. `listed` says which content that version has.
trust::PackTarget BaseAt(const std::vector<trust::PackTarget>& listed, uint64_t version);

struct SelectOptions {
  std::string root;            // bytes of a root metadata to trust; empty: the lowest of the source
  uint64_t since_version = 0;  // what receivers have; 0: nothing
  uint32_t max_deltas = 24;
  absl::Time now;
};

struct FeedContents {
  BundleFeed description;  // its place in the index
  AuthenticFeed authentic;
  std::unique_ptr<trust::Fetcher> fetcher;
  std::map<std::string, std::string> metadata;     // bytes by member path
  std::map<std::string, trust::PackTarget> packs;  // by member path
};

// Verifies what `source` holds, expired or not, and chooses the packs: the cheapest chain to the
// newest version, from `since_version` or from nothing. Refusals carry a RejectReason; kVersionGap
// where nothing leads there. AlreadyExists if the source is not newer than `since_version`.
absl::StatusOr<FeedContents> SelectContents(const FeedSource& source, const SelectOptions& options);

// Which feed the repository in `path` is of, as its metadata say; whether they are genuine does not
// matter.
absl::StatusOr<std::string> FeedOf(const std::string& path, absl::Time now);

// Passes the bytes of a member, compared with what is signed.
absl::Status ReadMember(const FeedContents& contents, const std::string& path,
                        const trust::ByteSink& sink);

}  // namespace cloister::bundle
