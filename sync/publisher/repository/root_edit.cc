#include "sync/publisher/repository/root_edit.h"

#include <algorithm>
#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/trust/key.h"

namespace cloister::publisher {
namespace {

using trust::Role;
using trust::RoleName;
using trust::Root;

constexpr Role kRoles[] = {Role::kRoot, Role::kTargets, Role::kSnapshot, Role::kTimestamp};
constexpr size_t kMinIdDigits = 8;
constexpr size_t kShownDigits = 16;

bool Signs(const Root& root, Role role, absl::string_view key_id) {
  const auto found = root.roles.find(role);
  return found != root.roles.end() && absl::c_linear_search(found->second.key_ids, key_id);
}

bool SignsForAny(const Root& root, absl::string_view key_id) {
  return absl::c_any_of(kRoles, [&](Role role) { return Signs(root, role, key_id); });
}

size_t DifferentKeys(const Root& root, const trust::RoleKeys& role) {
  std::set<std::string> keys;
  for (const std::string& id : role.key_ids) {
    const auto key = root.keys.find(id);
    if (key != root.keys.end()) keys.insert(trust::KeyIdentity(key->second));
  }
  return keys.size();
}

std::vector<std::string> IdsOf(const Root* root, Role role) {
  if (root == nullptr || root->roles.count(role) == 0) return {};
  return root->roles.at(role).key_ids;
}

void DescribeRole(const Root* before, const Root& after, Role role,
                  std::vector<std::string>* lines) {
  const std::vector<std::string> old_ids = IdsOf(before, role);
  const std::vector<std::string> new_ids = IdsOf(&after, role);
  for (const std::string& id : new_ids) {
    if (absl::c_linear_search(old_ids, id)) continue;
    lines->push_back(absl::StrCat("add     ", RoleName(role), " key ", ShortKey(after, id)));
  }
  for (const std::string& id : old_ids) {
    if (absl::c_linear_search(new_ids, id)) continue;
    lines->push_back(absl::StrCat("remove  ", RoleName(role), " key ", ShortKey(*before, id)));
  }
  const uint32_t now = after.roles.at(role).threshold;
  if (before == nullptr) {
    lines->push_back(
        absl::StrCat("ask for ", now, " of ", new_ids.size(), " ", RoleName(role), " signatures"));
    return;
  }
  const uint32_t then = before->roles.at(role).threshold;
  if (now == then && old_ids.size() == new_ids.size()) return;
  lines->push_back(absl::StrCat("ask for ", now, " of ", new_ids.size(), " ", RoleName(role),
                                " signatures, where it was ", then, " of ", old_ids.size()));
}

}  // namespace

std::string ShortKey(const Root& root, absl::string_view key_id) {
  const auto key = root.keys.find(std::string(key_id));
  return absl::StrCat(key_id.substr(0, kShownDigits), " (",
                      key == root.keys.end() ? "unknown" : key->second.scheme, ")");
}

absl::Status AddRoleKey(Root* root, Role role, const trust::PublicKey& key) {
  const std::string id = trust::KeyId(key);
  if (Signs(*root, role, id)) {
    return absl::AlreadyExistsError(
        absl::StrCat("key ", id, " signs for ", RoleName(role), " already"));
  }
  for (const Role other : kRoles) {
    if (other == role || !Signs(*root, other, id)) continue;
    if (other != Role::kRoot && role != Role::kRoot) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("key ", id, " signs for ", RoleName(other),
                     ", and a root key signs for nothing else; make another key"));
  }
  root->keys[id] = key;
  root->roles[role].key_ids.push_back(id);
  return absl::OkStatus();
}

absl::StatusOr<std::string> RemoveRoleKey(Root* root, Role role, absl::string_view key_id) {
  std::vector<std::string>& ids = root->roles[role].key_ids;
  if (!key_id.empty() && key_id.size() < kMinIdDigits) {
    return absl::InvalidArgumentError(
        absl::StrCat("key id ", key_id, " is too short: ", kMinIdDigits, " digits at least"));
  }
  std::vector<std::string> meant;
  for (const std::string& id : ids) {
    if (absl::StartsWith(id, key_id)) meant.push_back(id);
  }
  if (meant.empty()) {
    return absl::NotFoundError(absl::StrCat("the role ", RoleName(role), " has no key ", key_id,
                                            "; 'cloister-publish status' lists the keys"));
  }
  if (meant.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the role ", RoleName(role), " has ", meant.size(),
                     " keys that could be meant; say which with --key-id"));
  }
  ids.erase(std::remove(ids.begin(), ids.end(), meant.front()), ids.end());
  if (!SignsForAny(*root, meant.front())) root->keys.erase(meant.front());
  return meant.front();
}

absl::Status CheckSatisfiable(const Root& root) {
  const trust::Limits limits;
  if (root.keys.size() > limits.max_keys) {
    return absl::FailedPreconditionError(absl::StrCat("a root of ", root.keys.size(),
                                                      " keys is one that clients refuse: at most ",
                                                      limits.max_keys));
  }
  for (const Role role : kRoles) {
    const auto found = root.roles.find(role);
    const size_t keys = found == root.roles.end() ? 0 : DifferentKeys(root, found->second);
    const uint32_t threshold = found == root.roles.end() ? 0 : found->second.threshold;
    if (threshold >= 1 && threshold <= keys) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("a threshold of ", threshold, " ", RoleName(role),
                     " signatures could never be met, or "
                     "would ask for none: the role has ",
                     keys, " keys. State another with --threshold"));
  }
  return absl::OkStatus();
}

std::vector<std::string> DifferencesOf(const Root* before, const Root& after) {
  std::vector<std::string> lines;
  for (const Role role : kRoles) DescribeRole(before, after, role, &lines);
  lines.push_back(absl::StrCat(
      "expire at ", MetadataTime(after.expires),
      before == nullptr ? "" : absl::StrCat(", where it was ", MetadataTime(before->expires))));
  return lines;
}

}  // namespace cloister::publisher
