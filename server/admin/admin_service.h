// cloister.v1.AdminService: what operators call. Every method demands the role operator.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "server/admin/bundle_inbox.h"
#include "server/admin/long_calls.h"
#include "server/auth/authorizer.h"
#include "server/config/configuration.h"
#include "server/lookup/answerer.h"
#include "server/updates/feed_reports.h"
#include "server/updates/update_control.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Thread-safe. What reads or writes much runs on threads of its own; a call that finds all of them
// busy and too many waiting is RESOURCE_EXHAUSTED.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  // Pointers must outlive the service.
  struct Options {
    storage::ReputationStore* store = nullptr;
    UpdateControl* updates = nullptr;
    BundleInbox* inbox = nullptr;  // null: no bundles are taken
    const Answerer* answerer = nullptr;
    const Authorizer* authorizer = nullptr;
    const FeedReports* reports = nullptr;
    const Configuration* configuration = nullptr;
    std::string metrics_address;  // where metrics are served; empty: off
    absl::Time started_at;
    std::function<absl::Time()> clock;
  };

  explicit AdminService(Options options);

  using Context = grpc::CallbackServerContext;
  using Call = grpc::ServerUnaryReactor;

  Call* GetStatus(Context* context, const v1::GetStatusRequest* request,
                  v1::GetStatusResponse* response) override;
  Call* Explain(Context* context, const v1::ExplainRequest* request,
                v1::ExplainResponse* response) override;
  // feed_calls.cc
  Call* ListFeeds(Context* context, const v1::ListFeedsRequest* request,
                  v1::ListFeedsResponse* response) override;
  Call* ListFeedVersions(Context* context, const v1::ListFeedVersionsRequest* request,
                         v1::ListFeedVersionsResponse* response) override;
  grpc::ServerWriteReactor<v1::VerifyFeedResponse>* VerifyFeed(
      Context* context, const v1::VerifyFeedRequest* request) override;
  Call* RebuildFeed(Context* context, const v1::RebuildFeedRequest* request,
                    v1::RebuildFeedResponse* response) override;
  // version_calls.cc
  Call* DiffFeedVersion(Context* context, const v1::DiffFeedVersionRequest* request,
                        v1::DiffFeedVersionResponse* response) override;
  Call* AcceptFeedVersion(Context* context, const v1::AcceptFeedVersionRequest* request,
                          v1::AcceptFeedVersionResponse* response) override;
  Call* RejectFeedVersion(Context* context, const v1::RejectFeedVersionRequest* request,
                          v1::RejectFeedVersionResponse* response) override;
  Call* RollBackFeed(Context* context, const v1::RollBackFeedRequest* request,
                     v1::RollBackFeedResponse* response) override;
  Call* PinFeed(Context* context, const v1::PinFeedRequest* request,
                v1::PinFeedResponse* response) override;
  Call* UnpinFeed(Context* context, const v1::UnpinFeedRequest* request,
                  v1::UnpinFeedResponse* response) override;
  // import_calls.cc
  grpc::ServerReadReactor<v1::ImportBundleRequest>* ImportBundle(
      Context* context, v1::ImportBundleResponse* response) override;
  Call* GetBundleImport(Context* context, const v1::GetBundleImportRequest* request,
                        v1::GetBundleImportResponse* response) override;
  // override_calls.cc
  Call* SetOverride(Context* context, const v1::SetOverrideRequest* request,
                    v1::SetOverrideResponse* response) override;
  Call* DeleteOverride(Context* context, const v1::DeleteOverrideRequest* request,
                       v1::DeleteOverrideResponse* response) override;
  grpc::ServerReadReactor<v1::ImportOverridesRequest>* ImportOverrides(
      Context* context, v1::ImportOverridesResponse* response) override;
  Call* ListOverrides(Context* context, const v1::ListOverridesRequest* request,
                      v1::ListOverridesResponse* response) override;
  // audit_calls.cc
  Call* ListAuditEntries(Context* context, const v1::ListAuditEntriesRequest* request,
                         v1::ListAuditEntriesResponse* response) override;

 private:
  using Method = std::function<absl::Status(const Caller&)>;

  // Checks the role, then runs `method`, which gets the caller.
  Call* Run(Context* context, const Method& method) const;
  // The same on a thread for long calls, unless the caller has gone when its turn comes.
  Call* RunLong(Context* context, Method method);
  // OK if `feed` is configured.
  absl::Status CheckFeed(const std::string& feed) const;

  Options options_;
  BusyNames verifying_;  // feeds
  LongCalls uploads_;
  LongCalls override_imports_;
  LongCalls verifications_;  // a rollback in an emergency does not wait behind them
  LongCalls long_calls_;
};

}  // namespace cloister::server
