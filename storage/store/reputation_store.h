// The appliance's database: versions of feeds, overrides and the audit trail.
//
// Directory layout below Options::directory (created 0700):
//   db/         RocksDB: column families meta, overrides, audit and one for each served version
//   packs/      verified packs, <sha256>.sst, never altered: the truth that db/ is a view of
//   staging/    hard links for the ingest in progress; emptied at start

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/pack/pack_format.h"
#include "storage/store/generation.h"

namespace cloister::storage {

// A pack of a version, already in the pack store.
struct VersionPack {
  std::string sha256;  // hexadecimal
  uint64_t bytes = 0;
  uint64_t from_version = 0;  // 0 for a part of the snapshot
  uint64_t to_version = 0;
  // Content digest of the version that the pack leads to, as signed.
  ContentDigest result;
};

// A version to serve: the parts of a snapshot, then deltas, each from where the last one ends.
struct VersionSpec {
  std::string feed;
  uint64_t version = 0;
  std::vector<VersionPack> packs;
  reputation::Coverage coverage;
  reputation::PrefixLengths prefix_lengths;
  uint64_t records = 0;
  absl::Time published;
};

// One entry of the audit trail.
struct AuditRecord {
  uint64_t sequence = 0;
  absl::Time at;
  std::string actor;
  std::string action;
  std::string detail;
  std::string sha256;  // of the stored entry, 32 bytes
};

// Thread-safe. Writers are serialised; readers never wait for them.
class ReputationStore : public ReputationReader {
 public:
  struct Options {
    std::string directory;
    std::vector<std::string> feeds;  // which to serve, in the order of their layers
    uint64_t block_cache_bytes = 64ull << 20;
    uint32_t kept_versions = 3;             // of each feed, the served one included
    uint64_t reserve_bytes = 256ull << 20;  // disk space that an ingest must leave free
  };

  // Opens or creates. Column families that no version refers to, staging links and unfinished
  // files are removed. DataLoss, naming the file and what to do, if the database is damaged;
  // FailedPrecondition if another process has it open.
  static absl::StatusOr<std::unique_ptr<ReputationStore>> Open(const Options& options);

  ~ReputationStore() override = default;

  // Where a verified pack has to be put before Serve: a path below packs/.
  virtual std::string PackPath(absl::string_view sha256_hex) const = 0;
  virtual std::string PackDirectory() const = 0;
  virtual bool HasPack(absl::string_view sha256_hex) const = 0;

  // Makes `spec` the served version of its feed in one atomic step, or changes nothing.
  // Deltas that the served version does not have yet are checked against their base: kBaseMismatch,
  // kDigestMismatch. kVersionRollback if older than what is served; serving the same version again
  // only renews `published`. kVersionGap if packs do not connect, kNoSpace, kPackUnreadable.
  virtual absl::Status Serve(const VersionSpec& spec) = 0;

  // Kept versions of `feed`, newest first; NotFound if it is not served here.
  virtual absl::StatusOr<std::vector<ServedFeed>> KeptVersions(absl::string_view feed) const = 0;

  // Writes override and audit entry together, synced. The key is the object's first lookup key,
  // or an IP prefix. Returns the generation from which it is live.
  virtual absl::StatusOr<uint64_t> SetOverride(const reputation::LookupKey& key,
                                               const Override& value) = 0;
  // NotFound if there is none.
  virtual absl::StatusOr<uint64_t> DeleteOverride(const reputation::LookupKey& key,
                                                  absl::string_view actor, absl::string_view reason,
                                                  absl::Time now) = 0;

  // At most `limit` entries from `from_sequence` on.
  virtual absl::StatusOr<std::vector<AuditRecord>> ListAudit(uint64_t from_sequence,
                                                             size_t limit) const = 0;
  // Reads the whole trail. DataLoss names the first entry whose hash chain is broken.
  virtual absl::Status VerifyAudit() const = 0;
  virtual uint64_t audit_count() const = 0;
};

}  // namespace cloister::storage
