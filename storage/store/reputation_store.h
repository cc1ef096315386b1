// The appliance's database: versions of feeds, overrides and the audit trail.
//
// Directory layout below Options::directory (created 0700):
//   db/         RocksDB: column families meta, overrides, audit and one for each served version
//   packs/      verified packs, <sha256>.sst, never altered: the truth that db/ is a view of
//   versions/   what meta says of each kept version, from which a lost db/ is built anew
//   staging/    hard links for the ingest in progress; emptied at start
//   db.damaged/ what was in the place of db/ when it had to be built anew
//   quarantine/ packs whose bytes changed on this disk, for whoever wants to look at them

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/store/generation.h"
#include "storage/store/store_types.h"

namespace cloister::storage {

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
  // files are removed. Versions of which the database has lost the tables are built anew from the
  // pack store, as Rebuild does it; all kept ones if db/ is new. DataLoss, naming the file and what
  // to do, if overrides, audit trail or decisions are damaged; FailedPrecondition if another
  // process has the database open.
  static absl::StatusOr<std::unique_ptr<ReputationStore>> Open(const Options& options);

  ~ReputationStore() override = default;

  // Where a verified pack has to be put before Serve: a path below packs/.
  virtual std::string PackPath(absl::string_view sha256_hex) const = 0;
  virtual std::string PackDirectory() const = 0;
  virtual bool HasPack(absl::string_view sha256_hex) const = 0;

  // Makes `spec` the served version of its feed in one atomic step, or changes nothing.
  // Deltas that the served version does not have yet are checked against their base: kBaseMismatch,
  // kDigestMismatch. A snapshot is not read again: its hashes are signed. kVersionRollback if older
  // than what is served; serving the same version again only renews `published`, unless the feed is
  // damaged: then it is built anew from `spec`, whose packs are hashed first (kPackRotten).
  // kVersionGap if packs do not connect, kNoSpace, kPackUnreadable.
  virtual absl::Status Serve(const VersionSpec& spec) = 0;

  // Versions of `feed` that can be served without anything being fetched, newest first: the one
  // that is served, older ones, and newer ones that wait. NotFound if it is not configured here.
  virtual absl::StatusOr<std::vector<ServedFeed>> KeptVersions(absl::string_view feed) const = 0;

  // Keeps `spec` without serving it, in place of any other version newer than the one served; one
  // that waits already is only renewed. Its deltas are proved against their base as Serve does it.
  // Same errors as Serve; kVersionRollback also for the version that is served.
  virtual absl::Status Keep(const VersionSpec& spec) = 0;

  // Serves a kept version, older or newer than what is served, in one atomic step; its packs are
  // hashed again first. NotFound if it is not kept; kPackRotten if one of its packs has rotted,
  // which marks the feed as damaged.
  virtual absl::Status ServeKept(absl::string_view feed, uint64_t version) = 0;

  // Stops keeping a version that is not served (FailedPrecondition), with packs that nothing else
  // needs. NotFound if it is not kept.
  virtual absl::Status Forget(absl::string_view feed, uint64_t version) = 0;

  // Calls `visit` for every record that differs between what `spec.feed` serves and `spec`, in the
  // order of keys. The packs of `spec` must be in the pack store. Reads only what deltas touch
  // where `spec` continues what is served, else both versions whole. Does not block writers.
  virtual absl::Status Compare(const VersionSpec& spec, const RecordChangeVisitor& visit) const = 0;
  // The same for a kept version.
  virtual absl::Status CompareKept(absl::string_view feed, uint64_t version,
                                   const RecordChangeVisitor& visit) const = 0;

  // Writes directive and audit entry together, synced.
  virtual absl::Status SetDirective(absl::string_view feed, const FeedDirective& directive,
                                    const AuditEvent& event) = 0;
  virtual absl::StatusOr<FeedDirective> Directive(absl::string_view feed) const = 0;

  // Writes an audit entry alone, synced.
  virtual absl::Status AppendAudit(const AuditEvent& event) = 0;

  // Reads every pack kept of `feed`, and every entry served, with checksums; compares hashes and
  // content digest with what was signed; looks up every entry, too, for filters may hide some
  // (kPackForeign; some 1 µs an entry). Answers go on meanwhile. What is found rotten marks the
  // feed as damaged.
  virtual absl::StatusOr<VerifyReport> Verify(absl::string_view feed,
                                              const StoreProgressCallback& progress) = 0;

  // Feeds of which something could not be read, since it was last built: by lookups, Verify, or at
  // the start.
  virtual std::vector<std::string> DamagedFeeds() const = 0;

  // Builds what `feed` serves anew from the pack store, without a network: hashes its packs, moves
  // rotten ones to quarantine/, and serves the best version that is whole (the one served until
  // now, else the newest older one kept). Until then lookups answer from what is sound and say
  // PARTIAL. If nothing whole is left what serves goes on serving, and `complete` is false.
  virtual absl::StatusOr<RebuildReport> Rebuild(absl::string_view feed) = 0;

  // Deltas over the snapshot of what `feed` serves; 0 if nothing is served.
  virtual uint32_t ServedDeltas(absl::string_view feed) const = 0;

  // Writes what `feed` serves as one snapshot in parts into the pack store, at most
  // `bytes_per_second` (0: no limit), proves it by content digest and serves it in place of the
  // chain. Returns its packs: signed by nobody, but of the content that was signed. Unchanged on
  // error; Aborted if another version was served meanwhile. `progress` is called several times a
  // second at least, so that a server that is being stopped need not wait.
  virtual absl::StatusOr<std::vector<VersionPack>> Fold(absl::string_view feed,
                                                        uint64_t bytes_per_second,
                                                        const StoreProgressCallback& progress) = 0;

  // Writes override and audit entry together, synced. The key is the object's first lookup key,
  // or an IP prefix. Returns the generation from which it is live.
  virtual absl::StatusOr<uint64_t> SetOverride(const reputation::LookupKey& key,
                                               const Override& value) = 0;
  // Writes all of them and one audit entry together, synced; of equal keys the last one stands.
  // What they replace is gone. The entry's detail begins with how many there are, how many of them
  // replaced another, and SHA-256 of what they say (storage/store/override_batch.h), then goes on
  // as `event` has it. InvalidArgument, with nothing written, if one cannot be stored or there is
  // none. Keeps all of them in memory meanwhile.
  virtual absl::StatusOr<uint64_t> SetOverrides(std::span<const KeyedOverride> overrides,
                                                const AuditEvent& event) = 0;
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
