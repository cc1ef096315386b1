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
};

}  // namespace cloister::trust
