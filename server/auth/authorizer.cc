#include "server/auth/authorizer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "grpc/grpc_security_constants.h"

namespace cloister::server {
namespace {

// The names in the verified client certificate: subject alternative names, or the common name where
// there are none (RFC 6125, section 6.4.4). Many authorities check the former only, and let whoever
// asks for a certificate choose the latter.
std::vector<std::string> PeerNames(const grpc::ServerContextBase& context) {
  std::vector<std::string> names;
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return names;
  for (const char* property : {GRPC_X509_SAN_PROPERTY_NAME, GRPC_X509_CN_PROPERTY_NAME}) {
    for (const grpc::string_ref& value : auth->FindPropertyValues(property)) {
      names.emplace_back(value.data(), value.size());
    }
    if (!names.empty()) break;
  }
  return names;
}

}  // namespace

Authorizer::Authorizer(std::vector<Identity> identities, std::string configuration_file)
    : identities_(std::move(identities)), configuration_file_(std::move(configuration_file)) {}

Authorizer Authorizer::TrustEveryone() {
  Authorizer authorizer({}, "");
  authorizer.trust_everyone_ = true;
  return authorizer;
}

absl::StatusOr<Caller> Authorizer::Authorize(const grpc::ServerContextBase& context,
                                             Role needed) const {
  if (trust_everyone_) return Caller{.name = "local", .role = Role::kOperator};
  return AuthorizeNames(PeerNames(context), needed);
}

absl::StatusOr<Caller> Authorizer::AuthorizeNames(const std::vector<std::string>& names,
                                                  Role needed) const {
  if (names.empty()) {
    return absl::PermissionDeniedError(
        "the client certificate has no name: issue one with a DNS, URI or e-mail subject "
        "alternative name, or a common name");
  }
  const std::optional<Identity> identity = FindIdentity(identities_, names);
  if (!identity) {
    return absl::PermissionDeniedError(absl::StrCat(
        "no name of the client certificate (", absl::StrJoin(names, ", "),
        ") has a role: add [[identity]] with name = \"", names.front(), "\" and role = \"",
        RoleName(needed), "\" to ", configuration_file_, " and restart cloisterd"));
  }
  if (!Grants(identity->role, needed)) {
    return absl::PermissionDeniedError(
        absl::StrCat("\"", identity->name, "\" has the role ", RoleName(identity->role),
                     ", and this call needs ", RoleName(needed), ": set role = \"",
                     RoleName(needed), "\" for it in ", configuration_file_,
                     " and restart cloisterd, or use another certificate"));
  }
  return Caller{.name = identity->name, .role = identity->role};
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

}  // namespace cloister::server
