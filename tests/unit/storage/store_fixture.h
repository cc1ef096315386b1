// A store in a directory of its own.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/store/reputation_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/storage/sample_packs.h"

namespace cloister::storage {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    options_.directory = directory_ / "data";
    options_.feeds = {"threats", "software"};
    options_.reserve_bytes = 0;
  }

  void SetUp() override { Reopen(); }

  // Closes the store, if it is open, and opens it.
  void Reopen() {
    store_.reset();
    ASSERT_OK_AND_ASSIGN(store_, ReputationStore::Open(options_));
  }

  SampleFeed Threats() const { return SampleFeed(*store_, "threats"); }

  // What the current generation holds under the keys of SampleKey(first) and on.
  Entries Served(uint64_t first, uint64_t count, size_t layer = 1) const {
    std::shared_ptr<const Generation> generation = store_->Current();
    std::vector<reputation::LookupKey> keys;
    for (uint64_t i = first; i < first + count; ++i) keys.push_back(SampleKey(i));
    FindResult found = generation->Find(keys);
    EXPECT_FALSE(found.partial);
    Entries entries;
    for (const reputation::Match& match : found.matches) {
      if (match.layer != layer) continue;
      std::string value;
      EXPECT_THAT(reputation::EncodeRecord(match.record, &value), testing::IsOk());
      entries[std::string(keys[match.key_index].bytes())] = value;
    }
    return entries;
  }

  testing::TemporaryDirectory directory_;
  ReputationStore::Options options_;
  std::unique_ptr<ReputationStore> store_;
};

// `entries` without labels, as Served() gives them.
inline Entries RecordsOf(Entries entries) {
  entries.erase(entries.begin(), entries.lower_bound("\1"));
  return entries;
}

}  // namespace cloister::storage
