// cloister.v1.AdminService: what operators call. Every method demands the role operator.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.grpc.pb.h"
#include "server/auth/authorizer.h"
#include "server/config/configuration.h"
#include "server/lookup/answerer.h"
#include "server/updates/feed_reports.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {

// Thread-safe.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  // Pointers must outlive the service.
  struct Options {
    storage::ReputationStore* store = nullptr;
    const Answerer* answerer = nullptr;
    const Authorizer* authorizer = nullptr;
    const FeedReports* reports = nullptr;
    const Configuration* configuration = nullptr;
    std::string metrics_address;  // where metrics are served; empty: off
    absl::Time started_at;
    std::function<absl::Time()> clock;
  };

  explicit AdminService(Options options);

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* ListFeeds(grpc::CallbackServerContext* context,
                                      const v1::ListFeedsRequest* request,
                                      v1::ListFeedsResponse* response) override;
  grpc::ServerUnaryReactor* ListFeedVersions(grpc::CallbackServerContext* context,
                                             const v1::ListFeedVersionsRequest* request,
                                             v1::ListFeedVersionsResponse* response) override;
  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context,
                                    const v1::ExplainRequest* request,
                                    v1::ExplainResponse* response) override;
  grpc::ServerUnaryReactor* SetOverride(grpc::CallbackServerContext* context,
                                        const v1::SetOverrideRequest* request,
                                        v1::SetOverrideResponse* response) override;
  grpc::ServerUnaryReactor* DeleteOverride(grpc::CallbackServerContext* context,
                                           const v1::DeleteOverrideRequest* request,
                                           v1::DeleteOverrideResponse* response) override;
  grpc::ServerUnaryReactor* ListOverrides(grpc::CallbackServerContext* context,
                                          const v1::ListOverridesRequest* request,
                                          v1::ListOverridesResponse* response) override;
  grpc::ServerUnaryReactor* ListAuditEntries(grpc::CallbackServerContext* context,
                                             const v1::ListAuditEntriesRequest* request,
                                             v1::ListAuditEntriesResponse* response) override;

 private:
  // Checks the role, then runs `method`, which gets the caller.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context,
                                const std::function<absl::Status(const Caller&)>& method) const;

  Options options_;
};

}  // namespace cloister::server
