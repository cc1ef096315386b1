// AdminService: feeds, and the soundness of what is stored of them.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/admin/admin_service.h"
#include "server/admin/feed_info.h"
#include "server/admin/override_request.h"
#include "server/admin/verify_call.h"

namespace cloister::server {

using storage::Generation;

AdminService::Call* AdminService::ListFeeds(Context* context, const v1::ListFeedsRequest*,
                                            v1::ListFeedsResponse* response) {
  return Run(context, [&](const Caller&) -> absl::Status {
    const absl::Time now = options_.clock();
    const std::shared_ptr<const Generation> generation = options_.store->Current();
    const std::vector<FeedConfig>& feeds = options_.configuration->feeds;
    for (size_t i = 0; i < feeds.size(); ++i) {
      absl::StatusOr<FeedUpdateState> state = options_.updates->State(feeds[i].name);
      if (!state.ok()) return state.status();
      SetFeed({.served = generation->feeds()[i],
               .config = feeds[i],
               .report = options_.reports->Of(feeds[i].name),
               .state = *state},
              now, response->add_feeds());
    }
    return absl::OkStatus();
  });
}

AdminService::Call* AdminService::ListFeedVersions(Context* context,
                                                   const v1::ListFeedVersionsRequest* request,
                                                   v1::ListFeedVersionsResponse* response) {
  return Run(context, [&](const Caller&) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    absl::StatusOr<FeedUpdateState> state = options_.updates->State(request->feed());
    if (!state.ok()) return state.status();
    absl::StatusOr<std::vector<storage::ServedFeed>> kept =
        options_.store->KeptVersions(request->feed());
    if (!kept.ok()) return kept.status();
    uint64_t serving = 0;
    const std::shared_ptr<const Generation> generation = options_.store->Current();
    for (const storage::ServedFeed& served : generation->feeds()) {
      if (served.feed == request->feed()) serving = served.version;
    }
    const uint64_t pending = state->pending ? state->pending->version : 0;
    for (const storage::ServedFeed& version : *kept) {
      v1::FeedVersionInfo* out = response->add_versions();
      SetFeedVersionInfo(version, out);
      out->set_serving(version.version == serving);
      out->set_pending(version.version == pending);
    }
    return absl::OkStatus();
  });
}

grpc::ServerWriteReactor<v1::VerifyFeedResponse>* AdminService::VerifyFeed(
    Context* context, const v1::VerifyFeedRequest* request) {
  absl::StatusOr<Caller> caller = options_.authorizer->Authorize(*context, Role::kOperator);
  if (!caller.ok()) return new RefusedVerifyCall(ToGrpcStatus(caller.status()));
  const std::string feed = request->feed();
  if (absl::Status s = CheckFeed(feed); !s.ok()) return new RefusedVerifyCall(ToGrpcStatus(s));
  if (!verifying_.Enter(feed)) {
    return new RefusedVerifyCall(ToGrpcStatus(absl::FailedPreconditionError(
        absl::StrCat("feed: ", feed, " is being verified already; wait for that to end"))));
  }
  auto* call = new VerifyCall(context, {.updates = options_.updates,
                                        .feed = feed,
                                        .clock = options_.clock,
                                        .on_end = [this, feed] { verifying_.Leave(feed); }});
  if (!verifications_.Run([call] { call->Verify(); })) {
    verifying_.Leave(feed);
    call->Finish(ToGrpcStatus(TooManyLongCalls()));
  }
  return call;
}

AdminService::Call* AdminService::RebuildFeed(Context* context,
                                              const v1::RebuildFeedRequest* request,
                                              v1::RebuildFeedResponse* response) {
  return RunLong(context, [this, request, response](const Caller& caller) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    if (absl::Status s = CheckReason(request->reason()); !s.ok()) return s;
    absl::StatusOr<storage::RebuildReport> report = options_.updates->Rebuild(
        request->feed(), {.actor = caller.name, .reason = request->reason()});
    if (!report.ok()) return report.status();
    response->set_version(report->version);
    for (const std::string& pack : report->quarantined) response->add_quarantined(pack);
    response->set_complete(report->complete);
    return absl::OkStatus();
  });
}

}  // namespace cloister::server
