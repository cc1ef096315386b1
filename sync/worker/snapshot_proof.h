// Remembers which snapshot of several parts was proven to be what is signed, so that a feed that
// is merely vouched for anew need not be read again.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sync/trust/pack_target.h"

namespace cloister::worker {

// One file in the worker's own state, where nobody else writes: a line "<content digest> <sha256>"
// for each part, sorted. Lost or unreadable, it only costs that the parts are read again. Not
// thread-safe.
class SnapshotProof {
 public:
  explicit SnapshotProof(std::string path) : path_(std::move(path)) {}

  // Whether the snapshot parts among `packs` are those that were proven together; true where there
  // are none, for CheckPack proves a snapshot of one part.
  bool Holds(const std::vector<trust::PackTarget>& packs) const;

  // From now on those, and no others.
  absl::Status Remember(const std::vector<trust::PackTarget>& packs) const;

 private:
  std::string path_;
};

}  // namespace cloister::worker
