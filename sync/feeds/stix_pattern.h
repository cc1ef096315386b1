// STIX patterns (STIX 2.1, section 9) as far as a listing can hold them.

#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "sync/feeds/feed_report.h"

namespace cloister::feeds {

// What one alternative of a pattern names; `value` as in Listing.
struct PatternObject {
  reputation::ObjectKind kind;
  std::string value;
  bool c2 = false;  // the destination of a connection
};

struct PatternObjects {
  std::vector<PatternObject> objects;
  // One for each alternative that no listing can hold.
  std::vector<Fault> faults;
};

// - `=`, `IN`, and `ISSUBSET` of a network are held; OR gives several objects.
// - Digests of one file joined by AND are that file, and what else is said of the file (its name,
//   its size, a fuzzy hash) adds nothing: SHA-256, SHA-1 and MD5 become an object each, the
//   strongest first.
// - `network-traffic:dst_ref.value`, also with dst_ref.type, is the destination.
// - Any other AND, NOT, other operators, qualifiers, sequences, and other properties are faults:
//   less than the whole condition would list what the source did not mean.
// A digest whose length is not that of the algorithm it is called by is a fault.
// The pattern as a whole is a Fault if it does not follow the grammar, or is longer, deeper or
// has more alternatives than any real one.
std::variant<PatternObjects, Fault> ReadStixPattern(absl::string_view pattern);

}  // namespace cloister::feeds
