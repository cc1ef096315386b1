// What a packed batch asks, checked and cut into objects.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cloister/v1/reputation.pb.h"
#include "reputation/ip_address.h"
#include "reputation/lookup_key.h"

namespace cloister::server {

// One object of a batch: consecutive keys, most specific first.
struct BatchObject {
  uint32_t first = 0;  // index of its first key
  uint32_t count = 1;  // keys to look for, added prefixes included
  uint8_t given = 1;   // keys that the caller gave
  uint8_t exact = 1;   // leading keys that name the object itself
};

struct DecodedBatch {
  std::vector<reputation::LookupKey> keys;
  // In the caller's order. Empty if every key is an object of its own.
  std::vector<BatchObject> objects;

  size_t object_count() const { return objects.empty() ? keys.size() : objects.size(); }
  BatchObject object(size_t index) const {
    return objects.empty() ? BatchObject{.first = static_cast<uint32_t>(index)} : objects[index];
  }
};

// InvalidArgument, naming field and offset or index; ResourceExhausted if there are more than
// `max_keys`, or if `lengths` would make them too many. Objects that end in a full-length IP
// prefix get the shorter ones in `lengths`.
absl::StatusOr<DecodedBatch> DecodeBatch(const v1::BatchLookupRequest& request, uint32_t max_keys,
                                         const reputation::PrefixLengths& lengths);

}  // namespace cloister::server
