// The one place that decides whether a call may be made.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "server/auth/role.h"

namespace cloister::server {

// Who calls.
struct Caller {
  std::string name;  // the name that gave the role; "local" where TLS is off
  Role role = Role::kGateway;
};

// Thread-safe; immutable.
class Authorizer {
 public:
  // `identities` as configured in `configuration_file`.
  Authorizer(std::vector<Identity> identities, std::string configuration_file);

  // For a server without TLS, which only this machine's own users can reach: every caller is an
  // operator.
  static Authorizer TrustEveryone();

  // Who calls, if the certificate of the connection gives `needed`. PermissionDenied otherwise,
  // with the names seen and the lines of configuration that would grant it.
  absl::StatusOr<Caller> Authorize(const grpc::ServerContextBase& context, Role needed) const;

  // The same for the names of a certificate.
  absl::StatusOr<Caller> AuthorizeNames(const std::vector<std::string>& names, Role needed) const;

 private:
  std::vector<Identity> identities_;
  std::string configuration_file_;
  bool trust_everyone_ = false;
};

// A status as gRPC sends it: the codes are the same numbers.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace cloister::server
