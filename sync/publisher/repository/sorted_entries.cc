#include "sync/publisher/repository/sorted_entries.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "storage/pack/pack_format.h"

namespace cloister::publisher {
namespace {

using reputation::IpAddress;
using reputation::IpPrefix;
using reputation::Label;
using reputation::LookupForm;

// Lengths, sequence number, restart points, filter and index of an SST entry, rounded up.
constexpr uint64_t kOverheadBytes = 17;
constexpr uint64_t kFixedPackBytes = 8192;  // properties, footer, header entry

}  // namespace

// Records are encoded with their labels' ids while they pass.
class SortedEntries::Cursor : public storage::EntryCursor {
 public:
  explicit Cursor(const SortedEntries& entries) : entries_(entries), reader_(entries.items_) {
    Load();
  }

  bool Valid() const override { return status_.ok() && (InLabels() || reader_.Valid()); }
  absl::string_view key() const override {
    return InLabels() ? absl::string_view(entries_.stored_labels_[label_].key)
                      : reader_.item().key();
  }
  absl::string_view value() const override {
    return InLabels() ? absl::string_view(entries_.stored_labels_[label_].value) : value_;
  }
  absl::Status status() const override { return status_.ok() ? reader_.status() : status_; }

  void Next() override {
    if (InLabels()) {
      ++label_;
    } else {
      reader_.Next();
    }
    Load();
  }

 private:
  bool InLabels() const { return label_ < entries_.stored_labels_.size(); }

  void Load() {
    if (InLabels() || !reader_.Valid()) return;
    reputation::Record record = reader_.item().record;
    record.label_id = entries_.ids_[record.label_id];
    value_.clear();
    status_ = reputation::EncodeRecord(record, &value_);
  }

  const SortedEntries& entries_;
  ItemReader reader_;
  size_t label_ = 0;
  std::string value_;
  absl::Status status_;
};

std::unique_ptr<storage::EntryCursor> SortedEntries::NewCursor() const {
  return std::make_unique<Cursor>(*this);
}

uint64_t SortedEntries::duplicates() const {
  uint64_t added = 0;
  for (const SourceMerge& source : merges_.sources) added += source.added;
  return added - records_;
}

uint64_t SortedEntries::BytesInPack(size_t key_size, size_t value_size) {
  return key_size + value_size + kOverheadBytes;
}

absl::Status SortedEntries::AssignIds(const std::vector<const Label*>& labels,
                                      const std::vector<bool>& used) {
  std::set<Label> wanted;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (used[i + 1]) wanted.insert(*labels[i]);
  }
  absl::StatusOr<std::map<Label, uint32_t>> assigned = storage::AssignLabelIds(wanted);
  if (!assigned.ok()) return assigned.status();

  ids_.assign(labels.size() + 1, 0);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (used[i + 1]) ids_[i + 1] = assigned->at(*labels[i]);
  }
  std::map<uint32_t, const Label*> by_id;
  for (const auto& [label, id] : *assigned) by_id[id] = &label;
  for (const auto& [id, label] : by_id) {
    absl::StatusOr<std::string> encoded = storage::EncodeLabel(*label);
    if (!encoded.ok()) return encoded.status();
    stored_labels_.push_back({storage::LabelKey(id), *std::move(encoded)});
    snapshot_bytes_ +=
        BytesInPack(stored_labels_.back().key.size(), stored_labels_.back().value.size());
  }
  snapshot_bytes_ += kFixedPackBytes;
  return absl::OkStatus();
}

absl::Status SortedEntries::Count(const SortItem& item) {
  const absl::string_view key = item.key();
  std::string value;
  absl::Status encoded = reputation::EncodeRecord(item.record, &value);
  if (!encoded.ok()) return encoded;
  ++records_;
  snapshot_bytes_ += BytesInPack(key.size(), value.size());
  const auto form =
      static_cast<LookupForm>(static_cast<uint8_t>(key[0]) << 8 | static_cast<uint8_t>(key[1]));
  coverage_.Add(form);
  // The last byte of an IP key is the length of its prefix.
  const uint8_t length = static_cast<uint8_t>(key.back());
  if (form == LookupForm::kIpv4Prefix) prefix_lengths_.v4.set(length);
  if (form == LookupForm::kIpv6Prefix) prefix_lengths_.v6.set(length);
  return absl::OkStatus();
}

}  // namespace cloister::publisher
