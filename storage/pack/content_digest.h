// The content digest: which entries a version of a feed holds, whatever packs they came in.

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cloister::storage {

// Number of entries, and the sum modulo 2^256 of SHA-256 over each entry framed as
//   4 B big-endian key length, key, 4 B big-endian value length, value.
// Order does not matter and entries can be taken out again, so a delta can be checked without
// reading the rest. It finds drift; authenticity comes from the signed metadata. A value type.
class ContentDigest {
 public:
  // "<entries>:<64 hexadecimal digits, most significant first>". InvalidArgument otherwise.
  static absl::StatusOr<ContentDigest> Parse(absl::string_view text);
  // `sum` is 32 bytes, most significant first.
  static absl::StatusOr<ContentDigest> FromParts(uint64_t entries, absl::string_view sum);

  void Add(absl::string_view key, absl::string_view value);
  // Takes out an entry that was added.
  void Remove(absl::string_view key, absl::string_view value);
  // Adds all entries of another set; the two must not share a key.
  void Add(const ContentDigest& other);

  uint64_t entries() const { return entries_; }
  std::string sum() const;  // 32 bytes, most significant first
  std::string ToString() const;

  friend bool operator==(const ContentDigest&, const ContentDigest&) = default;

 private:
  uint64_t entries_ = 0;
  std::array<uint64_t, 4> sum_{};  // least significant word first
};

}  // namespace cloister::storage
