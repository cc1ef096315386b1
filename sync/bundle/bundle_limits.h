// Every bound on what is read from a bundle, in one place, with units.

#pragma once

#include <cstdint>

namespace cloister::bundle {

struct BundleLimits {
  uint64_t max_index_bytes = 16ull << 20;       // index.json
  uint32_t max_feeds = 64;                      // feeds of one bundle
  uint32_t max_members = 32768;                 // files of one bundle, the index apart
  uint64_t max_metadata_bytes = 16ull << 20;    // one file below metadata/
  uint64_t max_target_bytes = 256ull << 20;     // one file below targets/
  uint64_t max_total_bytes = 64ull << 30;       // all files together, unpacked
  uint64_t max_expansion = 64;                  // bytes unpacked for each byte compressed, beyond
  uint64_t free_expansion_bytes = 16ull << 20;  // the first so many bytes unpacked
};

}  // namespace cloister::bundle
