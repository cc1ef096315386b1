// The four files of a TUF repository as values (The Update Framework 1.0, section 4).
// Parsing checks form only; TrustedMetadata decides whom to believe. Fields that are not known here
// are signed and passed over. Integers reach to 2^53 - 1, which every JSON reader holds exactly.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "sync/trust/limits.h"

namespace cloister::trust {

enum class Role { kRoot, kTimestamp, kSnapshot, kTargets };
absl::string_view RoleName(Role role);  // "root" …

// A verification key as metadata carries it.
struct PublicKey {
  std::string key_type;  // "ed25519", "ecdsa", "rsa" …
  std::string scheme;    // "ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256" …
  // keyval.public: 32 bytes in hexadecimal for ed25519, else a SubjectPublicKeyInfo in PEM.
  std::string public_value;
};

// SHA-256 in hexadecimal of the key's canonical JSON. What the publisher uses; a reader takes any
// key id, as the specification does, and counts keys rather than ids.
std::string KeyId(const PublicKey& key);

struct RoleKeys {
  std::vector<std::string> key_ids;
  uint32_t threshold = 1;
};

// What every file has in common.
struct Common {
  uint64_t version = 0;
  absl::Time expires;
};

struct Root : Common {
  bool consistent_snapshot = true;        // see Limits::accept_inconsistent_snapshots
  std::map<std::string, PublicKey> keys;  // by key id
  std::map<Role, RoleKeys> roles;         // all four
};

// How a file names another.
struct FileMeta {
  uint64_t version = 0;
  uint64_t length = 0;                        // 0: not stated
  std::map<std::string, std::string> hashes;  // algorithm to lower-case hexadecimal; may be empty
};

struct Timestamp : Common {
  FileMeta snapshot;
  // When it was signed, from the field "x-issued"; InfinitePast if not stated.
  absl::Time issued;
};

struct Snapshot : Common {
  std::map<std::string, FileMeta> meta;  // "targets.json" …
};

struct TargetFile {
  uint64_t length = 0;
  std::map<std::string, std::string> hashes;  // see Limits::accept_targets_without_sha256
  nlohmann::json custom;                      // null if absent
};

// Another role that a targets file trusts with some paths (section 4.5).
struct DelegatedRole {
  std::string name;  // no top-level role's; at most Limits::max_role_name_bytes
  RoleKeys keys;     // ids into Delegations::keys
  bool terminating = false;
  // Exactly one of them is not empty.
  std::vector<std::string> paths;               // patterns, see delegation.h
  std::vector<std::string> path_hash_prefixes;  // lower-case hexadecimal
};

struct Delegations {
  std::map<std::string, PublicKey> keys;  // by key id
  std::vector<DelegatedRole> roles;       // in the order in which they are asked
};

struct Targets : Common {
  // By path, as listed: at most 1024 bytes without control characters and backslashes, and its
  // last component 1 to 190 bytes, so that it becomes part of a file name safely.
  std::map<std::string, TargetFile> targets;
  Delegations delegations;  // empty where there are none
};

// A parsed file: the signatures, and the canonical bytes that they cover.
struct SignedFile {
  Role role;
  nlohmann::json signed_part;
  std::string canonical;                          // of signed_part
  std::map<std::string, std::string> signatures;  // key id to hexadecimal signature
};

// kMetadataMalformed, naming the field, also where a key signs twice; kMetadataTooLarge;
// kMetadataWrongRole for another role or spec version; kTargetTooLarge for a target above the
// limit. Delegated targets files are of the role kTargets, too (section 4.5).
absl::StatusOr<SignedFile> ParseSigned(absl::string_view bytes, Role role, const Limits& limits);
absl::StatusOr<Root> ParseRoot(const SignedFile& file, const Limits& limits);
absl::StatusOr<Timestamp> ParseTimestamp(const SignedFile& file);
absl::StatusOr<Snapshot> ParseSnapshot(const SignedFile& file);
absl::StatusOr<Targets> ParseTargets(const SignedFile& file, const Limits& limits);

}  // namespace cloister::trust
