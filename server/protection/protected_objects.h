// Objects that no feed may condemn: what everybody uses, and what the organisation owns. A record
// of a feed that lists one is masked: answers pass over it, and operators are told. Overrides are
// the administrator's own word and are not masked.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/verdict.h"
#include "server/config/configuration.h"

namespace cloister::server {

// Immutable; thread-safe.
class ProtectedObjects {
 public:
  virtual ~ProtectedObjects() = default;

  // Which protected object `key` lists, in words ("empty file", "own domain bank.example",
  // "public suffix co.uk", "warning list top-1000: github.com"); nullopt if none. For keys of
  // records: an IP key counts if its prefix touches a protected network. URL keys never count: a
  // listed page does not condemn the host it is on.
  virtual std::optional<std::string> Protects(const reputation::LookupKey& key) const = 0;

  // Whether a record with `verdict` under a protected key is masked: threats are, TRUSTED and
  // KNOWN are not.
  static bool Masks(reputation::Verdict verdict);

  virtual size_t size() const = 0;  // names, digests and networks together
};

// InvalidArgument names the file, list or domain and the mend. Entries of warning lists that no
// lookup key stands for (regular expressions, substrings) are counted in `*passed_over`.
absl::StatusOr<std::unique_ptr<ProtectedObjects>> BuildProtectedObjects(
    const ProtectionConfig& options, uint64_t* passed_over);

}  // namespace cloister::server
