// What a refresh left trusted of one feed, and how it got there.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/limits.h"
#include "sync/trust/metadata.h"
#include "sync/trust/pack_target.h"
#include "sync/trust/updater.h"

namespace cloister::worker {

struct TrustedFeed {
  std::unique_ptr<trust::Updater> updater;  // its timestamp, snapshot and targets are there
  std::map<uint64_t, std::string> roots;    // all that are known, by version
  std::vector<trust::PackTarget> offered;

  // `pack` is one of those offered.
  const trust::TargetFile& FileOf(const trust::PackTarget& pack) const;
  // The name of its file in a repository.
  std::string NameOf(const trust::PackTarget& pack) const;
  // The signed files under the names that the workflow asks for.
  std::map<std::string, std::string> MetadataFiles() const;
};

struct RefreshFeedOptions {
  std::string feed;
  std::string root;             // path of the root.json to start trusting from
  std::string trust_directory;  // where what is trusted is kept between runs
  absl::Duration accept_expired_within;
  trust::Limits limits;
};

// Runs the client workflow. What was verified before an error is kept, so that nobody can take it
// back. A chain of new roots that is longer than one run takes is gone on with, a few times.
absl::StatusOr<TrustedFeed> RefreshFeed(const RefreshFeedOptions& options, trust::Fetcher& fetcher,
                                        absl::Time now);

}  // namespace cloister::worker
