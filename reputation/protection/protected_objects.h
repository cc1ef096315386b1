// Objects that no feed may condemn: what everybody uses, and what an organisation owns. An
// appliance masks the records of feeds that list one; a publisher leaves them out.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "reputation/verdict.h"

namespace cloister::reputation {

// Immutable; thread-safe.
class ProtectedObjects {
 public:
  virtual ~ProtectedObjects() = default;

  // Which protected object a record under `key` with `scope` lists, in words ("empty file", "own
  // domain bank.example", "public suffix co.uk", "warning list Top 1000: github.com"); nullopt if
  // none. An IP key counts if its prefix touches a protected network. A URL key counts if it is the
  // root of a protected name and `scope` is SUBTREE: that lists the whole site; a listed page does
  // not condemn the host it is on. A name below an own domain cannot be told from its key, which is
  // a hash: ProtectsAnswer finds those.
  virtual std::optional<std::string> Protects(const LookupKey& key, Scope scope) const = 0;

  // Which protected object an answer by a record under keys[index] with `scope` would condemn, in
  // words as above; nullopt if none. `keys` are those of the object asked about, most specific
  // first (see LookupKeys in reputation/object.h). Digests: keys[index] itself. Names: keys[index]
  // itself, or the name asked about, or it lies below an own domain: a wider record answers for the
  // other names. Addresses: what is asked about lies in a protected network; a listed prefix that
  // merely touches one still answers for its other addresses.
  virtual std::optional<std::string> ProtectsAnswer(std::span<const LookupKey> keys, size_t index,
                                                    Scope scope) const = 0;

  // The same where the name is known, and not its key alone: of a listed host, or of the site that
  // a URL expression (reputation/url.h) lists with scope SUBTREE, whatever its port. Finds what
  // keys hide: names below an own domain, and public suffixes of wildcard rules ("*.ck").
  virtual std::optional<std::string> ProtectsText(ObjectKind kind, absl::string_view expression,
                                                  Scope scope) const = 0;

  // Whether a record with `verdict` under a protected key is masked: threats are, TRUSTED and
  // KNOWN are not.
  static bool Masks(Verdict verdict);

  virtual size_t size() const = 0;  // names, digests and networks together
};

}  // namespace cloister::reputation
