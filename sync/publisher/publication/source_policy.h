// What a source's terms make of its entries. Pure.

#pragma once

#include <optional>

#include "absl/time/time.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/feed_report.h"
#include "sync/publisher/publication/publication.h"

namespace cloister::publisher {

// Immutable; thread-safe.
//
// - A verdict is replaced as the map says. One that condemns nobody any more loses threat name and
//   categories, which would say otherwise. What may be trusted stays the readers' rule
//   (feeds::VerdictFault).
// - Confidence that is not stated is the terms', and none is above their maximum.
// - An entry that states no end gets one, `valid_for` after it was last seen, or else first seen.
//   Where it says neither, the end is `valid_for` after `now` rounded up to a quarter of
//   `valid_for` (at least an hour), counted from 1970: builds within a quarter agree on it.
// - What has lapsed at `now` is refused (kExpired).
// - Exclusions have neither verdict nor confidence nor categories; the rest holds for them, too.
class SourcePolicy {
 public:
  SourcePolicy(const SourceTerms& terms, absl::Time now);

  // Whether Apply changes entries at all, or only refuses some.
  bool changes() const { return changes_; }
  // Why an entry is not kept as it is; for when nothing changes.
  std::optional<feeds::Fault> Refusal(const feeds::FeedEntry& entry) const;
  // The same, after the terms were applied to it.
  std::optional<feeds::Fault> Apply(feeds::FeedEntry* entry) const;

 private:
  void ApplyVerdict(feeds::FeedEntry* entry) const;
  void ApplyCategories(reputation::Label* label) const;
  void ApplyEnd(reputation::Record* record) const;

  SourceTerms terms_;
  absl::Time now_;
  absl::Time end_from_now_;
  bool changes_ = false;
};

}  // namespace cloister::publisher
