// Reads a whole repository as a client would, and more: every pack, every entry, every version that
// is offered.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

struct VerifyOptions {
  absl::Time now;
  std::string first_root;  // file of a root that is trusted; "" for metadata/1.root.json
  // Told now and then which pack is being read, and how many of its entries are done.
  std::function<void(absl::string_view pack, uint64_t entries)> progress;
};

struct VerifyReport {
  struct Problem {
    std::string place;  // "metadata/timestamp.json", "targets/<sha256>.delta-3-4.sst"
    std::string what;
  };
  // How much is known of what a pack leads to.
  enum class Contents {
    kProved,    // its version was built up from packs on offer, and has the signed digest
    kAgrees,    // its base is on offer no longer; it agrees with the version that it leads to
    kUnproved,  // neither; hash, shape and entries are sound
  };
  struct Pack {
    std::string path;
    uint64_t bytes = 0;
    uint64_t entries = 0;
    Contents contents = Contents::kUnproved;
  };

  std::string feed;
  uint64_t first_root_version = 0;
  uint64_t root_version = 0;
  uint64_t version = 0;  // newest on offer; 0 if nothing is published
  std::vector<Pack> packs;
  std::vector<Problem> problems;

  bool sound() const { return problems.empty(); }
};

// Walks root by root from the first, then timestamp, snapshot, targets; compares each pack with its
// signed length and hash, reads every entry of it, and checks the content digest of each version:
// of snapshots over their parts, of deltas laid over their base. What is wrong goes into the
// report, and the rest is looked at all the same; an error only where it could not be looked at.
absl::StatusOr<VerifyReport> Verify(const Repository& repository, const VerifyOptions& options);

}  // namespace cloister::publisher
