// ReputationStore over RocksDB. Internal to storage/store.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/store/database.h"
#include "storage/store/generation_view.h"
#include "storage/store/kept_versions.h"
#include "storage/store/pack_directory.h"
#include "storage/store/reputation_store.h"
#include "storage/store/stored_override.h"
#include "storage/store/stored_version.h"
#include "storage/store/version_manifests.h"

namespace cloister::storage {

class RocksReputationStore : public ReputationStore {
 public:
  // Reads what `opened` holds and removes what nobody refers to.
  static absl::StatusOr<std::unique_ptr<ReputationStore>> Load(const Options& options,
                                                               OpenedDatabase opened);

  std::shared_ptr<const Generation> Current() const override;
  std::string PackPath(absl::string_view sha256_hex) const override;
  std::string PackDirectory() const override { return packs_.path(); }
  bool HasPack(absl::string_view sha256_hex) const override;
  absl::Status Serve(const VersionSpec& spec) override;
  absl::StatusOr<std::vector<ServedFeed>> KeptVersions(absl::string_view feed) const override;
  absl::Status Keep(const VersionSpec& spec) override;
  absl::Status ServeKept(absl::string_view feed, uint64_t version) override;
  absl::Status Forget(absl::string_view feed, uint64_t version) override;
  absl::Status Compare(const VersionSpec& spec, const RecordChangeVisitor& visit) const override;
  absl::Status CompareKept(absl::string_view feed, uint64_t version,
                           const RecordChangeVisitor& visit) const override;
  absl::Status SetDirective(absl::string_view feed, const FeedDirective& directive,
                            const AuditEvent& event) override;
  absl::StatusOr<FeedDirective> Directive(absl::string_view feed) const override;
  absl::Status AppendAudit(const AuditEvent& event) override;
  absl::StatusOr<VerifyReport> Verify(absl::string_view feed,
                                      const StoreProgressCallback& progress) override;
  std::vector<std::string> DamagedFeeds() const override;
  absl::StatusOr<RebuildReport> Rebuild(absl::string_view feed) override;
  uint32_t ServedDeltas(absl::string_view feed) const override;
  absl::StatusOr<std::vector<VersionPack>> Fold(absl::string_view feed, uint64_t bytes_per_second,
                                                const StoreProgressCallback& progress) override;
  absl::StatusOr<uint64_t> SetOverride(const reputation::LookupKey& key,
                                       const Override& value) override;
  absl::StatusOr<uint64_t> SetOverrides(std::span<const KeyedOverride> overrides,
                                        const AuditEvent& event) override;
  absl::StatusOr<uint64_t> DeleteOverride(const reputation::LookupKey& key, absl::string_view actor,
                                          absl::string_view reason, absl::Time now) override;
  absl::StatusOr<std::vector<AuditRecord>> ListAudit(uint64_t from_sequence,
                                                     size_t limit) const override;
  absl::Status VerifyAudit() const override;
  uint64_t audit_count() const override;

 private:
  RocksReputationStore(const Options& options, std::shared_ptr<Database> database);

  // At the start.
  absl::Status LoadVersions() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status LoadDirectives() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status LoadCounters() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status AdoptFamilies(std::map<std::string, std::shared_ptr<ColumnFamily>> families)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status LoadManifests() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status BuildLost() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status RemoveLeftovers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);

  absl::StatusOr<size_t> LayerOf(absl::string_view feed) const;
  std::shared_ptr<const GenerationView> View() const;
  // A kept version; nullopt if there is none.
  std::optional<StoredVersion> FindKept(absl::string_view feed, uint64_t version) const;
  std::optional<StoredVersion> FindServed(absl::string_view feed) const;
  std::vector<VersionPack> PacksKept(absl::string_view feed) const;

  // Ways to change what is kept and served.
  absl::Status Renew(StoredVersion version, const VersionSpec& spec)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status Prove(const StoredVersion& version, size_t known_packs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status Record(StoredVersion version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status Import(size_t layer, StoredVersion version, size_t known_packs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  // How many packs of `spec` are what serves; kDigestMismatch if now signed as other content.
  absl::StatusOr<size_t> KnownPacks(size_t layer, const VersionSpec& spec) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::StatusOr<std::shared_ptr<ColumnFamily>> NewFamily(const std::string& name) const;
  absl::Status Ingest(const StoredVersion& version, size_t known_packs, bool with_record,
                      const std::shared_ptr<ColumnFamily>& family)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  void SwapIn(size_t layer, StoredVersion version, std::shared_ptr<ColumnFamily> family)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  void Prune(const std::string& feed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  // Stops keeping `versions`, and removes their packs that nothing else needs.
  absl::Status Drop(const std::string& feed, const std::vector<StoredVersion>& versions)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  void RemoveUnneeded(const StoredVersion& gone) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  std::set<std::string> ReferencedPacks() const;

  // kPackRotten if one of the version's packs has rotted, which marks the feed as damaged.
  absl::Status CheckPacks(const StoredVersion& version) const;
  absl::StatusOr<RebuildReport> RebuildFrom(size_t layer, const std::vector<std::string>& rotten)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status ServeWhole(size_t layer, const std::set<std::string>& rotten, RebuildReport* report)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  // Aborted if `layer` is read from another column family by now.
  absl::Status StillServes(size_t layer, const ColumnFamily& family) const;
  absl::Status ServeFolded(size_t layer, const ColumnFamily& family,
                           const std::vector<VersionPack>& packs);

  // Both write `batch` with an audit entry, synced; the first publishes a generation, too.
  absl::StatusOr<uint64_t> WriteOverrides(rocksdb::WriteBatch* batch, OverrideTotals totals,
                                          const AuditEvent& event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status WriteAudited(rocksdb::WriteBatch* batch, const AuditEvent& event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);

  const Options options_;
  const std::shared_ptr<Database> database_;
  const storage::PackDirectory packs_;
  const std::string staging_;
  const std::string quarantine_;
  const VersionManifests manifests_;

  // Held through every change; readers of answers never take it.
  absl::Mutex writer_ ABSL_ACQUIRED_BEFORE(view_);
  uint64_t number_ ABSL_GUARDED_BY(writer_) = 0;
  uint64_t attempts_ ABSL_GUARDED_BY(writer_) = 0;
  OverrideTotals totals_ ABSL_GUARDED_BY(writer_);
  std::vector<FeedLayer> layers_ ABSL_GUARDED_BY(writer_);

  // Held for moments only.
  mutable absl::Mutex view_;
  std::shared_ptr<const GenerationView> current_ ABSL_GUARDED_BY(view_);
  std::map<std::string, storage::KeptVersions, std::less<>> kept_ ABSL_GUARDED_BY(view_);
  std::map<std::string, FeedDirective, std::less<>> directives_ ABSL_GUARDED_BY(view_);
  AuditHead audit_ ABSL_GUARDED_BY(view_);
};

}  // namespace cloister::storage
