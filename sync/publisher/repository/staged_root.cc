#include "sync/publisher/repository/staged_root.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reputation/digest.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/root_edit.h"
#include "sync/publisher/repository/settings.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/key.h"
#include "sync/trust/limits.h"
#include "sync/trust/trusted_metadata.h"

namespace cloister::publisher {
namespace {

using nlohmann::json;
using trust::Role;

constexpr char kFormat[] = "cloister_root_change";
constexpr int kFormatVersion = 1;
constexpr uint64_t kMaxStagedBytes = 2 << 20;  // two roots
constexpr uint32_t kMaxDepth = 20;

absl::Status NotStaged(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a staged root: ", why, "; 'cloister-publish keys add --stage' makes one"));
}

absl::StatusOr<std::string> MemberText(const json& value, const char* name) {
  const auto found = value.find(name);
  if (found == value.end() || !found->is_string()) {
    return NotStaged(absl::StrCat(name, " is missing"));
  }
  return found->get<std::string>();
}

// The root in `bytes`, once it is signed by its own threshold.
absl::StatusOr<trust::Root> VerifiedRoot(const std::string& bytes) {
  trust::TrustedState state;
  state.root = bytes;
  absl::StatusOr<trust::TrustedMetadata> trusted =
      trust::TrustedMetadata::Create(state, trust::Limits());
  if (!trusted.ok()) return trusted.status();
  return trusted->root();
}

// Holders see ids, and compare them with those of the root before. An id is the key's own hash, so
// that no other key hides under it.
absl::Status CheckKeyIds(const trust::Root& root) {
  for (const auto& [id, key] : root.keys) {
    if (id == trust::KeyId(key)) continue;
    return absl::DataLossError(absl::StrCat("root version ", root.version,
                                            " lists a key under the id ", absl::CHexEscape(id),
                                            ", which is not its own but may be another key's. ",
                                            "Do not sign it; find out who staged it"));
  }
  return absl::OkStatus();
}

Signatures SignersOf(const trust::Root& root, const trust::SignedFile& file) {
  Signatures signatures;
  signatures.root_version = root.version;
  const trust::RoleKeys& role = root.roles.at(Role::kRoot);
  signatures.threshold = role.threshold;
  std::set<std::string> counted;  // one key under two ids is one key
  for (const std::string& id : role.key_ids) {
    const auto key = root.keys.find(id);
    if (key == root.keys.end() || !counted.insert(trust::KeyIdentity(key->second)).second) continue;
    (file.signatures.count(id) > 0 ? signatures.signed_by : signatures.missing).push_back(id);
  }
  return signatures;
}

}  // namespace

absl::StatusOr<StagedRoot> StagedRoot::Make(const std::string& feed, const std::string& current,
                                            const trust::Root& next) {
  const json signed_part = RootJson(next);
  const json file = {{kFormat, kFormatVersion},
                     {"feed", feed},
                     {"current", current.empty() ? json() : json::parse(current, nullptr, false)},
                     {"next", {{"signatures", json::array()}, {"signed", signed_part}}}};
  return Parse(file.dump());
}

absl::StatusOr<StagedRoot> StagedRoot::Parse(absl::string_view bytes) {
  absl::StatusOr<json> value = trust::ParseJson(bytes, kMaxStagedBytes, kMaxDepth);
  if (!value.ok()) return NotStaged(value.status().message());
  if (!value->is_object() || value->value(kFormat, json()) != json(kFormatVersion)) {
    return NotStaged(absl::StrCat(kFormat, " is not ", kFormatVersion));
  }
  StagedRoot staged;
  absl::StatusOr<std::string> feed = MemberText(*value, "feed");
  if (!feed.ok()) return feed.status();
  if (!CheckFeedName(*feed).ok()) return NotStaged("feed is not the name of one");
  staged.feed_ = *std::move(feed);
  const json current = value->value("current", json());
  if (!current.is_null()) {
    staged.current_bytes_ = current.dump(1) + "\n";
    absl::StatusOr<trust::Root> root = VerifiedRoot(staged.current_bytes_);
    if (!root.ok()) return root.status();
    staged.current_ = *std::move(root);
    if (absl::Status good = CheckKeyIds(*staged.current_); !good.ok()) return good;
  }
  const trust::Limits limits;
  absl::StatusOr<trust::SignedFile> file =
      trust::ParseSigned(value->value("next", json()).dump(), Role::kRoot, limits);
  if (!file.ok()) return file.status();
  staged.next_file_ = *std::move(file);
  absl::StatusOr<trust::Root> next = trust::ParseRoot(staged.next_file_, limits);
  if (!next.ok()) return next.status();
  staged.next_ = *std::move(next);
  const uint64_t due = staged.current_.has_value() ? staged.current_->version + 1 : 1;
  if (staged.next_.version != due) {
    return absl::FailedPreconditionError(
        absl::StrCat("the staged root is version ", staged.next_.version, ", and after the one in ",
                     "force ", due, " is due: clients walk every version, one by one"));
  }
  if (absl::Status good = CheckSatisfiable(staged.next_); !good.ok()) return good;
  if (absl::Status good = CheckKeyIds(staged.next_); !good.ok()) return good;
  if (absl::Status good = staged.CheckSignatures(); !good.ok()) return good;
  return staged;
}

absl::Status StagedRoot::CheckSignatures() const {
  for (const auto& [id, signature] : next_file_.signatures) {
    const trust::PublicKey* key = FindKey(id);
    if (key != nullptr && trust::VerifySignature(*key, next_file_.canonical, signature)) continue;
    return absl::DataLossError(
        absl::StrCat("the signature by key ", absl::CHexEscape(id),
                     key == nullptr ? " is by a key that neither root names"
                                    : " does not fit: the file was altered after it was signed",
                     ". Do not sign it; get it again from whoever staged it"));
  }
  return absl::OkStatus();
}

const trust::PublicKey* StagedRoot::FindKey(const std::string& key_id) const {
  const trust::Root* roots[] = {current_.has_value() ? &*current_ : nullptr, &next_};
  for (const trust::Root* root : roots) {
    if (root == nullptr) continue;
    if (!absl::c_linear_search(root->roles.at(Role::kRoot).key_ids, key_id)) continue;
    const auto found = root->keys.find(key_id);
    if (found != root->keys.end()) return &found->second;
  }
  return nullptr;
}

std::string StagedRoot::NextBytes() const {
  json signatures = json::array();
  for (const auto& [id, signature] : next_file_.signatures) {
    signatures.push_back({{"keyid", id}, {"sig", signature}});
  }
  const json file = {{"signatures", signatures}, {"signed", next_file_.signed_part}};
  return file.dump(1) + "\n";
}

std::string StagedRoot::ToText() const {
  const json file = {{kFormat, kFormatVersion},
                     {"feed", feed_},
                     {"current", current_bytes_.empty() ? json() : json::parse(current_bytes_)},
                     {"next", json::parse(NextBytes())}};
  return file.dump(1) + "\n";
}

std::string StagedRoot::Fingerprint() const {
  const reputation::Sha256Bytes hash = reputation::Sha256(next_file_.canonical);
  const std::string digits = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  std::vector<std::string> groups;
  for (size_t i = 0; i < digits.size(); i += 4) groups.push_back(digits.substr(i, 4));
  return absl::StrJoin(groups, " ");
}

absl::Status StagedRoot::Sign(const SigningKey& key) {
  if (next_file_.signatures.count(key.key_id()) > 0) {
    return absl::AlreadyExistsError(
        absl::StrCat("key ", key.key_id(), " has signed this root already"));
  }
  if (FindKey(key.key_id()) == nullptr) {
    return absl::PermissionDeniedError(
        absl::StrCat("key ", key.key_id(), " is a root key neither of the root in force nor of ",
                     "the staged one: its signature would count for nothing"));
  }
  absl::StatusOr<std::string> signature = key.Sign(next_file_.canonical);
  if (!signature.ok()) return signature.status();
  next_file_.signatures[key.key_id()] = absl::BytesToHexString(*signature);
  return CheckSignatures();
}

std::vector<Signatures> StagedRoot::Signers() const {
  std::vector<Signatures> signers;
  if (current_.has_value()) signers.push_back(SignersOf(*current_, next_file_));
  signers.push_back(SignersOf(next_, next_file_));
  return signers;
}

absl::StatusOr<std::string> StagedRoot::Complete() const {
  for (const Signatures& signatures : Signers()) {
    if (signatures.enough()) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "root version ", signatures.root_version, " asks for ", signatures.threshold,
        " signatures, and ", signatures.signed_by.size(), " of its keys have signed; missing are ",
        signatures.threshold - signatures.signed_by.size(), " of ",
        absl::StrJoin(signatures.missing, ", ")));
  }
  const std::string bytes = NextBytes();
  if (!current_.has_value()) {
    absl::StatusOr<trust::Root> verified = VerifiedRoot(bytes);
    if (!verified.ok()) return verified.status();
    return bytes;
  }
  trust::TrustedState state;
  state.root = current_bytes_;
  absl::StatusOr<trust::TrustedMetadata> trusted =
      trust::TrustedMetadata::Create(state, trust::Limits());
  if (!trusted.ok()) return trusted.status();
  if (absl::Status followed = trusted->UpdateRoot(bytes); !followed.ok()) return followed;
  return bytes;
}

}  // namespace cloister::publisher
