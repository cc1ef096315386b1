// AdminService: offline bundles.

#include "absl/strings/str_cat.h"
#include "server/admin/admin_service.h"
#include "server/admin/import_call.h"

namespace cloister::server {
namespace {

absl::Status NoInbox(const Configuration& configuration) {
  return absl::FailedPreconditionError(
      absl::StrCat("this server takes no bundles: set [updates] inbox_directory in ",
                   configuration.file, ", and name it in cloister-sync's configuration, too"));
}

v1::BundleImportState StateFromName(absl::string_view name) {
  if (name == "waiting") return v1::BUNDLE_IMPORT_STATE_WAITING;
  if (name == "importing") return v1::BUNDLE_IMPORT_STATE_IMPORTING;
  if (name == "imported") return v1::BUNDLE_IMPORT_STATE_IMPORTED;
  if (name == "unchanged") return v1::BUNDLE_IMPORT_STATE_UNCHANGED;
  if (name == "refused") return v1::BUNDLE_IMPORT_STATE_REFUSED;
  return v1::BUNDLE_IMPORT_STATE_UNSPECIFIED;
}

void SetOutcome(const trust::BundleImport& outcome, v1::GetBundleImportResponse* response) {
  response->set_state(StateFromName(outcome.state));
  response->set_reject_reason(outcome.reason);
  response->set_reject_message(outcome.message);
  for (const trust::FeedImport& feed : outcome.feeds) {
    v1::BundleFeedImport* out = response->add_feeds();
    out->set_feed(feed.feed);
    out->set_state(StateFromName(feed.state));
    out->set_version(feed.version);
    out->set_expired(feed.expired);
    out->set_reject_reason(feed.reason);
    out->set_reject_message(feed.message);
  }
}

}  // namespace

grpc::ServerReadReactor<v1::ImportBundleRequest>* AdminService::ImportBundle(
    Context* context, v1::ImportBundleResponse* response) {
  absl::StatusOr<Caller> caller = options_.authorizer->Authorize(*context, Role::kOperator);
  using Refused = RefusedUploadCall<v1::ImportBundleRequest>;
  if (!caller.ok()) return new Refused(caller.status());
  if (options_.inbox == nullptr) return new Refused(NoInbox(*options_.configuration));
  const auto audit = [store = options_.store](const storage::AuditEvent& event) {
    return store->AppendAudit(event);
  };
  return new ImportCall(context, response,
                        {.inbox = options_.inbox,
                         .audit = audit,
                         .threads = &uploads_,
                         .caller = *std::move(caller),
                         .clock = options_.clock});
}

AdminService::Call* AdminService::GetBundleImport(Context* context,
                                                  const v1::GetBundleImportRequest* request,
                                                  v1::GetBundleImportResponse* response) {
  return Run(context, [&](const Caller&) -> absl::Status {
    if (options_.inbox == nullptr) return NoInbox(*options_.configuration);
    absl::StatusOr<trust::BundleImport> outcome = options_.inbox->Outcome(request->name());
    if (!outcome.ok()) return outcome.status();
    SetOutcome(*outcome, response);
    return absl::OkStatus();
  });
}

}  // namespace cloister::server
