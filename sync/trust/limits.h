// Every bound on what is read from a repository, in one place, with units.

#pragma once

#include <cstdint>

namespace cloister::trust {

struct Limits {
  uint64_t max_root_bytes = 512 * 1024;      // one N.root.json
  uint64_t max_timestamp_bytes = 16 * 1024;  // timestamp.json
  uint64_t max_snapshot_bytes = 2 << 20;     // where the timestamp does not state a length
  uint64_t max_targets_bytes = 5 << 20;      // where the snapshot does not state a length
  uint32_t max_root_rotations = 256;         // new roots in one update
  uint32_t max_json_depth = 16;              // nesting of objects and arrays
  uint32_t max_keys = 64;                    // keys in a root
  uint32_t max_signatures = 64;              // signatures on one file
  uint32_t max_targets = 4096;               // targets of one feed
  uint64_t max_target_bytes = 256ull << 20;  // one pack

  // Delegations.
  uint32_t max_delegation_keys = 1024;   // keys in one file's delegations
  uint32_t max_delegated_roles = 1024;   // roles that one file delegates to
  uint32_t max_delegation_paths = 4096;  // patterns or hash prefixes in one file's delegations
  uint32_t max_role_name_bytes = 72;     // so that it becomes a file name, percent-encoded
  uint32_t max_roles_visited = 32;       // in one search for a target, the top-level one apart
  uint32_t max_delegation_depth = 16;    // delegations in a row
  uint32_t max_kept_delegated = 64;      // delegated files kept between runs

  // Not bounds: what the specification allows and a feed's repository does not. Without consistent
  // snapshots files change in place, and a reader can fall between two versions; packs are known
  // by their SHA-256.
  bool accept_inconsistent_snapshots = false;
  bool accept_targets_without_sha256 = false;
};

}  // namespace cloister::trust
