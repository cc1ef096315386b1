// Brings the packs that a version is made of.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pack/content_digest.h"
#include "sync/trust/fetcher.h"
#include "sync/trust/pack_target.h"
#include "sync/worker/pack_folder.h"
#include "sync/worker/trusted_feed.h"

namespace cloister::worker {

using Packs = std::vector<trust::PackTarget>;

struct PackFetchOptions {
  uint32_t max_deltas = 0;
  uint64_t reserve_bytes = 0;  // disk space that fetching must leave free
};

// For one run. What it asks for depends on the signed metadata, on what the folder holds, and on
// what the source turned out not to have. Borrows what it is given.
class PackFetch {
 public:
  PackFetch(const TrustedFeed& feed, trust::Fetcher& fetcher, PackFolder& folder,
            PackFetchOptions options)
      : feed_(feed), fetcher_(fetcher), folder_(folder), options_(options) {}

  // Has every pack of the cheapest chain to the newest version in the folder, and returns the
  // chain. A pack that is listed but not to be had (a mirror may hold those of one chain only) is
  // left out, and the next chain taken; kTargetMissing where none is left.
  absl::StatusOr<Packs> Chain();

  // Whether the parts of the snapshot that `chain` begins with hold together what was signed:
  // kDigestMismatch. Reads those again that were not fetched in this run.
  absl::Status ProveSnapshot(const Packs& chain) const;

  // Has every pack on offer in the folder, as far as the source has it, and returns those. What is
  // there is not read again.
  absl::StatusOr<Packs> All();

  uint64_t packs() const { return packs_; }
  uint64_t bytes() const { return bytes_; }

 private:
  Packs ToBeHad() const;
  absl::StatusOr<Packs> Choose() const;
  absl::StatusOr<Packs> Missing(const Packs& packs);
  absl::Status CheckSpace(const Packs& missing) const;
  absl::Status Fetch(const trust::PackTarget& pack);

  const TrustedFeed& feed_;
  trust::Fetcher& fetcher_;
  PackFolder& folder_;
  const PackFetchOptions options_;
  std::set<std::string> absent_;  // SHA-256 of those that the source does not have
  std::set<std::string> sound_;   // of those in the folder that were read in this run
  std::map<std::string, storage::ContentDigest> digests_;  // of those fetched, by SHA-256
  uint64_t packs_ = 0;                                     // fetched
  uint64_t bytes_ = 0;
};

}  // namespace cloister::worker
