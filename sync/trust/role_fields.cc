#include "sync/trust/role_fields.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/key.h"

namespace cloister::trust {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kMaxPatternBytes = 1024;
constexpr size_t kMaxPrefixDigits = 64;  // all of a SHA-256

std::set<std::string> Distinct(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

// A role's name becomes part of a file name and of a URL; those of the top level are the root's to
// give away alone.
void CheckName(const JsonFields& role, const std::string& name, const Limits& limits) {
  if (name.empty() || name.size() > limits.max_role_name_bytes) {
    role.Wrong("name", absl::StrCat("must have 1 to ", limits.max_role_name_bytes, " bytes"));
  }
  for (char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      role.Wrong("name", "holds a control character");
    }
  }
  for (Role top : {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    if (name == RoleName(top)) role.Wrong("name", "is a top-level role's");
  }
}

// Section 4.5: exactly one of the two says which paths are delegated.
void ReadPaths(const JsonFields& fields, DelegatedRole* role) {
  if (fields.Has("paths") == fields.Has("path_hash_prefixes")) {
    fields.Wrong("paths", "or path_hash_prefixes must be there, and not both");
    return;
  }
  if (fields.Has("paths")) {
    role->paths = fields.Strings("paths");
    for (const std::string& pattern : role->paths) {
      if (pattern.size() > kMaxPatternBytes) fields.Wrong("paths", "has a pattern too long");
    }
    return;
  }
  role->path_hash_prefixes = fields.Strings("path_hash_prefixes");
  for (const std::string& prefix : role->path_hash_prefixes) {
    if (prefix.empty() || prefix.size() > kMaxPrefixDigits ||
        prefix.find_first_not_of("0123456789abcdef") != std::string::npos) {
      fields.Wrong("path_hash_prefixes", "must hold 1 to 64 lower-case hexadecimal digits each");
    }
  }
}

DelegatedRole ReadDelegatedRole(const JsonFields& fields, const Limits& limits) {
  DelegatedRole role;
  role.name = fields.String("name");
  CheckName(fields, role.name, limits);
  role.keys = ReadRoleKeys(fields, limits);
  role.terminating = fields.Bool("terminating");
  ReadPaths(fields, &role);
  return role;
}

}  // namespace

RoleKeys ReadRoleKeys(const JsonFields& role, const Limits& limits) {
  RoleKeys keys;
  keys.key_ids = role.Strings("keyids");
  if (Distinct(keys.key_ids).size() != keys.key_ids.size()) {
    role.Wrong("keyids", "names a key twice");
  }
  keys.threshold =
      static_cast<uint32_t>(role.Integer("threshold", {.min = 1, .max = limits.max_keys}));
  return keys;
}

absl::StatusOr<std::map<std::string, PublicKey>> ReadKeys(const JsonFields& keys,
                                                          uint32_t max_keys) {
  if (keys.members().size() > max_keys) {
    return Rejected(RejectReason::kMetadataMalformed,
                    absl::StrCat("more than ", max_keys, " keys"));
  }
  std::map<std::string, PublicKey> read;
  for (const auto& [key_id, value] : keys.members()) {
    if (key_id.empty() || key_id.size() > kMaxKeyIdBytes) {
      return Rejected(RejectReason::kMetadataMalformed, "a key id is empty or too long");
    }
    absl::StatusOr<PublicKey> key = PublicKeyFromJson(value);
    if (!key.ok()) return key.status();
    read.emplace(key_id, *std::move(key));
  }
  return read;
}

absl::StatusOr<Delegations> ReadDelegations(const JsonFields& fields, FieldErrors* errors,
                                            const Limits& limits) {
  Delegations delegations;
  if (fields.Has("succinct_roles")) {
    fields.Wrong("succinct_roles", "is no part of version 1.0 (TAP 15), and not read here");
    return errors->first();
  }
  auto keys = ReadKeys(fields.Object("keys"), limits.max_delegation_keys);
  if (!keys.ok()) return keys.status();
  delegations.keys = *std::move(keys);
  const json& roles = fields.Array("roles");
  if (roles.size() > limits.max_delegated_roles) {
    fields.Wrong("roles", absl::StrCat("has more than ", limits.max_delegated_roles, " entries"));
  }
  std::set<std::string> names;
  size_t paths = 0;
  for (const json& element : roles) {
    if (!errors->ok()) return errors->first();
    JsonFields role(element, absl::StrCat(fields.path(), ".roles[]"), errors);
    delegations.roles.push_back(ReadDelegatedRole(role, limits));
    const DelegatedRole& read = delegations.roles.back();
    if (!names.insert(read.name).second) role.Wrong("name", "comes twice");
    paths += read.paths.size() + read.path_hash_prefixes.size();
    if (paths > limits.max_delegation_paths) {
      role.Wrong("paths", absl::StrCat("and those before are more than ",
                                       limits.max_delegation_paths, " in all"));
    }
  }
  if (!errors->ok()) return errors->first();
  return delegations;
}

}  // namespace cloister::trust
