#include "sync/publisher/publication/source_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sync/feeds/listing.h"

namespace cloister::publisher {
namespace {

using feeds::Fault;
using feeds::FeedEntry;
using feeds::RowFault;
using reputation::Category;
using reputation::Record;
using reputation::Verdict;

constexpr int kStepsOfValidity = 4;

bool Condemns(Verdict verdict) { return verdict < Verdict::kTrusted; }

absl::Time RoundedUp(absl::Time time, absl::Duration step) {
  return absl::UnixEpoch() + absl::Ceil(time - absl::UnixEpoch(), step);
}

}  // namespace

SourcePolicy::SourcePolicy(const SourceTerms& terms, absl::Time now) : terms_(terms), now_(now) {
  if (terms_.valid_for > absl::ZeroDuration()) {
    end_from_now_ = RoundedUp(now + terms_.valid_for,
                              std::max(terms_.valid_for / kStepsOfValidity, absl::Hours(1)));
  }
  changes_ = !terms_.verdict_map.empty() || !terms_.categories.empty() || terms_.confidence != 0 ||
             terms_.max_confidence < 100 || terms_.valid_for > absl::ZeroDuration() ||
             terms_.applies_to != 0;
}

std::optional<Fault> SourcePolicy::Refusal(const FeedEntry& entry) const {
  if (entry.record.ExpiredAt(now_)) {
    return Fault{RowFault::kExpired,
                 absl::StrCat("had lapsed by ",
                              absl::FormatTime("%Y-%m-%d %H:%MZ", entry.record.valid_until(),
                                               absl::UTCTimeZone()))};
  }
  if (entry.record.excluded) return std::nullopt;
  return feeds::VerdictFault(entry.key, entry.record.verdict);
}

void SourcePolicy::ApplyVerdict(FeedEntry* entry) const {
  const auto mapped = terms_.verdict_map.find(entry->record.verdict);
  if (mapped == terms_.verdict_map.end()) return;
  if (Condemns(entry->record.verdict) && !Condemns(mapped->second)) {
    entry->label.threat_name.clear();
    entry->label.categories.clear();
  }
  entry->record.verdict = mapped->second;
}

void SourcePolicy::ApplyCategories(reputation::Label* label) const {
  if (terms_.categories.empty()) return;
  std::vector<Category>& categories = label->categories;
  categories.insert(categories.end(), terms_.categories.begin(), terms_.categories.end());
  std::sort(categories.begin(), categories.end());
  categories.erase(std::unique(categories.begin(), categories.end()), categories.end());
}

void SourcePolicy::ApplyEnd(Record* record) const {
  if (terms_.valid_for <= absl::ZeroDuration() || record->valid_until_hours != 0) return;
  const absl::Time seen = record->last_seen_days != 0 ? record->last_seen() : record->first_seen();
  const absl::Time end = seen == absl::InfinitePast() ? end_from_now_ : seen + terms_.valid_for;
  record->valid_until_hours = reputation::HoursSinceEpoch(end);
}

std::optional<Fault> SourcePolicy::Apply(FeedEntry* entry) const {
  Record& record = entry->record;
  if (record.applies_to == 0) record.applies_to = terms_.applies_to;
  ApplyEnd(&record);
  if (!record.excluded) {
    ApplyVerdict(entry);
    ApplyCategories(&entry->label);
    if (record.confidence == 0) record.confidence = terms_.confidence;
    record.confidence = std::min(record.confidence, terms_.max_confidence);
  }
  return Refusal(*entry);
}

}  // namespace cloister::publisher
