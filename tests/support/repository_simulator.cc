#include "tests/support/repository_simulator.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/hash.h"
#include "sync/trust/key.h"

namespace cloister::testing {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;
using trust::Role;

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

json CommonPart(Role role, absl::Time expires) {
  return {{"_type", std::string(trust::RoleName(role))},
          {"spec_version", "1.0.33"},
          {"version", 1},
          {"expires", TimeText(expires)}};
}

json HashesOf(absl::string_view bytes) { return {{"sha256", trust::HashHex("sha256", bytes)}}; }

void Raise(json& signed_part) {
  json& version = signed_part["version"];
  version = version.get<int64_t>() + 1;
}

}  // namespace

std::string SignFile(const json& signed_part, const std::vector<TestKey>& keys) {
  // What has no canonical form can be served, too; it is then signed as it stands.
  auto canonical = trust::CanonicalJson(signed_part);
  std::string message = canonical.ok() ? *canonical : signed_part.dump();
  json signatures = json::array();
  for (const TestKey& key : keys) {
    signatures.push_back({{"keyid", key.id()}, {"sig", key.SignHex(message)}});
  }
  return json{{"signatures", signatures}, {"signed", signed_part}}.dump(1);
}

RepositorySimulator::RepositorySimulator(absl::Time now) {
  absl::Time expires = now + absl::Hours(30 * 24);
  root = CommonPart(Role::kRoot, expires);
  root["consistent_snapshot"] = true;
  root["keys"] = json::object();
  targets = CommonPart(Role::kTargets, expires);
  targets["targets"] = json::object();
  snapshot = CommonPart(Role::kSnapshot, expires);
  timestamp = CommonPart(Role::kTimestamp, expires);
  for (Role role : {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    RotateKey(role);
  }
  roots_.push_back(Bytes(Role::kRoot));
  snapshot["version"] = 0;
  timestamp["version"] = 0;
  UpdateSnapshot();
}

json& RepositorySimulator::Signed(Role role) {
  switch (role) {
    case Role::kRoot:
      return root;
    case Role::kTimestamp:
      return timestamp;
    case Role::kSnapshot:
      return snapshot;
    case Role::kTargets:
      break;
  }
  return targets;
}

std::string RepositorySimulator::Bytes(Role role) {
  return SignFile(Signed(role), signers.at(role));
}

std::string RepositorySimulator::DelegatedBytes(const std::string& role) {
  return SignFile(delegated.at(role), delegated_signers[role]);
}

void RepositorySimulator::UpdateTargets() {
  Raise(targets);
  UpdateSnapshot();
}

void RepositorySimulator::UpdateDelegated(const std::string& role) {
  Raise(delegated.at(role));
  UpdateSnapshot();
}

void RepositorySimulator::UpdateSnapshot() {
  const auto list = [&](const std::string& role, const json& part, const std::string& bytes) {
    json& meta = snapshot["meta"][role + ".json"];
    meta = {{"version", part["version"]}};
    if (states_hashes) meta.update({{"length", bytes.size()}, {"hashes", HashesOf(bytes)}});
  };
  list("targets", targets, Bytes(Role::kTargets));
  for (const auto& [role, part] : delegated) list(role, part, DelegatedBytes(role));
  Raise(snapshot);
  UpdateTimestamp();
}

void RepositorySimulator::UpdateTimestamp() {
  std::string bytes = Bytes(Role::kSnapshot);
  json& meta = timestamp["meta"]["snapshot.json"];
  meta = {{"version", snapshot["version"]}};
  if (states_hashes) meta.update({{"length", bytes.size()}, {"hashes", HashesOf(bytes)}});
  Raise(timestamp);
}

void RepositorySimulator::UpdateRoot(const std::vector<TestKey>& also) {
  Raise(root);
  std::vector<TestKey> keys = signers.at(Role::kRoot);
  keys.insert(keys.end(), also.begin(), also.end());
  roots_.push_back(SignFile(root, keys));
}

void RepositorySimulator::SetKeys(Role role, const std::vector<TestKey>& keys, uint32_t threshold) {
  json ids = json::array();
  for (const TestKey& key : keys) {
    ids.push_back(key.id());
    root["keys"][key.id()] = trust::PublicKeyToJson(key.public_key());
  }
  root["roles"][std::string(trust::RoleName(role))] = {{"keyids", ids}, {"threshold", threshold}};
  signers[role] = keys;
}

void RepositorySimulator::RotateRootKey() {
  std::vector<TestKey> old = signers.at(Role::kRoot);
  RotateKey(Role::kRoot);
  UpdateRoot(old);
}

void RepositorySimulator::List(json& targets_part, const std::string& path,
                               const std::string& content) {
  targets_part["targets"][path] = {{"length", content.size()}, {"hashes", HashesOf(content)}};
  trust::TargetFile target;
  target.hashes = {{"sha256", trust::HashHex("sha256", content)}};
  target_files[trust::ConsistentTargetName(path, target)] = content;
  if (!root["consistent_snapshot"].get<bool>()) target_files[path] = content;
}

void RepositorySimulator::AddTarget(const std::string& path, const std::string& content,
                                    const json& custom) {
  List(targets, path, content);
  if (!custom.is_null()) targets["targets"][path]["custom"] = custom;
}

void RepositorySimulator::AddTargetTo(const std::string& role, const std::string& path,
                                      const std::string& content) {
  List(TargetsPart(role), path, content);
}

json& RepositorySimulator::TargetsPart(const std::string& role) {
  return role == "targets" ? targets : delegated.at(role);
}

void RepositorySimulator::Delegate(const std::string& delegator, const TestDelegation& to) {
  if (delegated.count(to.role) == 0) {
    delegated[to.role] = targets;
    delegated[to.role]["version"] = 1;
    delegated[to.role]["targets"] = json::object();
    delegated[to.role].erase("delegations");
    delegated_signers[to.role] = {TestKey()};
  }
  json& delegations = TargetsPart(delegator)["delegations"];
  if (delegations.is_null()) delegations = {{"keys", json::object()}, {"roles", json::array()}};
  json role = {{"name", to.role}, {"threshold", to.threshold}, {"terminating", to.terminating}};
  role["keyids"] = json::array();
  for (const TestKey& key : delegated_signers[to.role]) {
    delegations["keys"][key.id()] = trust::PublicKeyToJson(key.public_key());
    role["keyids"].push_back(key.id());
  }
  const bool by_hash = !to.path_hash_prefixes.empty();
  role[by_hash ? "path_hash_prefixes" : "paths"] = by_hash ? to.path_hash_prefixes : to.paths;
  delegations["roles"].push_back(role);
}

void RepositorySimulator::SetExpires(Role role, absl::Time time) {
  Signed(role)["expires"] = TimeText(time);
}

trust::TrustedState RepositorySimulator::InitialState() const {
  return {.root = roots_.front(), .timestamp = "", .snapshot = "", .targets = ""};
}

std::string RepositorySimulator::Find(absl::string_view name) {
  if (name == "timestamp.json") return Bytes(Role::kTimestamp);
  // Whether the name is the role's, with a version before it where snapshots are consistent.
  const bool consistent = root["consistent_snapshot"].get<bool>();
  const auto is = [&](const std::string& role) {
    const std::string file = role + ".json";
    return consistent ? absl::EndsWith(name, "." + file) : name == file;
  };
  if (is("snapshot")) return Bytes(Role::kSnapshot);
  if (is("targets")) return Bytes(Role::kTargets);
  for (const auto& [role, part] : delegated) {
    if (is(role)) return DelegatedBytes(role);
  }
  for (size_t i = 0; i < roots_.size(); ++i) {
    if (name == absl::StrCat(i + 1, ".root.json")) return roots_[i];
  }
  return "";
}

absl::StatusOr<std::string> RepositorySimulator::Metadata(absl::string_view name,
                                                          uint64_t max_bytes) {
  std::string key(name);
  fetched.push_back(key);
  std::string bytes = replaced.count(key) != 0 ? replaced.at(key) : Find(name);
  if (bytes.empty() || missing.count(key) != 0) {
    return absl::NotFoundError(absl::StrCat("no metadata/", name));
  }
  if (bytes.size() > max_bytes && !ignores_bounds) {
    return Rejected(RejectReason::kMetadataTooLarge, name);
  }
  return bytes;
}

absl::Status RepositorySimulator::Target(absl::string_view name, uint64_t offset,
                                         uint64_t max_bytes, const trust::ByteSink& sink) {
  std::string key(name);
  fetched.push_back(key);
  auto found = target_files.find(key);
  if (found == target_files.end() || missing.count(key) != 0) {
    return absl::NotFoundError(absl::StrCat("no targets/", name));
  }
  absl::string_view rest = found->second;
  if (rest.size() > max_bytes && !ignores_bounds) {
    return Rejected(RejectReason::kTargetTooLarge, name);
  }
  rest.remove_prefix(std::min<uint64_t>(offset, rest.size()));
  constexpr size_t kPieceBytes = 7;  // small, so that every test sees several
  while (!rest.empty()) {
    absl::string_view piece = rest.substr(0, kPieceBytes);
    if (absl::Status s = sink(piece); !s.ok()) return s;
    rest.remove_prefix(piece.size());
  }
  return absl::OkStatus();
}

}  // namespace cloister::testing
