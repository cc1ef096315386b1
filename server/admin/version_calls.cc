// AdminService: which version of a feed serves.

#include <functional>

#include "absl/strings/str_cat.h"
#include "server/admin/admin_service.h"
#include "server/admin/feed_info.h"
#include "server/admin/override_request.h"

namespace cloister::server {
namespace {

// What every decision needs: an actor, and a reason fit for the trail.
template <typename Request>
absl::StatusOr<Decision> DecisionOf(const Caller& caller, const Request& request) {
  if (absl::Status s = CheckReason(request.reason()); !s.ok()) return s;
  return Decision{.actor = caller.name, .reason = request.reason()};
}

absl::Status CheckVersion(uint64_t version) {
  if (version > 0) return absl::OkStatus();
  return absl::InvalidArgumentError("version: is 0; give one that ListFeedVersions names");
}

}  // namespace

AdminService::Call* AdminService::DiffFeedVersion(Context* context,
                                                  const v1::DiffFeedVersionRequest* request,
                                                  v1::DiffFeedVersionResponse* response) {
  return RunLong(context, [this, request, response](const Caller&) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    if (absl::Status s = CheckVersion(request->version()); !s.ok()) return s;
    absl::StatusOr<ChangeSummary> changes =
        options_.updates->Diff(request->feed(), request->version());
    if (!changes.ok()) return changes.status();
    SetVersionChanges(*changes, response->mutable_changes());
    return absl::OkStatus();
  });
}

AdminService::Call* AdminService::AcceptFeedVersion(Context* context,
                                                    const v1::AcceptFeedVersionRequest* request,
                                                    v1::AcceptFeedVersionResponse*) {
  return RunLong(context, [this, request](const Caller& caller) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    if (absl::Status s = CheckVersion(request->version()); !s.ok()) return s;
    absl::StatusOr<Decision> decision = DecisionOf(caller, *request);
    if (!decision.ok()) return decision.status();
    return options_.updates->Accept(request->feed(), request->version(), *decision);
  });
}

AdminService::Call* AdminService::RejectFeedVersion(Context* context,
                                                    const v1::RejectFeedVersionRequest* request,
                                                    v1::RejectFeedVersionResponse*) {
  return RunLong(context, [this, request](const Caller& caller) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    if (absl::Status s = CheckVersion(request->version()); !s.ok()) return s;
    absl::StatusOr<Decision> decision = DecisionOf(caller, *request);
    if (!decision.ok()) return decision.status();
    return options_.updates->Reject(request->feed(), request->version(), *decision);
  });
}

AdminService::Call* AdminService::RollBackFeed(Context* context,
                                               const v1::RollBackFeedRequest* request,
                                               v1::RollBackFeedResponse* response) {
  return RunLong(context, [this, request, response](const Caller& caller) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    absl::StatusOr<Decision> decision = DecisionOf(caller, *request);
    if (!decision.ok()) return decision.status();
    absl::StatusOr<uint64_t> version =
        options_.updates->Rollback(request->feed(), request->version(), *decision);
    if (!version.ok()) return version.status();
    response->set_version(*version);
    return absl::OkStatus();
  });
}

AdminService::Call* AdminService::PinFeed(Context* context, const v1::PinFeedRequest* request,
                                          v1::PinFeedResponse*) {
  return RunLong(context, [this, request](const Caller& caller) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    absl::StatusOr<Decision> decision = DecisionOf(caller, *request);
    if (!decision.ok()) return decision.status();
    return options_.updates->Pin(request->feed(), *decision);
  });
}

AdminService::Call* AdminService::UnpinFeed(Context* context, const v1::UnpinFeedRequest* request,
                                            v1::UnpinFeedResponse*) {
  return RunLong(context, [this, request](const Caller& caller) -> absl::Status {
    if (absl::Status s = CheckFeed(request->feed()); !s.ok()) return s;
    absl::StatusOr<Decision> decision = DecisionOf(caller, *request);
    if (!decision.ok()) return decision.status();
    return options_.updates->Unpin(request->feed(), *decision);
  });
}

}  // namespace cloister::server
