// Builds versions of a feed and hands them over as cloister-sync does: signed, in a spool.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pack/pack_format.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/pack_target.h"
#include "tests/bench/records.h"

namespace cloister::bench {

// Not thread-safe.
class FeedBuilder {
 public:
  // Packs are built in `directory`/packs, versions handed over in `spool_directory`/<feed>.
  static absl::StatusOr<std::unique_ptr<FeedBuilder>> Create(const std::string& directory,
                                                             const std::string& spool_directory,
                                                             const std::string& feed);

  // Where the root metadata is that a server starts trusting from.
  std::string RootPath() const { return directory_ + "/root.json"; }

  // Writes the next version: the first as a snapshot, a later one as a delta that adds.
  absl::Status AddSnapshot(const Digests& digests);
  absl::Status AddDelta(const Digests& digests);

  // Makes a spool entry of the newest version ready, without showing it.
  absl::Status PrepareHandOver();
  // Shows it: one rename.
  absl::Status HandOver();

  uint64_t version() const { return version_; }
  uint64_t records() const { return records_; }
  // Files of the packs of the newest version, in their order, and what they weigh.
  std::vector<std::string> PackPaths() const;
  uint64_t PackBytes() const;

 private:
  FeedBuilder(std::string directory, std::string spool, std::string feed)
      : directory_(std::move(directory)), spool_(std::move(spool)), feed_(std::move(feed)) {}

  struct Part {
    storage::PackHeader header;
    uint64_t first = 0;  // of the digests
    uint64_t end = 0;
  };

  absl::Status MakeKeysAndRoot();
  absl::Status WritePart(const Digests& digests, const Part& part);
  // Completes what packs of the newest version say about it.
  void Describe(size_t first_pack);
  absl::StatusOr<std::string> Sign(nlohmann::json signed_part, trust::Role role) const;
  absl::Status WriteMetadata(const std::string& entry) const;
  std::string PackPath(const trust::PackTarget& pack) const;
  std::string IncomingPath() const;

  std::string directory_;
  std::string spool_;
  std::string feed_;
  std::map<trust::Role, publisher::SigningKey> keys_;
  uint64_t version_ = 0;
  uint64_t records_ = 0;
  storage::ContentDigest digest_;
  reputation::Coverage coverage_;
  std::vector<trust::PackTarget> packs_;  // of the newest version, in order
};

}  // namespace cloister::bench
