// JSON as metadata uses it: read within bounds, written in the one canonical form that
// signatures and key ids cover.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace cloister::trust {

// How many values, objects and arrays included, one text may hold.
inline constexpr uint64_t kMaxJsonValues = 1 << 19;

// The value that `bytes` hold. kMetadataTooLarge beyond `max_bytes`; kMetadataMalformed if it is
// not JSON (RFC 8259) in UTF-8, nests objects and arrays deeper than `max_depth` (a value that
// is neither has depth 0), holds more than kMaxJsonValues, or an object has one name twice.
absl::StatusOr<nlohmann::json> ParseJson(absl::string_view bytes, uint64_t max_bytes,
                                         uint32_t max_depth);

// OLPC canonical JSON (http://wiki.laptop.org/go/Canonical_JSON), as securesystemslib and tuf-js
// write it: names sorted by code point, no white space, strings in UTF-8 with only `"` and `\`
// escaped. kMetadataMalformed if `value` holds a number that is not an integer, or a string that
// is not UTF-8.
absl::StatusOr<std::string> CanonicalJson(const nlohmann::json& value);

}  // namespace cloister::trust
