// A publisher of real packs in memory, and the folders of a worker that fetches from it.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "storage/pack/pack_format.h"
#include "sync/trust/pack_target.h"
#include "sync/worker/feed_cycle.h"
#include "tests/support/repository_simulator.h"
#include "tests/support/temporary_directory.h"

namespace cloister::worker {

using Records = std::map<reputation::LookupKey, reputation::Record>;

absl::Time TestTime();

// Keys and records with few words.
reputation::LookupKey FileKey(absl::string_view content);
reputation::LookupKey HostKey(absl::string_view name);
reputation::LookupKey IpKey(absl::string_view prefix);
reputation::Record Malicious();

// Writes a pack with these entries; its description is true to what it holds. The content digest
// is that of `version`.
struct BuiltPack {
  std::string bytes;
  trust::PackTarget target;
};
BuiltPack BuildPack(const storage::PackHeader& header, const Records& entries,
                    const Records& version);

// Publishes versions of the feed "threats".
class FeedUpstream {
 public:
  explicit FeedUpstream(absl::Time now) : repository(now) {}

  // Version + 1 with `changes` (a removed record removes) over the one before: as delta, where
  // there is a version before, and as snapshot in `parts` parts; 0: no snapshot.
  void Publish(const Records& changes, uint32_t snapshot_parts = 0);
  // Takes what leads elsewhere than `snapshot_version` and after off the list, as publishers do.
  void Unlist(absl::string_view path);
  // Lists a pack as `target` says, whether that is true or not.
  void List(trust::PackTarget target, const std::string& bytes);

  testing::RepositorySimulator repository;
  uint64_t version = 0;
  Records records;
  absl::Duration minimum_poll_interval = absl::Seconds(120);

 private:
  Records EntriesOf(uint32_t part, uint32_t parts) const;
};

class WorkerFixture : public ::testing::Test {
 protected:
  WorkerFixture();

  CycleOptions Options() const;
  absl::StatusOr<CycleResult> Run() { return FeedCycle(Options()).Run(upstream_.repository, now_); }

  // Names in the feed's spool folder, hidden ones included.
  std::vector<std::string> SpoolNames() const;
  // All files of the spool and their bytes.
  std::map<std::string, std::string> SpoolFiles() const;
  // Where this worker keeps the only pack whose name contains `part`; "" if there is none.
  std::string PackOnOffer(absl::string_view part) const;
  // Turns a bit in the middle of a file, as disks do: the same file has other bytes.
  static void Rot(const std::string& path);

  // Names of packs requested since the last call.
  std::vector<std::string> RequestedTargets();

  absl::Time now_ = TestTime();
  testing::TemporaryDirectory directory_;
  FeedUpstream upstream_{now_};
};

}  // namespace cloister::worker
