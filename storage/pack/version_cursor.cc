#include <algorithm>
#include <utility>

#include "storage/pack/pack_reader.h"

namespace cloister::storage {
namespace {

// Merges the packs' cursors through a heap whose top is the smallest key and, among equal keys,
// the latest pack.
class VersionCursor : public EntryCursor {
 public:
  VersionCursor(const std::vector<const PackReader*>& packs, bool keep_removals)
      : keep_removals_(keep_removals) {
    for (const PackReader* pack : packs) {
      cursors_.push_back(pack->NewCursor(/*checksums=*/true));
      Push(cursors_.size() - 1);
    }
    SkipRemovals();
  }

  bool Valid() const override { return status_.ok() && !heap_.empty(); }

  void Next() override {
    PassKey();
    SkipRemovals();
  }

  absl::string_view key() const override { return Top().key(); }
  absl::string_view value() const override { return Top().value(); }
  absl::Status status() const override { return status_; }

 private:
  const EntryCursor& Top() const { return *cursors_[heap_.front()]; }

  // Whether `a` comes after `b`: what std::push_heap needs to keep the first on top.
  bool After(size_t a, size_t b) const {
    int order = cursors_[a]->key().compare(cursors_[b]->key());
    return order != 0 ? order > 0 : a < b;
  }

  void Push(size_t index) {
    if (!cursors_[index]->Valid()) {
      status_.Update(cursors_[index]->status());
      return;
    }
    heap_.push_back(index);
    std::push_heap(heap_.begin(), heap_.end(), [this](size_t a, size_t b) { return After(a, b); });
  }

  void AdvanceTop() {
    std::pop_heap(heap_.begin(), heap_.end(), [this](size_t a, size_t b) { return After(a, b); });
    size_t index = heap_.back();
    heap_.pop_back();
    cursors_[index]->Next();
    Push(index);
  }

  // Leaves the top's key behind in every pack.
  void PassKey() {
    passed_.assign(Top().key().data(), Top().key().size());
    while (Valid() && Top().key() == passed_) AdvanceTop();
  }

  void SkipRemovals() {
    while (!keep_removals_ && Valid() && IsRemoval(key(), value())) PassKey();
  }

  const bool keep_removals_;
  std::vector<std::unique_ptr<EntryCursor>> cursors_;
  std::vector<size_t> heap_;
  std::string passed_;
  absl::Status status_;
};

}  // namespace

std::unique_ptr<EntryCursor> NewVersionCursor(const std::vector<const PackReader*>& packs) {
  return std::make_unique<VersionCursor>(packs, /*keep_removals=*/false);
}

std::unique_ptr<EntryCursor> NewMergedDeltaCursor(const std::vector<const PackReader*>& deltas) {
  return std::make_unique<VersionCursor>(deltas, /*keep_removals=*/true);
}

}  // namespace cloister::storage
