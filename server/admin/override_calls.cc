// AdminService: overrides.

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/admin/admin_service.h"
#include "server/admin/override_import_call.h"
#include "server/admin/override_request.h"
#include "server/admin/page_size.h"

namespace cloister::server {
namespace {

using storage::Generation;

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

}  // namespace

AdminService::Call* AdminService::SetOverride(Context* context,
                                              const v1::SetOverrideRequest* request,
                                              v1::SetOverrideResponse* response) {
  return Run(context, [&](const Caller& caller) -> absl::Status {
    absl::StatusOr<OverrideTarget> target = ParseOverrideTarget(request->object());
    if (!target.ok()) return target.status();
    if (absl::Status s = CheckReason(request->reason()); !s.ok()) return s;
    const OverrideAuthor author{caller.name, request->reason(), options_.clock()};
    absl::StatusOr<v1::Override> wanted = WantedOverride(*request, author.now);
    if (!wanted.ok()) return wanted.status();
    absl::StatusOr<storage::Override> value = ParseOverride(*wanted, *target, author);
    if (!value.ok()) return value.status();
    absl::StatusOr<uint64_t> generation = options_.store->SetOverride(target->key, *value);
    if (!generation.ok()) return generation.status();
    SetOverrideProto(*value, response->mutable_override());
    response->set_generation(*generation);
    return absl::OkStatus();
  });
}

AdminService::Call* AdminService::DeleteOverride(Context* context,
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

grpc::ServerReadReactor<v1::ImportOverridesRequest>* AdminService::ImportOverrides(
    Context* context, v1::ImportOverridesResponse* response) {
  absl::StatusOr<Caller> caller = options_.authorizer->Authorize(*context, Role::kOperator);
  if (!caller.ok()) return new RefusedUploadCall<v1::ImportOverridesRequest>(caller.status());
  return new OverrideImportCall(context, response,
                                {.store = options_.store,
                                 .threads = &override_imports_,
                                 .caller = *std::move(caller),
                                 .clock = options_.clock});
}

AdminService::Call* AdminService::ListOverrides(Context* context,
                                                const v1::ListOverridesRequest* request,
                                                v1::ListOverridesResponse* response) {
  return Run(context, [&](const Caller&) {
    return ListPageOfOverrides(*options_.store->Current(), *request, response);
  });
}

}  // namespace cloister::server
