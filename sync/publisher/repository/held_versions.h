// Versions that the repository still holds packs of, opened for reading.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/pack/pack_reader.h"
#include "sync/publisher/repository/repository.h"
#include "sync/trust/pack_target.h"

namespace cloister::publisher {

// Deltas that a client lays over a snapshot at most (cloister-sync's limit); what is on offer never
// asks for more.
inline constexpr uint32_t kMaxChainDeltas = 24;

// Opens each pack once, after comparing it with what was signed: a publisher that built upon a
// rotten pack would sign a delta that nobody can apply. Readers live as long as it does.
// Not thread-safe.
class HeldVersions {
 public:
  // Both must outlive it.
  HeldVersions(const Repository& repository, const std::vector<trust::PackTarget>& packs)
      : repository_(repository), packs_(packs) {}

  // The packs that make up `version`, in order. kVersionGap if they are not there.
  absl::StatusOr<std::vector<const storage::PackReader*>> Open(uint64_t version);
  // One pack. FailedPrecondition if the file was altered.
  absl::StatusOr<const storage::PackReader*> OpenPack(const trust::PackTarget& pack);

 private:
  const Repository& repository_;
  const std::vector<trust::PackTarget>& packs_;
  std::map<std::string, std::unique_ptr<storage::PackReader>> readers_;  // by SHA-256
};

// The packs that make up `version`, in order, out of `packs`; where there are several ways, the one
// with the fewest bytes. kVersionGap if nothing leads there.
absl::StatusOr<std::vector<trust::PackTarget>> ChainTo(uint64_t version,
                                                       const std::vector<trust::PackTarget>& packs);

}  // namespace cloister::publisher
