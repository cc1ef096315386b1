#include "storage/store/generation_view.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "storage/pack/pack_format.h"

namespace cloister::storage {
namespace {

using reputation::LookupKey;
using reputation::Record;

// Keys that one call of MultiGet takes; their buffers live on the stack.
constexpr size_t kChunkKeys = 64;

// One layer and how to read it.
struct LayerSource {
  size_t layer;
  rocksdb::ColumnFamilyHandle* handle;
  const reputation::Coverage* coverage;  // null: may hold any key
  const rocksdb::Snapshot* snapshot;     // null: what is newest
  const ColumnFamily* family;            // to be marked where it is damaged; null: the overrides
  absl::StatusOr<Record> (*decode)(absl::string_view);
};

class LayerReader {
 public:
  LayerReader(rocksdb::DB* db, const LayerSource& source, FindResult* result)
      : db_(db), source_(source), result_(result) {
    options_.snapshot = source.snapshot;
  }

  void Read(std::span<const LookupKey> keys) {
    for (size_t i = 0; i < keys.size(); ++i) {
      if (source_.coverage != nullptr && !source_.coverage->Covers(keys[i].form())) continue;
      keys_[count_] = ToSlice(keys[i].bytes());
      indexes_[count_] = i;
      if (++count_ == kChunkKeys) ReadChunk();
    }
    ReadChunk();
  }

 private:
  void ReadChunk() {
    if (count_ == 1) ReadOne();
    if (count_ > 1) ReadMany();
    count_ = 0;
  }

  void ReadOne() {
    rocksdb::PinnableSlice value;
    Take(0, db_->Get(options_, source_.handle, keys_[0], &value), value);
  }

  void ReadMany() {
    std::array<rocksdb::PinnableSlice, kChunkKeys> values;
    std::array<rocksdb::Status, kChunkKeys> statuses;
    db_->MultiGet(options_, source_.handle, count_, keys_.data(), values.data(), statuses.data());
    for (size_t i = 0; i < count_; ++i) Take(i, statuses[i], values[i]);
  }

  void Take(size_t index, const rocksdb::Status& status, const rocksdb::Slice& value) {
    if (status.IsNotFound()) return;
    absl::StatusOr<Record> record =
        status.ok() ? source_.decode(ToView(value)) : DatabaseError(status, "read a record");
    if (!record.ok()) {
      result_->partial = true;
      bool damage = status.ok() || IsDamage(status);
      if (damage && source_.family != nullptr) source_.family->MarkDamaged();
    } else if (!record->removed) {
      result_->matches.push_back({source_.layer, indexes_[index], *record});
    }
  }

  rocksdb::DB* const db_;
  const LayerSource& source_;
  FindResult* const result_;
  rocksdb::ReadOptions options_;
  size_t count_ = 0;
  std::array<rocksdb::Slice, kChunkKeys> keys_;
  std::array<size_t, kChunkKeys> indexes_;
};

}  // namespace

GenerationView::GenerationView(std::shared_ptr<Database> database, uint64_t number,
                               const std::vector<FeedLayer>& layers, const OverrideTotals& totals)
    : database_(std::move(database)),
      snapshot_(database_->db()->GetSnapshot()),
      number_(number),
      override_count_(totals.count),
      prefix_lengths_(totals.prefix_lengths) {
  for (const FeedLayer& layer : layers) {
    feeds_.push_back(layer.served);
    families_.push_back(layer.family);
    prefix_lengths_.Add(layer.served.prefix_lengths);
  }
}

GenerationView::~GenerationView() { database_->db()->ReleaseSnapshot(snapshot_); }

FindResult GenerationView::Find(std::span<const LookupKey> keys) const {
  FindResult result;
  if (override_count_ > 0) {
    LayerSource source{0,       database_->overrides(), nullptr, snapshot_,
                       nullptr, DecodeOverrideRecord};
    LayerReader(database_->db(), source, &result).Read(keys);
  }
  for (size_t i = 0; i < feeds_.size(); ++i) {
    if (families_[i] == nullptr) continue;
    LayerSource source{i + 1,   families_[i]->handle(), &feeds_[i].coverage,
                       nullptr, families_[i].get(),     reputation::DecodeRecord};
    LayerReader(database_->db(), source, &result).Read(keys);
  }
  return result;
}

absl::StatusOr<reputation::Label> GenerationView::FindLabel(size_t feed, uint32_t label_id) const {
  if (feed >= families_.size()) return absl::NotFoundError(absl::StrCat("there is no feed ", feed));
  absl::Status absent =
      absl::NotFoundError(absl::StrCat("feed ", feeds_[feed].feed, " has no label ", label_id));
  if (families_[feed] == nullptr) return absent;
  rocksdb::PinnableSlice value;
  rocksdb::Status got = database_->db()->Get(rocksdb::ReadOptions(), families_[feed]->handle(),
                                             LabelKey(label_id), &value);
  if (got.IsNotFound() || (got.ok() && value.empty())) return absent;
  if (IsDamage(got)) families_[feed]->MarkDamaged();
  if (!got.ok()) return DatabaseError(got, "read a label");
  absl::StatusOr<reputation::Label> label = DecodeLabel(ToView(value), PackLimits());
  if (!label.ok()) families_[feed]->MarkDamaged();
  return label;
}

absl::StatusOr<Override> GenerationView::FindOverride(const LookupKey& key) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  rocksdb::PinnableSlice value;
  rocksdb::Status got =
      database_->db()->Get(options, database_->overrides(), ToSlice(key.bytes()), &value);
  if (got.IsNotFound()) return absl::NotFoundError("there is no such override");
  if (!got.ok()) return DatabaseError(got, "read an override");
  return DecodeOverride(ToView(value));
}

absl::StatusOr<std::vector<KeyedOverride>> GenerationView::ListOverrides(absl::string_view after,
                                                                         size_t limit) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  std::unique_ptr<rocksdb::Iterator> iterator(
      database_->db()->NewIterator(options, database_->overrides()));
  std::vector<KeyedOverride> found;
  for (iterator->Seek(ToSlice(after)); iterator->Valid() && found.size() < limit;
       iterator->Next()) {
    if (ToView(iterator->key()) == after) continue;
    absl::StatusOr<LookupKey> key = LookupKey::Parse(ToView(iterator->key()));
    if (!key.ok()) return absl::DataLossError("an override has a key that is no lookup key");
    absl::StatusOr<Override> value = DecodeOverride(ToView(iterator->value()));
    if (!value.ok()) return value.status();
    found.emplace_back(*key, *std::move(value));
  }
  if (!iterator->status().ok()) return DatabaseError(iterator->status(), "list overrides");
  return found;
}

}  // namespace cloister::storage
