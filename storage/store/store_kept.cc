// Kept versions, decisions, checks and mends of RocksReputationStore.

#include "storage/store/rocks_reputation_store.h"

namespace cloister::storage {
namespace {

absl::Status Soon() { return absl::UnimplementedError("being built today"); }

}  // namespace

absl::Status RocksReputationStore::Keep(const VersionSpec&) { return Soon(); }
absl::Status RocksReputationStore::ServeKept(absl::string_view, uint64_t) { return Soon(); }
absl::Status RocksReputationStore::Forget(absl::string_view, uint64_t) { return Soon(); }
absl::Status RocksReputationStore::Compare(const VersionSpec&, const RecordChangeVisitor&) const {
  return Soon();
}
absl::Status RocksReputationStore::CompareKept(absl::string_view, uint64_t,
                                               const RecordChangeVisitor&) const {
  return Soon();
}
absl::Status RocksReputationStore::SetDirective(absl::string_view, const FeedDirective&,
                                                const AuditEvent&) {
  return Soon();
}
absl::StatusOr<FeedDirective> RocksReputationStore::Directive(absl::string_view) const {
  return FeedDirective();
}
absl::Status RocksReputationStore::AppendAudit(const AuditEvent&) { return Soon(); }
absl::StatusOr<VerifyReport> RocksReputationStore::Verify(absl::string_view,
                                                          const StoreProgressCallback&) {
  return Soon();
}
std::vector<std::string> RocksReputationStore::DamagedFeeds() const { return {}; }
absl::StatusOr<RebuildReport> RocksReputationStore::Rebuild(absl::string_view) { return Soon(); }
uint32_t RocksReputationStore::ServedDeltas(absl::string_view) const { return 0; }
absl::StatusOr<std::vector<VersionPack>> RocksReputationStore::Fold(absl::string_view, uint64_t,
                                                                     const StoreProgressCallback&) {
  return Soon();
}

}  // namespace cloister::storage
