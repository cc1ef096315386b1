#include "sync/trust/metadata.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/reject_reason.h"
#include "sync/trust/canonical_json.h"
#include "sync/trust/hash.h"
#include "sync/trust/json_fields.h"
#include "sync/trust/role_fields.h"

namespace cloister::trust {
namespace {

using nlohmann::json;
using reputation::Rejected;
using reputation::RejectReason;

constexpr Role kRoles[] = {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets};
// What a file system takes as a name, less "<64 hexadecimal digits>." before it (section 6.2).
constexpr size_t kMaxTargetNameBytes = 255 - 65;
constexpr size_t kMaxTargetPathBytes = 1024;

uint64_t MaxBytes(Role role, const Limits& limits) {
  switch (role) {
    case Role::kRoot:
      return limits.max_root_bytes;
    case Role::kTimestamp:
      return limits.max_timestamp_bytes;
    case Role::kSnapshot:
      return limits.max_snapshot_bytes;
    case Role::kTargets:
      return limits.max_targets_bytes;
  }
  return 0;
}

// Whatever is wrong below is named with the role's file.
absl::Status WithRole(Role role, const absl::Status& status) {
  auto reason = reputation::ReasonOf(status);
  if (!reason) return status;
  absl::string_view message = status.message();
  absl::ConsumePrefix(&message, absl::StrCat(reputation::RejectReasonName(*reason), ": "));
  return Rejected(*reason, absl::StrCat(RoleName(role), " metadata: ", message));
}

absl::Status CheckIdentity(const json& signed_part, Role role) {
  FieldErrors errors(RejectReason::kMetadataMalformed);
  JsonFields fields(signed_part, "signed", &errors);
  std::string type = fields.String("_type");
  std::string spec_version = fields.String("spec_version");
  if (!errors.ok()) return errors.first();
  if (type != RoleName(role)) {
    return Rejected(RejectReason::kMetadataWrongRole,
                    absl::StrCat("its _type is not \"", RoleName(role), "\""));
  }
  // Section 4.2.1: a client reads every minor and patch version of the major one it knows.
  if (!absl::StartsWith(spec_version, "1.") || spec_version.size() > 16) {
    return Rejected(RejectReason::kMetadataWrongRole,
                    "its spec_version is not 1.x; this program reads version 1 only");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, std::string>> ReadSignatures(const JsonFields& file,
                                                                  FieldErrors* errors,
                                                                  const Limits& limits) {
  const json& list = file.Array("signatures");
  if (list.size() > limits.max_signatures) {
    file.Wrong("signatures", absl::StrCat("has more than ", limits.max_signatures, " entries"));
    return errors->first();
  }
  std::map<std::string, std::string> signatures;
  for (const json& element : list) {
    JsonFields signature(element, "signatures[]", errors);
    std::string key_id = signature.String("keyid");
    if (key_id.size() > kMaxKeyIdBytes) signature.Wrong("keyid", "is too long");
    if (!signatures.emplace(key_id, signature.String("sig")).second) {
      signature.Wrong("keyid", "signs twice");
    }
    if (!errors->ok()) return errors->first();
  }
  return signatures;
}

void ReadCommon(const JsonFields& fields, Common* common) {
  common->version = fields.Integer("version", {.min = 1});
  common->expires = fields.Time("expires");
}

// At least one hash that is known here, each in the form that HashCheck compares.
std::map<std::string, std::string> ReadHashes(const JsonFields& file) {
  std::map<std::string, std::string> hashes;
  bool known = false;
  JsonFields list = file.Object("hashes");
  for (const auto& [algorithm, value] : list.members()) {
    std::string hex = list.String(algorithm);
    size_t bytes = HashBytes(algorithm);
    bool lower_hex = hex.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (bytes != 0 && (hex.size() != 2 * bytes || !lower_hex)) {
      list.Wrong(algorithm, absl::StrCat("must be ", 2 * bytes, " lower-case hexadecimal digits"));
    }
    known = known || bytes != 0;
    hashes.emplace(algorithm, std::move(hex));
  }
  if (!known) file.Wrong("hashes", "has neither sha256 nor sha512");
  return hashes;
}

FileMeta ReadFileMeta(const JsonFields& file) {
  FileMeta meta;
  meta.version = file.Integer("version", {.min = 1});
  if (file.Has("length")) meta.length = file.Integer("length", {.min = 1});
  if (file.Has("hashes")) meta.hashes = ReadHashes(file);
  return meta;
}

// A path becomes part of a file name and of a URL.
bool IsSafePath(absl::string_view path) {
  if (path.empty() || path.size() > kMaxTargetPathBytes) return false;
  for (char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return false;
  }
  size_t slash = path.rfind('/');
  absl::string_view name = slash == absl::string_view::npos ? path : path.substr(slash + 1);
  return !name.empty() && name.size() <= kMaxTargetNameBytes;
}

TargetFile ReadTarget(const JsonFields& fields, const Limits& limits) {
  TargetFile target;
  target.length = fields.Integer("length");
  target.hashes = ReadHashes(fields);
  if (target.hashes.count("sha256") == 0 && !limits.accept_targets_without_sha256) {
    fields.Wrong("hashes", "has no sha256");
  }
  if (fields.Has("custom")) target.custom = fields.members().at("custom");
  return target;
}

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kRoot:
      return "root";
    case Role::kTimestamp:
      return "timestamp";
    case Role::kSnapshot:
      return "snapshot";
    case Role::kTargets:
      return "targets";
  }
  return "unknown";
}

absl::StatusOr<SignedFile> ParseSigned(absl::string_view bytes, Role role, const Limits& limits) {
  absl::StatusOr<json> document = ParseJson(bytes, MaxBytes(role, limits), limits.max_json_depth);
  if (!document.ok()) return WithRole(role, document.status());
  FieldErrors errors(RejectReason::kMetadataMalformed);
  JsonFields fields(*document, "file", &errors);
  if (!fields.Has("signed")) fields.Wrong("signed", "is missing");
  auto signatures = ReadSignatures(fields, &errors, limits);
  if (!errors.ok()) return WithRole(role, errors.first());

  SignedFile file;
  file.role = role;
  file.signed_part = std::move((*document)["signed"]);
  file.signatures = *std::move(signatures);
  if (absl::Status s = CheckIdentity(file.signed_part, role); !s.ok()) return WithRole(role, s);
  absl::StatusOr<std::string> canonical = CanonicalJson(file.signed_part);
  if (!canonical.ok()) return WithRole(role, canonical.status());
  file.canonical = *std::move(canonical);
  return file;
}

absl::StatusOr<Root> ParseRoot(const SignedFile& file, const Limits& limits) {
  FieldErrors errors(RejectReason::kMetadataMalformed);
  JsonFields fields(file.signed_part, "signed", &errors);
  Root root;
  ReadCommon(fields, &root);
  // Section 4.3: optional, for the sake of old repositories.
  root.consistent_snapshot =
      fields.Has("consistent_snapshot") && fields.Bool("consistent_snapshot");
  if (!root.consistent_snapshot && !limits.accept_inconsistent_snapshots) {
    fields.Wrong("consistent_snapshot", "must be true");
  }
  auto keys = ReadKeys(fields.Object("keys"), limits.max_keys);
  if (!keys.ok()) return WithRole(file.role, keys.status());
  root.keys = *std::move(keys);
  JsonFields roles = fields.Object("roles");
  for (Role role : kRoles) {
    root.roles[role] = ReadRoleKeys(roles.Object(RoleName(role)), limits);
  }
  if (!errors.ok()) return WithRole(file.role, errors.first());
  return root;
}

absl::StatusOr<Timestamp> ParseTimestamp(const SignedFile& file) {
  FieldErrors errors(RejectReason::kMetadataMalformed);
  JsonFields fields(file.signed_part, "signed", &errors);
  Timestamp timestamp;
  ReadCommon(fields, &timestamp);
  timestamp.snapshot = ReadFileMeta(fields.Object("meta").Object("snapshot.json"));
  timestamp.issued = fields.Has("x-issued") ? fields.Time("x-issued") : absl::InfinitePast();
  if (!errors.ok()) return WithRole(file.role, errors.first());
  return timestamp;
}

absl::StatusOr<Snapshot> ParseSnapshot(const SignedFile& file) {
  FieldErrors errors(RejectReason::kMetadataMalformed);
  JsonFields fields(file.signed_part, "signed", &errors);
  Snapshot snapshot;
  ReadCommon(fields, &snapshot);
  JsonFields meta = fields.Object("meta");
  for (const auto& [name, value] : meta.members()) {
    snapshot.meta[name] = ReadFileMeta(meta.Object(name));
  }
  if (!errors.ok()) return WithRole(file.role, errors.first());
  return snapshot;
}

absl::StatusOr<Targets> ParseTargets(const SignedFile& file, const Limits& limits) {
  FieldErrors errors(RejectReason::kMetadataMalformed);
  JsonFields fields(file.signed_part, "signed", &errors);
  Targets targets;
  ReadCommon(fields, &targets);
  JsonFields list = fields.Object("targets");
  if (list.members().size() > limits.max_targets) {
    fields.Wrong("targets", absl::StrCat("has more than ", limits.max_targets, " entries"));
    return WithRole(file.role, errors.first());
  }
  for (const auto& [path, value] : list.members()) {
    if (!IsSafePath(path)) list.Wrong(path, "is not a path that becomes a file name safely");
    targets.targets[path] = ReadTarget(list.Object(path), limits);
    if (targets.targets[path].length > limits.max_target_bytes) {
      return WithRole(file.role,
                      Rejected(RejectReason::kTargetTooLarge,
                               absl::StrCat(path, " is longer than ", limits.max_target_bytes)));
    }
  }
  if (fields.Has("delegations")) {
    auto delegations = ReadDelegations(fields.Object("delegations"), &errors, limits);
    if (!delegations.ok()) return WithRole(file.role, delegations.status());
    targets.delegations = *std::move(delegations);
  }
  if (!errors.ok()) return WithRole(file.role, errors.first());
  return targets;
}

}  // namespace cloister::trust
