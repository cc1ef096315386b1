#include "sync/publisher/repository/entry_sorter.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::publisher {
namespace {

using reputation::Label;
using reputation::Record;
using reputation::Scope;

constexpr size_t kMinItemsInMemory = 2;

// Larger is better, field by field.
auto Weight(const Record& record) {
  const uint32_t lasts = record.valid_until_hours == 0 ? UINT32_MAX : record.valid_until_hours;
  return std::tuple(-static_cast<int>(record.verdict), lasts, record.confidence,
                    record.scope == Scope::kSubtree, record.scope == Scope::kSubdomainsOnly);
}

Record Decode(const SortItem& item) {
  // Encoded by SortItem::Make, so it decodes.
  return reputation::DecodeRecord(item.record()).value();
}

}  // namespace

// Where merged items go: memory if they all were there, a file otherwise.
class EntrySorter::Output {
 public:
  Output(SortedEntries* entries, size_t labels) : entries_(entries), used_(labels + 1, false) {}

  absl::Status Take(const SortItem& item) {
    used_[Decode(item).label_id] = true;
    entries_->Count(item);
    return entries_->in_file_ != nullptr ? entries_->in_file_->Append(item) : absl::OkStatus();
  }
  const std::vector<bool>& used() const { return used_; }

 private:
  SortedEntries* entries_;
  std::vector<bool> used_;
};

uint32_t EntrySorter::NumberOf(const Label& label) {
  if (label.empty()) return 0;
  const auto next = static_cast<uint32_t>(labels_.size() + 1);
  const auto [position, added] = label_numbers_.try_emplace(label, next);
  if (added) labels_.push_back(&position->first);
  return position->second;
}

uint16_t EntrySorter::AddSource(std::string name, uint8_t trust) {
  merges_.sources.push_back({.name = std::move(name)});
  trusts_.push_back(trust);
  return static_cast<uint16_t>(trusts_.size() - 1);
}

absl::Status EntrySorter::Add(const feeds::FeedEntry& entry, uint16_t source) {
  if (source >= trusts_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("there is no source number ", source));
  }
  ++merges_.sources[source].added;
  Record record = entry.record;
  record.label_id = NumberOf(entry.label);
  absl::StatusOr<SortItem> item = SortItem::Make(entry.key, record);
  if (!item.ok()) return item.status();
  const size_t limit = std::max(options_.memory_bytes / sizeof(SortItem), kMinItemsInMemory);
  // At once: memory that is not written to costs nothing, while growing would need twice as much.
  pending_.reserve(limit);
  pending_.push_back(*item);
  return pending_.size() < limit ? absl::OkStatus() : SpillPending();
}

bool EntrySorter::Wins(const SortItem& a, const SortItem& b) const {
  Record left = Decode(a);
  Record right = Decode(b);
  if (Weight(left) != Weight(right)) return Weight(left) > Weight(right);
  // Numbers of labels depend on the order of Add; their words do not.
  static const Label none;
  const Label& left_label = left.label_id == 0 ? none : *labels_[left.label_id - 1];
  const Label& right_label = right.label_id == 0 ? none : *labels_[right.label_id - 1];
  const auto rest = [](const Record& record) {
    return std::tuple(record.last_seen_days, record.first_seen_days, record.prevalence,
                      record.applies_to);
  };
  if (rest(left) != rest(right)) return rest(left) > rest(right);
  return left_label > right_label;
}

void EntrySorter::SortPending() {
  std::sort(pending_.begin(), pending_.end(),
            [](const SortItem& a, const SortItem& b) { return a.CompareKey(b) < 0; });
  size_t kept = 0;
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (kept > 0 && pending_[kept - 1].CompareKey(pending_[i]) == 0) {
      ++duplicates_;
      if (Wins(pending_[i], pending_[kept - 1])) pending_[kept - 1] = pending_[i];
    } else {
      pending_[kept++] = pending_[i];
    }
  }
  pending_.resize(kept);
}

absl::Status EntrySorter::SpillPending() {
  SortPending();
  absl::StatusOr<std::shared_ptr<ItemFile>> run = ItemFile::Create(options_.directory);
  if (!run.ok()) return run.status();
  for (const SortItem& item : pending_) {
    absl::Status appended = (*run)->Append(item);
    if (!appended.ok()) return appended;
  }
  pending_.clear();
  runs_.push_back(*std::move(run));
  return runs_.back()->Flush();
}

absl::Status EntrySorter::Merge(Output* output) {
  std::vector<ItemReader> readers;
  for (const std::shared_ptr<ItemFile>& run : runs_) {
    readers.emplace_back(std::shared_ptr<const ItemFile>(run));
  }
  const auto later = [&readers](size_t a, size_t b) {
    return readers[a].item().CompareKey(readers[b].item()) > 0;
  };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> heads(later);
  for (size_t i = 0; i < readers.size(); ++i) {
    if (readers[i].Valid()) heads.push(i);
  }
  const auto pop = [&readers, &heads] {
    const size_t reader = heads.top();
    heads.pop();
    const SortItem item = readers[reader].item();
    readers[reader].Next();
    if (readers[reader].Valid()) heads.push(reader);
    return item;
  };
  while (!heads.empty()) {
    SortItem best = pop();
    while (!heads.empty() && readers[heads.top()].item().CompareKey(best) == 0) {
      const SortItem other = pop();
      ++duplicates_;
      if (Wins(other, best)) best = other;
    }
    absl::Status taken = output->Take(best);
    if (!taken.ok()) return taken;
  }
  for (const ItemReader& reader : readers) {
    if (!reader.status().ok()) return reader.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SortedEntries>> EntrySorter::Finish() {
  std::unique_ptr<SortedEntries> entries(new SortedEntries());
  Output output(entries.get(), labels_.size());
  if (runs_.empty()) {
    SortPending();
    for (const SortItem& item : pending_) {
      absl::Status taken = output.Take(item);
      if (!taken.ok()) return taken;
    }
    entries->in_memory_ = std::make_shared<std::vector<SortItem>>(std::move(pending_));
  } else {
    absl::Status spilled = SpillPending();
    if (!spilled.ok()) return spilled;
    absl::StatusOr<std::shared_ptr<ItemFile>> file = ItemFile::Create(options_.directory);
    if (!file.ok()) return file.status();
    entries->in_file_ = *std::move(file);
    absl::Status merged = Merge(&output);
    if (merged.ok()) merged = entries->in_file_->Flush();
    if (!merged.ok()) return merged;
    runs_.clear();
  }
  entries->duplicates_ = duplicates_;
  entries->merges_ = std::move(merges_);
  absl::Status assigned = entries->AssignIds(labels_, output.used());
  if (!assigned.ok()) return assigned;
  return entries;
}

}  // namespace cloister::publisher
