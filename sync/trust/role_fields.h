// How root and targets files name keys and the roles that they trust (The Update Framework 1.0,
// section 4.3 and 4.5).

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sync/trust/json_fields.h"
#include "sync/trust/limits.h"
#include "sync/trust/metadata.h"

namespace cloister::trust {

inline constexpr size_t kMaxKeyIdBytes = 128;  // a SHA-512 in hexadecimal

// {"keyids": […], "threshold": n}; what is wrong goes to the fields' errors.
RoleKeys ReadRoleKeys(const JsonFields& role, const Limits& limits);

// {key id: key, …}, at most `max_keys`. kMetadataMalformed.
absl::StatusOr<std::map<std::string, PublicKey>> ReadKeys(const JsonFields& keys,
                                                          uint32_t max_keys);

// {"keys": {…}, "roles": […]}. kMetadataMalformed; `errors` are those of `fields`.
absl::StatusOr<Delegations> ReadDelegations(const JsonFields& fields, FieldErrors* errors,
                                            const Limits& limits);

}  // namespace cloister::trust
