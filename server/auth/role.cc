#include "server/auth/role.h"

namespace cloister::server {

absl::string_view RoleName(Role role) { return role == Role::kOperator ? "operator" : "gateway"; }

std::optional<Role> RoleFromName(absl::string_view name) {
  if (name == "gateway") return Role::kGateway;
  if (name == "operator") return Role::kOperator;
  return std::nullopt;
}

bool Grants(Role role, Role needed) { return role == Role::kOperator || role == needed; }

std::optional<Identity> FindIdentity(const std::vector<Identity>& identities,
                                     const std::vector<std::string>& names) {
  std::optional<Identity> found;
  for (const std::string& name : names) {
    for (const Identity& identity : identities) {
      if (identity.name != name) continue;
      if (!found || !Grants(found->role, identity.role)) found = identity;
    }
  }
  return found;
}

}  // namespace cloister::server
