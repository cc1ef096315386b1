#include "tests/support/repository_simulator.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "absl/strings/escaping.h"
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

constexpr size_t kKeyBytes = 32;

void Require(bool done) {
  if (!done) abort();
}

const unsigned char* Data(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* Data(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

using OwnedKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

OwnedKey PrivateKey(const std::string& seed) {
  return OwnedKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Data(seed), seed.size()),
                  EVP_PKEY_free);
}

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

TestKey::TestKey() : seed_(kKeyBytes, '\0'), public_bytes_(kKeyBytes, '\0') {
  Require(RAND_bytes(Data(seed_), kKeyBytes) == 1);
  size_t size = kKeyBytes;
  Require(EVP_PKEY_get_raw_public_key(PrivateKey(seed_).get(), Data(public_bytes_), &size) == 1);
}

trust::PublicKey TestKey::public_key() const {
  return {"ed25519", "ed25519", absl::BytesToHexString(public_bytes_)};
}

std::string TestKey::SignHex(absl::string_view message) const {
  OwnedKey key = PrivateKey(seed_);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  std::string signature(64, '\0');
  size_t size = signature.size();
  Require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
          EVP_DigestSign(context.get(), Data(signature), &size, Data(message), message.size()) ==
              1);
  return absl::BytesToHexString(signature);
}

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

void RepositorySimulator::UpdateTargets() {
  Raise(targets);
  UpdateSnapshot();
}

void RepositorySimulator::UpdateSnapshot() {
  std::string bytes = Bytes(Role::kTargets);
  json& meta = snapshot["meta"]["targets.json"];
  meta = {{"version", targets["version"]}};
  if (states_hashes) meta.update({{"length", bytes.size()}, {"hashes", HashesOf(bytes)}});
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

void RepositorySimulator::AddTarget(const std::string& path, const std::string& content,
                                    const json& custom) {
  json entry = {{"length", content.size()}, {"hashes", HashesOf(content)}};
  if (!custom.is_null()) entry["custom"] = custom;
  targets["targets"][path] = entry;
  size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  target_files[absl::StrCat(trust::HashHex("sha256", content), ".", name)] = content;
}

void RepositorySimulator::SetExpires(Role role, absl::Time time) {
  Signed(role)["expires"] = TimeText(time);
}

trust::TrustedState RepositorySimulator::InitialState() const {
  return {.root = roots_.front(), .timestamp = "", .snapshot = "", .targets = ""};
}

std::string RepositorySimulator::Find(absl::string_view name) {
  if (name == "timestamp.json") return Bytes(Role::kTimestamp);
  if (absl::EndsWith(name, ".snapshot.json")) return Bytes(Role::kSnapshot);
  if (absl::EndsWith(name, ".targets.json")) return Bytes(Role::kTargets);
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
