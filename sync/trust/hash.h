// The hashes that metadata states for files: sha256 and sha512. Others are passed over, as the
// specification allows (section 4.4: a client checks those that it knows).

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cloister::trust {

// Bytes of the named algorithm's hash; 0 if it is not known here.
size_t HashBytes(absl::string_view algorithm);

// Lower-case hexadecimal hash of `bytes`; "" if the algorithm is not known.
std::string HashHex(absl::string_view algorithm, absl::string_view bytes);

// Compares bytes that arrive in pieces with every known hash of a set.
class HashCheck {
 public:
  // `hashes`: algorithm to lower-case hexadecimal.
  explicit HashCheck(const std::map<std::string, std::string>& hashes);
  ~HashCheck();

  void Update(absl::string_view bytes);
  // Whether all known hashes agree, and at least one is known. Call once.
  bool Matches();

 private:
  struct Running;
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace cloister::trust
