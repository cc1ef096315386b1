// Who may do what: names in client certificates mapped to roles by configuration.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cloister::server {

// An operator may do all that a gateway may.
enum class Role { kGateway, kOperator };

// "gateway" or "operator".
absl::string_view RoleName(Role role);
std::optional<Role> RoleFromName(absl::string_view name);

// Whether who has `role` may do what `needed` is for.
bool Grants(Role role, Role needed);

// A name and the role it gives.
struct Identity {
  std::string name;  // of a client certificate: a DNS, URI or e-mail name; without, the common one
  Role role = Role::kGateway;
};

// The first of `names` that `identities` knows with the higher role, or nothing. Names are equal
// byte for byte: no wildcard, no folding of case.
std::optional<Identity> FindIdentity(const std::vector<Identity>& identities,
                                     const std::vector<std::string>& names);

}  // namespace cloister::server
