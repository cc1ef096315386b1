// AdminService: the audit trail.

#include <algorithm>

#include "absl/strings/escaping.h"
#include "server/admin/admin_service.h"
#include "server/admin/page_size.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

absl::Status ListAuditTrail(const storage::ReputationStore& store,
                            const v1::ListAuditEntriesRequest& request,
                            v1::ListAuditEntriesResponse* response) {
  absl::StatusOr<size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  auto entries = store.ListAudit(std::max<uint64_t>(request.from_sequence(), 1), *page_size);
  if (!entries.ok()) return entries.status();
  for (const storage::AuditRecord& entry : *entries) {
    v1::AuditTrailEntry* out = response->add_entries();
    out->set_sequence(entry.sequence);
    SetTimestamp(entry.at, out->mutable_at());
    out->set_actor(entry.actor);
    out->set_action(entry.action);
    out->set_detail(entry.detail);
    out->set_sha256(absl::BytesToHexString(entry.sha256));
  }
  if (request.skip_chain_check()) return absl::OkStatus();
  response->set_chain_checked(true);
  response->set_chain_intact(store.VerifyAudit().ok());
  return absl::OkStatus();
}

}  // namespace

AdminService::Call* AdminService::ListAuditEntries(Context* context,
                                                   const v1::ListAuditEntriesRequest* request,
                                                   v1::ListAuditEntriesResponse* response) {
  // The chain is the whole trail, which may be long.
  return RunLong(context, [this, request, response](const Caller&) {
    return ListAuditTrail(*options_.store, *request, response);
  });
}

}  // namespace cloister::server
