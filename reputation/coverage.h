// What a feed declares to know about, so that "not listed" can be told from "not covered".

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "reputation/lookup_key.h"

namespace cloister::reputation {

// A set of: "file/sha256", "file/sha1", "file/md5", "url", "host", "ip/v4", "ip/v6",
// "software/purl", "software/signer". A value type.
class Coverage {
 public:
  // InvalidArgument names a word that is not in the list above.
  static absl::StatusOr<Coverage> FromNames(const std::vector<std::string>& names);

  void Add(LookupForm form);
  void Add(const Coverage& other) { bits_ |= other.bits_; }
  bool Covers(LookupForm form) const;
  bool empty() const { return bits_ == 0; }

  // In the order of the list above.
  std::vector<std::string> Names() const;

  friend bool operator==(const Coverage&, const Coverage&) = default;

 private:
  uint16_t bits_ = 0;
};

}  // namespace cloister::reputation
