#include "sync/publisher/repository/entry_merger.h"

#include <algorithm>
#include <tuple>

namespace cloister::publisher {
namespace {

using reputation::Label;
using reputation::Record;
using reputation::Scope;
using reputation::Verdict;

// What a record states: smaller is graver.
int Statement(const Record& record) {
  if (record.excluded) return 3;
  switch (record.verdict) {
    case Verdict::kMalicious:
      return 0;
    case Verdict::kUnwanted:
      return 1;
    case Verdict::kSuspicious:
      return 2;
    case Verdict::kTrusted:
      return 4;
    case Verdict::kKnown:
      return 5;
  }
  return 6;
}

bool SaysTheSame(const SortItem& a, const SortItem& b) {
  return Statement(a.record) == Statement(b.record);
}

bool Condemns(const Record& record) { return Statement(record) <= 2; }
bool Vouches(const Record& record) { return Statement(record) == 3 || Statement(record) == 4; }

// What decides among records that state the same, but for their labels. Larger is better.
auto Weight(const Record& record) {
  const uint32_t lasts = record.valid_until_hours == 0 ? UINT32_MAX : record.valid_until_hours;
  return std::tuple(lasts, record.confidence, record.scope == Scope::kSubtree,
                    record.scope == Scope::kSubdomainsOnly, record.prevalence, record.applies_to);
}

// Both were seen: the times of `record` become those of either.
void AddSightings(const Record& other, Record* record) {
  uint16_t& first = record->first_seen_days;
  uint16_t& last = record->last_seen_days;
  if (first == 0 || (other.first_seen_days != 0 && other.first_seen_days < first)) {
    first = other.first_seen_days;
  }
  last = std::max(last, other.last_seen_days);
}

// One source may know only when an object was seen last, another one only when it was seen first,
// and later than that.
void PutInOrder(Record* record) {
  if (record->last_seen_days != 0 && record->first_seen_days > record->last_seen_days) {
    std::swap(record->first_seen_days, record->last_seen_days);
  }
}

MergeConflict Conflict(const SortItem& winner, const SortItem& loser) {
  // Items are made of keys, so theirs can be read.
  MergeConflict conflict{.key = *reputation::LookupKey::Parse(winner.key()),
                         .winner = winner.source,
                         .loser = loser.source,
                         .kept = winner.record,
                         .overruled = loser.record};
  conflict.kept.label_id = 0;
  conflict.overruled.label_id = 0;
  return conflict;
}

}  // namespace

absl::Status EntryMerger::Take(const SortItem& item) {
  if (!items_.empty() && items_.front().CompareKey(item) != 0) {
    absl::Status decided = Decide();
    if (!decided.ok()) return decided;
  }
  Join(item);
  return absl::OkStatus();
}

absl::Status EntryMerger::Finish() { return items_.empty() ? absl::OkStatus() : Decide(); }

void EntryMerger::Join(const SortItem& item) {
  SortItem* same = nullptr;
  bool repeated = false;
  for (SortItem& other : items_) {
    if (other.source != item.source) continue;
    repeated = true;
    if (SaysTheSame(other, item)) same = &other;
  }
  if (repeated) ++report_->sources[item.source].repeated;
  if (same == nullptr) {
    items_.push_back(item);
    return;
  }
  SortItem merged = Wins(item, *same) ? item : *same;
  AddSightings(item.record, &merged.record);
  AddSightings(same->record, &merged.record);
  *same = merged;
}

bool EntryMerger::Wins(const SortItem& a, const SortItem& b) const {
  const uint8_t trust_a = terms_.trusts[a.source];
  const uint8_t trust_b = terms_.trusts[b.source];
  if (trust_a != trust_b) return trust_a > trust_b;
  if (!SaysTheSame(a, b)) return Statement(a.record) < Statement(b.record);
  if (Weight(a.record) != Weight(b.record)) return Weight(a.record) > Weight(b.record);
  if (a.record.label_id != b.record.label_id) {
    // Numbers of labels depend on the order of arrival; their words do not.
    static const Label none;
    const auto label = [this](const SortItem& item) -> const Label& {
      return item.record.label_id == 0 ? none : *terms_.labels[item.record.label_id - 1];
    };
    return label(a) > label(b);
  }
  return a.source < b.source;
}

absl::Status EntryMerger::Decide() {
  if (items_.size() > 1) {
    std::sort(items_.begin(), items_.end(),
              [this](const SortItem& a, const SortItem& b) { return Wins(a, b); });
  }
  SortItem winner = items_.front();
  for (const SortItem& item : items_) {
    if (SaysTheSame(item, winner)) AddSightings(item.record, &winner.record);
  }
  PutInOrder(&winner.record);
  ++report_->sources[winner.source].kept;
  CountLosers(winner);
  items_.clear();
  return output_(winner);
}

void EntryMerger::CountLosers(const SortItem& winner) {
  for (auto item = items_.begin() + 1; item != items_.end(); ++item) {
    // The first of a source's items is what it says; its others were counted as repeated.
    const bool told = std::any_of(items_.begin(), item, [item](const SortItem& before) {
      return before.source == item->source;
    });
    if (told) continue;
    SourceMerge& source = report_->sources[item->source];
    if (SaysTheSame(*item, winner)) {
      ++source.shared;
      continue;
    }
    ++source.overruled;
    if ((Condemns(winner.record) && Vouches(item->record)) ||
        (Vouches(winner.record) && Condemns(item->record))) {
      NoteConflict(winner, *item);
    }
  }
}

void EntryMerger::NoteConflict(const SortItem& winner, const SortItem& loser) {
  ++report_->conflicts;
  if (report_->examples.size() < MergeReport::kMaxExamples) {
    report_->examples.push_back(Conflict(winner, loser));
  }
}

}  // namespace cloister::publisher
