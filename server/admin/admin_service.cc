#include "server/admin/admin_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/admin/feed_info.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

constexpr size_t kLongCallThreads = 4;
constexpr size_t kUploadThreads = 2;
constexpr size_t kOverrideImportThreads = 1;
constexpr size_t kVerifyThreads = 2;
constexpr size_t kMaxWaitingCalls = 32;

// A unary call whose end does not come on the thread that it began on.
class LongCall final : public grpc::ServerUnaryReactor {
 public:
  void OnDone() override { delete this; }
};

}  // namespace

AdminService::AdminService(Options options)
    : options_(std::move(options)),
      uploads_(kUploadThreads, kMaxWaitingCalls),
      override_imports_(kOverrideImportThreads, kMaxWaitingCalls),
      verifications_(kVerifyThreads, kMaxWaitingCalls),
      long_calls_(kLongCallThreads, kMaxWaitingCalls) {}

AdminService::Call* AdminService::Run(Context* context, const Method& method) const {
  absl::StatusOr<Caller> caller = options_.authorizer->Authorize(*context, Role::kOperator);
  absl::Status status = caller.ok() ? method(*caller) : caller.status();
  Call* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

AdminService::Call* AdminService::RunLong(Context* context, Method method) {
  absl::StatusOr<Caller> caller = options_.authorizer->Authorize(*context, Role::kOperator);
  auto* call = new LongCall;
  if (!caller.ok()) {
    call->Finish(ToGrpcStatus(caller.status()));
    return call;
  }
  const bool taken = long_calls_.Run([context, call, caller = *std::move(caller),
                                      method = std::move(method)] {
    call->Finish(ToGrpcStatus(
        context->IsCancelled() ? absl::CancelledError("the caller has given up") : method(caller)));
  });
  if (!taken) call->Finish(ToGrpcStatus(TooManyLongCalls()));
  return call;
}

absl::Status AdminService::CheckFeed(const std::string& feed) const {
  const std::vector<FeedConfig>& feeds = options_.configuration->feeds;
  const bool configured = std::any_of(feeds.begin(), feeds.end(),
                                      [&](const FeedConfig& one) { return one.name == feed; });
  if (configured) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("feed: \"", absl::CEscape(feed),
                                          "\" is not configured; ListFeeds names those that are"));
}

AdminService::Call* AdminService::GetStatus(Context* context, const v1::GetStatusRequest*,
                                            v1::GetStatusResponse* response) {
  return Run(context, [&](const Caller& caller) {
    const std::shared_ptr<const storage::Generation> generation = options_.store->Current();
    response->set_server_version(CLOISTER_VERSION);
    SetTimestamp(options_.started_at, response->mutable_started_at());
    response->set_generation(generation->number());
    response->set_overrides(generation->override_count());
    response->set_audit_entries(options_.store->audit_count());
    response->set_data_directory(options_.configuration->data_directory);
    response->set_metrics_address(options_.metrics_address);
    response->set_all_feeds_serving(AllFeedsServe(*generation));
    response->set_configuration_file(options_.configuration->file);
    response->set_caller_role(std::string(RoleName(caller.role)));
    return absl::OkStatus();
  });
}

AdminService::Call* AdminService::Explain(Context* context, const v1::ExplainRequest* request,
                                          v1::ExplainResponse* response) {
  return Run(context, [&](const Caller&) -> absl::Status {
    absl::StatusOr<reputation::LookupContext> met = ContextFromProto(request->context());
    if (!met.ok()) return met.status();
    absl::StatusOr<reputation::Object> object = ObjectFromProto(request->object());
    if (!object.ok()) return object.status();
    options_.answerer->Explain(*object, *met, options_.clock(), response);
    return absl::OkStatus();
  });
}

}  // namespace cloister::server
