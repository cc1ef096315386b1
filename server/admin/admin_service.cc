#include "server/admin/admin_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/admin/feed_info.h"
#include "server/admin/override_request.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

using storage::Generation;

constexpr int32_t kDefaultPage = 100;
constexpr int32_t kLargestPage = 1000;

absl::StatusOr<size_t> PageSize(int32_t wanted) {
  if (wanted < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size: ", wanted, " is negative; give 0 for ", kDefaultPage));
  }
  return static_cast<size_t>(wanted == 0 ? kDefaultPage : std::min(wanted, kLargestPage));
}

// A page token is the last key of the page before, in hexadecimal.
absl::StatusOr<std::string> KeyOfPageToken(const std::string& token) {
  if (token.empty()) return std::string();
  const bool is_hex =
      token.size() % 2 == 0 && token.find_first_not_of("0123456789abcdef") == std::string::npos;
  std::string bytes = is_hex ? absl::HexStringToBytes(token) : std::string();
  if (is_hex && reputation::LookupKey::Parse(bytes).ok()) return bytes;
  return absl::InvalidArgumentError(
      "page_token: is not one that this server gave; leave it empty to start from the beginning");
}

absl::Status ListKeptVersions(const storage::ReputationStore& store, const std::string& feed,
                              v1::ListFeedVersionsResponse* response) {
  absl::StatusOr<std::vector<storage::ServedFeed>> kept = store.KeptVersions(feed);
  if (!kept.ok()) return kept.status();
  uint64_t serving = 0;
  const std::shared_ptr<const Generation> generation = store.Current();
  for (const storage::ServedFeed& served : generation->feeds()) {
    if (served.feed == feed) serving = served.version;
  }
  for (const storage::ServedFeed& version : *kept) {
    SetFeedVersionInfo(version, version.version == serving, response->add_versions());
  }
  return absl::OkStatus();
}

absl::Status ListPageOfOverrides(const Generation& generation,
                                 const v1::ListOverridesRequest& request,
                                 v1::ListOverridesResponse* response) {
  absl::StatusOr<size_t> page_size = PageSize(request.page_size());
  if (!page_size.ok()) return page_size.status();
  absl::StatusOr<std::string> after = KeyOfPageToken(request.page_token());
  if (!after.ok()) return after.status();
  auto page = generation.ListOverrides(*after, *page_size + 1);
  if (!page.ok()) return page.status();
  for (size_t i = 0; i < std::min(page->size(), *page_size); ++i) {
    SetOverrideProto((*page)[i].second, response->add_overrides());
  }
  if (page->size() > *page_size) {
    response->set_next_page_token(absl::BytesToHexString((*page)[*page_size - 1].first.bytes()));
  }
  return absl::OkStatus();
}

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
  response->set_chain_intact(store.VerifyAudit().ok());
  return absl::OkStatus();
}

}  // namespace

AdminService::AdminService(Options options) : options_(std::move(options)) {}

grpc::ServerUnaryReactor* AdminService::Run(
    grpc::CallbackServerContext* context,
    const std::function<absl::Status(const Caller&)>& method) const {
  absl::StatusOr<Caller> caller = options_.authorizer->Authorize(*context, Role::kOperator);
  absl::Status status = caller.ok() ? method(*caller) : caller.status();
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::GetStatusRequest*,
                                                  v1::GetStatusResponse* response) {
  return Run(context, [&](const Caller& caller) {
    const std::shared_ptr<const Generation> generation = options_.store->Current();
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

grpc::ServerUnaryReactor* AdminService::ListFeeds(grpc::CallbackServerContext* context,
                                                  const v1::ListFeedsRequest*,
                                                  v1::ListFeedsResponse* response) {
  return Run(context, [&](const Caller&) {
    const absl::Time now = options_.clock();
    const std::shared_ptr<const Generation> generation = options_.store->Current();
    const std::vector<FeedConfig>& feeds = options_.configuration->feeds;
    for (size_t i = 0; i < feeds.size(); ++i) {
      SetFeed(generation->feeds()[i], feeds[i], options_.reports->Of(feeds[i].name), now,
              response->add_feeds());
    }
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::ListFeedVersions(grpc::CallbackServerContext* context,
                                                         const v1::ListFeedVersionsRequest* request,
                                                         v1::ListFeedVersionsResponse* response) {
  return Run(context, [&](const Caller&) -> absl::Status {
    const std::vector<FeedConfig>& feeds = options_.configuration->feeds;
    const bool configured = std::any_of(feeds.begin(), feeds.end(), [&](const FeedConfig& feed) {
      return feed.name == request->feed();
    });
    if (configured) return ListKeptVersions(*options_.store, request->feed(), response);
    return absl::NotFoundError(
        absl::StrCat("feed: \"", absl::CEscape(request->feed()),
                     "\" is not configured; ListFeeds names those that are"));
  });
}

grpc::ServerUnaryReactor* AdminService::Explain(grpc::CallbackServerContext* context,
                                                const v1::ExplainRequest* request,
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

grpc::ServerUnaryReactor* AdminService::SetOverride(grpc::CallbackServerContext* context,
                                                    const v1::SetOverrideRequest* request,
                                                    v1::SetOverrideResponse* response) {
  return Run(context, [&](const Caller& caller) -> absl::Status {
    absl::StatusOr<OverrideTarget> target = ParseOverrideTarget(request->object());
    if (!target.ok()) return target.status();
    absl::StatusOr<storage::Override> value =
        ParseOverride(*request, *target, caller.name, options_.clock());
    if (!value.ok()) return value.status();
    absl::StatusOr<uint64_t> generation = options_.store->SetOverride(target->key, *value);
    if (!generation.ok()) return generation.status();
    SetOverrideProto(*value, response->mutable_override());
    response->set_generation(*generation);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::DeleteOverride(grpc::CallbackServerContext* context,
                                                       const v1::DeleteOverrideRequest* request,
                                                       v1::DeleteOverrideResponse* response) {
  return Run(context, [&](const Caller& caller) -> absl::Status {
    absl::StatusOr<OverrideTarget> target = ParseOverrideTarget(request->object());
    if (!target.ok()) return target.status();
    if (absl::Status s = CheckReason(request->reason()); !s.ok()) return s;
    absl::StatusOr<uint64_t> generation = options_.store->DeleteOverride(
        target->key, caller.name, request->reason(), options_.clock());
    if (absl::IsNotFound(generation.status())) {
      return absl::NotFoundError(absl::StrCat("object: there is no override of ", target->text,
                                              "; ListOverrides names those that are"));
    }
    if (!generation.ok()) return generation.status();
    response->set_generation(*generation);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::ListOverrides(grpc::CallbackServerContext* context,
                                                      const v1::ListOverridesRequest* request,
                                                      v1::ListOverridesResponse* response) {
  return Run(context, [&](const Caller&) {
    return ListPageOfOverrides(*options_.store->Current(), *request, response);
  });
}

grpc::ServerUnaryReactor* AdminService::ListAuditEntries(grpc::CallbackServerContext* context,
                                                         const v1::ListAuditEntriesRequest* request,
                                                         v1::ListAuditEntriesResponse* response) {
  return Run(context,
             [&](const Caller&) { return ListAuditTrail(*options_.store, *request, response); });
}

}  // namespace cloister::server
