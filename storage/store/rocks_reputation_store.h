// ReputationStore over RocksDB. Internal to storage/store.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/store/database.h"
#include "storage/store/generation_view.h"
#include "storage/store/pack_directory.h"
#include "storage/store/reputation_store.h"
#include "storage/store/stored_override.h"
#include "storage/store/stored_version.h"

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
  absl::StatusOr<std::vector<VersionPack>> Fold(absl::string_view feed,
                                                uint64_t bytes_per_second,
                                                const StoreProgressCallback& progress) override;
  absl::StatusOr<uint64_t> SetOverride(const reputation::LookupKey& key,
                                       const Override& value) override;
  absl::StatusOr<uint64_t> DeleteOverride(const reputation::LookupKey& key, absl::string_view actor,
                                          absl::string_view reason, absl::Time now) override;
  absl::StatusOr<std::vector<AuditRecord>> ListAudit(uint64_t from_sequence,
                                                     size_t limit) const override;
  absl::Status VerifyAudit() const override;
  uint64_t audit_count() const override;

 private:
  // Versions of one feed, the served one first.
  using Kept = std::vector<StoredVersion>;

  RocksReputationStore(const Options& options, std::shared_ptr<Database> database);

  absl::Status LoadVersions() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status LoadCounters() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status AdoptFamilies(std::map<std::string, std::shared_ptr<ColumnFamily>> families)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status RemoveLeftovers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);

  absl::StatusOr<size_t> LayerOf(absl::string_view feed) const;
  absl::Status Renew(size_t layer, const VersionSpec& spec) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  absl::Status Import(size_t layer, const VersionSpec& spec) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  bool Serves(const StoredVersion& version) const;
  void SwapIn(size_t layer, StoredVersion version, std::shared_ptr<ColumnFamily> family)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  void Prune(const std::string& feed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  std::set<std::string> ReferencedPacks() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(view_);

  // Writes override and audit entry; `put` is null to delete.
  absl::StatusOr<uint64_t> WriteOverride(const reputation::LookupKey& key, const std::string* put,
                                         bool existed, const AuditEvent& event)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_);

  const Options options_;
  const std::shared_ptr<Database> database_;
  const storage::PackDirectory packs_;
  const std::string staging_;

  // Held through every change. Readers of answers never take it.
  absl::Mutex writer_ ABSL_ACQUIRED_BEFORE(view_);
  uint64_t number_ ABSL_GUARDED_BY(writer_) = 0;
  uint64_t attempts_ ABSL_GUARDED_BY(writer_) = 0;
  OverrideTotals totals_ ABSL_GUARDED_BY(writer_);
  std::vector<FeedLayer> layers_ ABSL_GUARDED_BY(writer_);

  // Held for moments only.
  mutable absl::Mutex view_;
  std::shared_ptr<const Generation> current_ ABSL_GUARDED_BY(view_);
  std::map<std::string, Kept> kept_ ABSL_GUARDED_BY(view_);
  AuditHead audit_ ABSL_GUARDED_BY(view_);
};

}  // namespace cloister::storage
