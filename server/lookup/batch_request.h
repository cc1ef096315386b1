// What a packed batch asks, checked, cut into objects, and those into slices to look for at once.

#pragma once

#include <cstdint>
#include <span>
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
// `max_keys`, or if the prefixes of `lengths` that addresses add would make them too many.
absl::StatusOr<DecodedBatch> DecodeBatch(const v1::BatchLookupRequest& request, uint32_t max_keys,
                                         const reputation::PrefixLengths& lengths);

// Some consecutive objects of a batch. Borrows from the batch and from BatchSlices.
class BatchSlice {
 public:
  std::span<const reputation::LookupKey> keys;  // to look for: as given, and added prefixes
  size_t first_object = 0;
  size_t object_count = 0;

  // The `index`-th object of the slice; its keys are counted in `keys`.
  BatchObject object(size_t index) const {
    return expanded == nullptr ? batch->object(first_object + index) : (*expanded)[index];
  }

  const DecodedBatch* batch = nullptr;
  const std::vector<BatchObject>* expanded = nullptr;  // null where nothing was added
};

// Gives objects that end in a full-length IP prefix the shorter ones that the data holds, a slice
// at a time: however many they are, they take memory for one slice.
class BatchSlices {
 public:
  // A slice ends with the object that brings it to so many keys.
  static constexpr size_t kEnoughKeys = 1 << 16;

  // Both must outlive this object.
  BatchSlices(const DecodedBatch& batch, const reputation::PrefixLengths& lengths);

  // The next slice, which is valid until the next call; false after the last.
  bool Next(BatchSlice* slice);

 private:
  void Expand(const BatchObject& object);

  const DecodedBatch& batch_;
  const reputation::PrefixLengths& lengths_;
  bool has_addresses_;
  size_t next_ = 0;  // object
  std::vector<reputation::LookupKey> keys_;
  std::vector<BatchObject> objects_;
};

}  // namespace cloister::server
