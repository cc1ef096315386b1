// Which version of a STIX object counts where a bundle holds several.

#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace cloister::feeds {

// Versions of one object share its id; the one modified last replaces the others, a revoked one,
// too (STIX 2.1, section 3.6). Filled by a first reading of the bundle, asked by a second one. Not
// thread-safe.
class StixVersions {
 public:
  // How many objects are remembered, some 24 bytes each; of further ones all versions count.
  static constexpr size_t kMaxObjects = 4'000'000;

  void See(const nlohmann::json& object);
  // Whether the bundle holds a later version of `object`.
  bool IsSuperseded(const nlohmann::json& object) const;

 private:
  absl::flat_hash_map<uint64_t, absl::Time> newest_;  // by hash of the id
};

}  // namespace cloister::feeds
