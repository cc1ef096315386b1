// From the records found to the one that answers. Pure: the caller brings the time.

#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/object.h"
#include "reputation/record.h"

namespace cloister::reputation {

// Where records come from, in the order in which they are asked.
enum class LayerKind {
  kOverride,       // what an operator of this appliance decided
  kAuthoritative,  // a feed declared to stand above the others
  kFeed,
};

struct Layer {
  LayerKind kind = LayerKind::kFeed;
  int priority = 0;  // among layers of one kind the higher breaks ties
};

// A record found under keys[key_index] in layers[layer].
struct Match {
  size_t layer = 0;
  size_t key_index = 0;
  Record record;

  friend bool operator==(const Match&, const Match&) = default;
};

// Every match that may answer, the winner first and the outranked after it in their order.
// Empty if none may.
//
// A match may answer unless its record is removed, has expired at `now`, is of another context
// than `context`, is found through a parent that its scope does not reach from (or, with
// kSubdomainsOnly, through the object itself), says TRUSTED where that is not allowed: by MD5
// or SHA-1 (RFC 6194, RFC 6151: collisions), or from a feed through a parent; or is an exclusion,
// or excluded by one.
// For host and IP keys of a URL, kAny is taken as kUrlHost.
//
// An exclusion (Record::excluded) that has not expired, is of the context asked in and whose scope
// reaches the object excludes what its own layer says under keys of its kind that are less
// specific: the feed's shorter prefixes for the addresses of 192.0.2.0/28, its parents of
// good.example.com, its listings of directories above a page. That of a host holds for the host of
// a URL as well, but not for what the feed lists as a URL; that of a URL leaves hosts alone.
// Where a caller names no context, a record is excluded only if it is so in every context that it
// applies to. Overrides know no exclusions.
//
// Order: overrides, then authoritative feeds, then feeds. Within overrides the most specific
// record; within the others the gravest verdict, then the higher priority, then the most specific
// record; ties go to the layer that comes first.
//
// Requires match.layer < layers.size() and match.key_index < keys.keys.size().
std::vector<Match> Resolve(const LookupKeys& keys, std::span<const Layer> layers,
                           std::vector<Match> matches, LookupContext context, absl::Time now);

// Why a match answers or does not.
enum class MatchOutcome {
  kWon,              // it is the answer
  kOutranked,        // it may answer, and another stands above it
  kRemoved,          // the feed withdrew it
  kExpired,          // its valid_until has passed
  kScope,            // its scope does not reach the object asked about
  kContext,          // it applies to other contexts
  kTrustNotAllowed,  // it says TRUSTED where that is not allowed
  kExcluded,         // it may not answer because of a more specific exclusion of its layer
  kExclusion,        // it is such an exclusion, in force, whether or not there is what it excludes
};

// "won", "outranked", "removed", "expired", "scope", "context", "trust_not_allowed", "excluded",
// "exclusion".
absl::string_view MatchOutcomeName(MatchOutcome outcome);

// Every match with its outcome, for operators who ask why: those that Resolve returns, in its
// order, then the others ordered by the same rules. Requires what Resolve requires.
std::vector<std::pair<Match, MatchOutcome>> ResolveExplained(const LookupKeys& keys,
                                                             std::span<const Layer> layers,
                                                             const std::vector<Match>& matches,
                                                             LookupContext context, absl::Time now);

}  // namespace cloister::reputation
