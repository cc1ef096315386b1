// What an answer says. Values only.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cloister/object.h"

namespace cloister {

// Points in time, to the second, UTC.
using TimePoint = std::chrono::sys_time<std::chrono::seconds>;

// Fields that are not stated are empty.
struct SoftwareIdentity {
  std::string product;
  std::string vendor;
  std::string version;

  bool empty() const { return product.empty() && vendor.empty() && version.empty(); }
  friend bool operator==(const SoftwareIdentity&, const SoftwareIdentity&) = default;
};

// One record that matched.
struct Match {
  Verdict verdict = Verdict::kNone;
  uint8_t confidence = 0;  // 0 to 100 on the STIX scale; 0 if not stated
  std::vector<Category> categories;
  std::string threat_name;  // as the feed has it; empty if none
  SoftwareIdentity software;
  std::optional<TimePoint> first_seen;   // to the day
  std::optional<TimePoint> last_seen;    // to the day
  std::optional<TimePoint> valid_until;  // when the record lapses; unset if it does not
  uint8_t prevalence_log2 = 0;           // of how many machines have it; 0 if not stated
  std::optional<Scope> scope;            // unset if the server does not tell it

  // The expression, name, prefix, package URL or digest that matched. After BatchLookup empty for
  // an address: the server does not tell which prefix of it matched.
  std::string matched_expression;

  Layer layer = Layer::kNone;
  std::string feed;                  // empty for an override
  uint64_t feed_version = 0;         // 0 for an override
  std::chrono::seconds data_age{0};  // since the feed's publisher last vouched for its data

  friend bool operator==(const Match&, const Match&) = default;
};

// A feed that covers the kind of object asked about.
struct FeedState {
  std::string feed;
  uint64_t version = 0;
  std::chrono::seconds data_age{0};

  friend bool operator==(const FeedState&, const FeedState&) = default;
};

// The answer about one object.
//
// A match whose verdict this library does not know (a newer server's) is left out; where none is
// left the status is kPartial, never kNotListed. A status that it does not know is kError.
struct Answer {
  AnswerStatus status = AnswerStatus::kError;

  // The winner first, then those that it outranked. Empty unless the status is kListed, and then
  // never empty. BatchLookup names the winner alone, without times, scope and prevalence.
  std::vector<Match> matches;

  std::string canonical;              // the object in canonical form
  std::vector<FeedState> feeds;       // feeds consulted; after BatchLookup every feed served
  std::chrono::seconds cache_ttl{0};  // how long this answer may be reused
  uint64_t generation = 0;            // of the server's data; rises with every change there

  ErrorKind error = ErrorKind::kNone;  // set if the status is kError, and only then
  // What went wrong and what to do, for people; also why the status is kPartial, where that is
  // known.
  std::string error_message;

  // The winning verdict; kNone unless the status is kListed.
  Verdict verdict() const { return matches.empty() ? Verdict::kNone : matches.front().verdict; }
  // The winning record, or nullptr. Borrows from this answer.
  const Match* winner() const { return matches.empty() ? nullptr : &matches.front(); }

  friend bool operator==(const Answer&, const Answer&) = default;
};

}  // namespace cloister
