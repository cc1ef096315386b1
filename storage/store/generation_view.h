// The generation over RocksDB. Internal to storage/store.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/store/database.h"
#include "storage/store/generation.h"
#include "storage/store/stored_override.h"

namespace cloister::storage {

// A feed with the column family it is read from; none while nothing was imported.
struct FeedLayer {
  ServedFeed served;
  std::shared_ptr<ColumnFamily> family;
};

// Sees the overrides as they are when it is made.
class GenerationView : public Generation {
 public:
  GenerationView(std::shared_ptr<Database> database, uint64_t number,
                 const std::vector<FeedLayer>& layers, const OverrideTotals& totals);
  GenerationView(const GenerationView&) = delete;
  GenerationView& operator=(const GenerationView&) = delete;
  ~GenerationView() override;

  uint64_t number() const override { return number_; }
  std::span<const ServedFeed> feeds() const override { return feeds_; }
  const reputation::PrefixLengths& prefix_lengths() const override { return prefix_lengths_; }
  uint64_t override_count() const override { return override_count_; }

  const std::shared_ptr<Database>& database() const { return database_; }
  // Null while feeds()[feed] serves nothing.
  const std::shared_ptr<ColumnFamily>& family(size_t feed) const { return families_[feed]; }

  FindResult Find(std::span<const reputation::LookupKey> keys) const override;
  absl::StatusOr<reputation::Label> FindLabel(size_t feed, uint32_t label_id) const override;
  absl::StatusOr<Override> FindOverride(const reputation::LookupKey& key) const override;
  absl::StatusOr<std::vector<KeyedOverride>> ListOverrides(absl::string_view after,
                                                           size_t limit) const override;

 private:
  const std::shared_ptr<Database> database_;
  const rocksdb::Snapshot* const snapshot_;
  const uint64_t number_;
  const uint64_t override_count_;
  std::vector<ServedFeed> feeds_;
  std::vector<std::shared_ptr<ColumnFamily>> families_;  // as many as feeds_
  reputation::PrefixLengths prefix_lengths_;
};

}  // namespace cloister::storage
