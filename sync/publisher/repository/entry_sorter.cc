#include "sync/publisher/repository/entry_sorter.h"

#include <algorithm>
#include <array>
#include <queue>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace cloister::publisher {
namespace {

using reputation::Label;

constexpr size_t kMinItemsInMemory = 2;

// Items are sorted by what stands for them: few keys are alike in their prefix, and what moves is
// a quarter of an item's size.
struct Handle {
  uint64_t prefix;
  uint32_t position;
};

// Handles are there twice while they are sorted.
constexpr size_t kBytesPerItem = sizeof(SortItem) + 2 * sizeof(Handle);

// Items lie in memory as they came, and processors guess no order in that: so they are told which
// ones will be wanted soon.
constexpr size_t kItemsAhead = 16;

// Orders by prefix, one byte of it after the other, the least significant first (radix sort).
void SortByPrefix(std::vector<Handle>* handles) {
  constexpr size_t kDigits = 256;
  std::vector<Handle> sorted(handles->size());
  for (int shift = 0; shift < 64; shift += 8) {
    const auto digit = [shift](const Handle& handle) { return handle.prefix >> shift & 0xff; };
    std::array<size_t, kDigits> begins{};
    for (const Handle& handle : *handles) ++begins[digit(handle)];
    // Nothing to do where all agree, as they mostly do in the bytes of kind and form.
    if (handles->empty() || begins[digit(handles->front())] == handles->size()) continue;
    size_t begin = 0;
    for (size_t& count : begins) begin += std::exchange(count, begin);
    for (const Handle& handle : *handles) sorted[begins[digit(handle)]++] = handle;
    handles->swap(sorted);
  }
}

// The first item of a run that is not merged yet.
struct Head {
  uint64_t prefix;
  size_t run;
};

}  // namespace

size_t EntrySorter::LabelHash::operator()(const Label& label) const {
  return absl::HashOf(label.threat_name, label.categories, label.product, label.vendor,
                      label.version);
}

uint32_t EntrySorter::NumberOf(const Label& label) {
  if (label.empty()) return 0;
  if (last_label_ != 0 && *labels_[last_label_ - 1] == label) return last_label_;
  const auto next = static_cast<uint32_t>(labels_.size() + 1);
  const auto [position, added] = label_numbers_.try_emplace(label, next);
  if (added) labels_.push_back(&position->first);
  return last_label_ = position->second;
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
  encoded_.clear();
  absl::Status good = reputation::EncodeRecord(entry.record, &encoded_);
  if (!good.ok()) return good;
  const size_t limit =
      std::clamp<size_t>(options_.memory_bytes / kBytesPerItem, kMinItemsInMemory, UINT32_MAX);
  // At once: memory that is not written to costs nothing, while growing would need twice as much.
  pending_.reserve(limit);
  pending_.push_back(SortItem::Make(entry.key, entry.record, source));
  pending_.back().record.label_id = NumberOf(entry.label);
  ++merges_.sources[source].added;
  return pending_.size() < limit ? absl::OkStatus() : SpillPending();
}

template <typename Take>
absl::Status EntrySorter::TakePending(const Take& take) {
  std::vector<Handle> handles;
  handles.reserve(pending_.size());
  for (uint32_t i = 0; i < pending_.size(); ++i) handles.push_back({pending_[i].KeyPrefix(), i});
  SortByPrefix(&handles);
  for (auto begin = handles.begin(); begin != handles.end();) {
    const auto end = std::find_if(begin, handles.end(), [begin](const Handle& handle) {
      return handle.prefix != begin->prefix;
    });
    if (end - begin > 1) {
      std::sort(begin, end, [this](const Handle& a, const Handle& b) {
        return pending_[a.position].CompareKey(pending_[b.position]) < 0;
      });
    }
    begin = end;
  }
  for (size_t i = 0; i < handles.size(); ++i) {
    if (i + kItemsAhead < handles.size()) {
      __builtin_prefetch(&pending_[handles[i + kItemsAhead].position]);
    }
    absl::Status taken = take(pending_[handles[i].position]);
    if (!taken.ok()) return taken;
  }
  pending_.clear();
  return absl::OkStatus();
}

absl::Status EntrySorter::SpillPending() {
  absl::StatusOr<std::shared_ptr<ItemFile>> run = ItemFile::Create(options_.directory);
  if (!run.ok()) return run.status();
  absl::Status spilled = TakePending([&run](const SortItem& item) { return (*run)->Append(item); });
  if (!spilled.ok()) return spilled;
  runs_.push_back(*std::move(run));
  return runs_.back()->Flush();
}

absl::Status EntrySorter::MergeRuns(EntryMerger* merger) {
  std::vector<ItemReader> readers;
  for (const std::shared_ptr<ItemFile>& run : runs_) readers.emplace_back(run);
  const auto later = [&readers](const Head& a, const Head& b) {
    if (a.prefix != b.prefix) return a.prefix > b.prefix;
    return readers[a.run].item().CompareKey(readers[b.run].item()) > 0;
  };
  std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
  const auto push = [&readers, &heads](size_t run) {
    if (readers[run].Valid()) heads.push({readers[run].item().KeyPrefix(), run});
  };
  for (size_t run = 0; run < readers.size(); ++run) push(run);
  while (!heads.empty()) {
    const size_t run = heads.top().run;
    absl::Status taken = merger->Take(readers[run].item());
    if (!taken.ok()) return taken;
    heads.pop();
    readers[run].Next();
    push(run);
  }
  for (const ItemReader& reader : readers) {
    if (!reader.status().ok()) return reader.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SortedEntries>> EntrySorter::Finish() {
  absl::StatusOr<std::shared_ptr<ItemFile>> file = ItemFile::Create(options_.directory);
  if (!file.ok()) return file.status();
  std::unique_ptr<SortedEntries> entries(new SortedEntries());
  entries->items_ = *file;
  std::vector<bool> used_labels(labels_.size() + 1, false);
  EntryMerger merger({trusts_, labels_}, &merges_, [&](const SortItem& item) {
    used_labels[item.record.label_id] = true;
    absl::Status counted = entries->Count(item);
    return counted.ok() ? (*file)->Append(item) : counted;
  });
  if (!runs_.empty() && !pending_.empty()) {
    absl::Status spilled = SpillPending();
    if (!spilled.ok()) return spilled;
  }
  absl::Status merged =
      runs_.empty() ? TakePending([&merger](const SortItem& item) { return merger.Take(item); })
                    : MergeRuns(&merger);
  if (merged.ok()) merged = merger.Finish();
  if (merged.ok()) merged = (*file)->Flush();
  if (!merged.ok()) return merged;
  runs_.clear();
  pending_ = {};
  entries->merges_ = std::move(merges_);
  absl::Status assigned = entries->AssignIds(labels_, used_labels);
  if (!assigned.ok()) return assigned;
  return entries;
}

}  // namespace cloister::publisher
