// Packs objects into BatchLookup requests within the server's limits.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cloister/object.h"
#include "cloister/v1/reputation.pb.h"
#include "reputation/object.h"

namespace cloister::client {

// One call's worth of objects.
class KeyBatch {
 public:
  // Bytes of a request, below the 4 MiB that servers take.
  static constexpr size_t kMaxBytes = 4'000'000;

  struct Asked {
    size_t index;     // the caller's, as given to Add
    uint32_t keys;    // how many it has
    bool ends_in_ip;  // the server then adds keys for shorter prefixes
  };

  KeyBatch(size_t max_keys, Context context);

  // Whether an object with these keys still goes in; always true for an empty batch.
  bool Fits(const reputation::LookupKeys& keys) const;
  void Add(const reputation::LookupKeys& keys, size_t index);

  // The common case without intermediate values: the SHA-256 digest of a file. Needs
  // !full(), and is not mixed with objects of several keys.
  void AddSha256(const uint8_t* digest, size_t index);
  bool full() const { return keys_ >= max_keys_ || bytes_ + 64 > kMaxBytes; }

  bool empty() const { return asked_.empty(); }
  const std::vector<Asked>& asked() const { return asked_; }

  // Complete, with the counts left out where each is one.
  const v1::BatchLookupRequest& Request();

  void Clear();

 private:
  const size_t max_keys_;
  size_t keys_ = 0;
  size_t bytes_ = 0;
  bool single_keys_ = true;   // every object has one key
  bool single_exact_ = true;  // every object has one exact key
  std::vector<Asked> asked_;
  v1::BatchLookupRequest request_;
};

}  // namespace cloister::client
