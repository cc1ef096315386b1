// Remembers which packs make up the versions that are kept of a feed, and what the signed metadata
// said about them. A delta may follow a snapshot that the metadata no longer offers, or one that
// this machine folded itself; the packs are in the pack store, and this says what they are.
//
//   <directory>/<version>.json   one file a version

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "storage/store/reputation_store.h"
#include "sync/trust/pack_target.h"

namespace cloister::server {

// Thread-safe.
class KnownChains {
 public:
  // Reads what is there. A damaged file is passed over: a snapshot then leads on.
  KnownChains(std::string directory, std::string feed);

  // Remembers what makes up `version`, in place of what was known of it. kIoError, kNoSpace: it is
  // known to this process all the same.
  absl::Status Remember(uint64_t version, const std::vector<trust::PackTarget>& chain);

  // What was folded: `packs` in place of what makes up `version`. FailedPrecondition if nothing is
  // known of it.
  absl::Status RememberFolded(uint64_t version, const std::vector<storage::VersionPack>& packs);

  // Finds out what makes up a kept version that is one snapshot, if that is not known: it may have
  // been folded just before the process ended. Best effort: the next snapshot leads on.
  void Recover(const storage::ServedFeed& kept, const storage::ReputationStore& store);

  // Forgets all versions but these. Best effort.
  void KeepOnly(const std::set<uint64_t>& versions);

  // Whether exactly the packs of `chain` are known, on disk, to make up `version`.
  bool Knows(uint64_t version, const std::vector<trust::PackTarget>& chain) const;

  // Packs that are in the store, each once: what need not be copied. Of a snapshot whose parts are
  // not all there any more, none.
  std::vector<trust::PackTarget> Held(const storage::ReputationStore& store) const;

 private:
  struct Known {
    std::vector<trust::PackTarget> chain;
    bool saved = false;
  };

  absl::Status Save(uint64_t version, Known* known) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string PathOf(uint64_t version) const;

  const std::string directory_;
  const std::string feed_;
  mutable absl::Mutex mutex_;
  std::map<uint64_t, Known> chains_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cloister::server
