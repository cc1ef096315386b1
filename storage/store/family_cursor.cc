#include "storage/store/family_cursor.h"

#include <utility>

#include "storage/pack/pack_format.h"

namespace cloister::storage {
namespace {

constexpr size_t kReadAheadBytes = 2 << 20;

class FamilyCursor : public EntryCursor {
 public:
  explicit FamilyCursor(std::unique_ptr<rocksdb::Iterator> iterator)
      : iterator_(std::move(iterator)), empty_pack_key_(EmptyPackKey()) {
    iterator_->SeekToFirst();
    Skip();
  }

  bool Valid() const override { return iterator_->Valid(); }
  void Next() override {
    iterator_->Next();
    Skip();
  }
  absl::string_view key() const override { return ToView(iterator_->key()); }
  absl::string_view value() const override { return ToView(iterator_->value()); }
  absl::Status status() const override {
    return DatabaseError(iterator_->status(), "read the version that is served");
  }

 private:
  void Skip() {
    while (Valid() && (IsRemoval(key(), value()) || key() == empty_pack_key_)) iterator_->Next();
  }

  const std::unique_ptr<rocksdb::Iterator> iterator_;
  const std::string empty_pack_key_;
};

}  // namespace

std::unique_ptr<EntryCursor> NewFamilyCursor(const Database& database, const ColumnFamily& family) {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  options.readahead_size = kReadAheadBytes;
  return std::make_unique<FamilyCursor>(
      std::unique_ptr<rocksdb::Iterator>(database.db()->NewIterator(options, family.handle())));
}

}  // namespace cloister::storage
