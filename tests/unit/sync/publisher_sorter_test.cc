#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reputation/ip_address.h"
#include "storage/pack/pack_format.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using reputation::Verdict;
using ::testing::ElementsAre;
using testing::IsOk;

using Stream = std::vector<std::pair<std::string, std::string>>;

Stream Walk(const SortedEntries& entries) {
  Stream stream;
  auto cursor = entries.NewCursor();
  for (; cursor->Valid(); cursor->Next()) {
    stream.emplace_back(std::string(cursor->key()), std::string(cursor->value()));
  }
  EXPECT_THAT(cursor->status(), IsOk());
  return stream;
}

std::unique_ptr<SortedEntries> Sort(const std::vector<FeedEntry>& entries,
                                    size_t memory_bytes = 1 << 20) {
  const testing::TemporaryDirectory directory;
  EntrySorter sorter({.directory = directory.path(), .memory_bytes = memory_bytes});
  const uint16_t source = sorter.AddSource("only", 1);
  for (const FeedEntry& entry : entries) EXPECT_THAT(sorter.Add(entry, source), IsOk());
  auto sorted = sorter.Finish();
  EXPECT_THAT(sorted, IsOk());
  return *std::move(sorted);
}

std::vector<FeedEntry> SomeEntries(uint32_t count) {
  std::vector<FeedEntry> entries;
  for (uint32_t i = 0; i < count; ++i) {
    entries.push_back(FileEntry(i, Verdict::kMalicious, absl::StrCat("Threat.", i % 37)));
  }
  return entries;
}

TEST(EntrySorter, GivesLabelsThenRecordsInRisingOrder) {
  const auto sorted = Sort(SomeEntries(1000));
  EXPECT_EQ(sorted->records(), 1000u);
  EXPECT_EQ(sorted->labels(), 37u);
  const Stream stream = Walk(*sorted);
  ASSERT_EQ(stream.size(), 1037u);
  EXPECT_TRUE(std::is_sorted(stream.begin(), stream.end()));
  for (size_t i = 0; i < stream.size(); ++i) {
    EXPECT_EQ(storage::LabelIdFromKey(stream[i].first).has_value(), i < 37) << i;
  }
  // Twice the same.
  EXPECT_EQ(Walk(*sorted), stream);
}

TEST(EntrySorter, OrderOfArrivalAndMemoryMakeNoDifference) {
  std::vector<FeedEntry> entries = SomeEntries(5000);
  for (uint32_t i = 0; i < 5000; i += 3) {
    entries.push_back(FileEntry(i, i % 2 == 0 ? Verdict::kSuspicious : Verdict::kMalicious,
                                absl::StrCat("Other.", i % 11)));
  }
  const auto in_memory = Sort(entries);
  std::shuffle(entries.begin(), entries.end(), std::minstd_rand(7));
  const auto on_disk = Sort(entries, 32 * 1024);  // some ten runs
  EXPECT_EQ(Walk(*on_disk), Walk(*in_memory));
  EXPECT_EQ(on_disk->duplicates(), in_memory->duplicates());
  EXPECT_EQ(in_memory->duplicates(), 1667u);
  EXPECT_EQ(on_disk->records(), 5000u);
  EXPECT_EQ(on_disk->snapshot_bytes(), in_memory->snapshot_bytes());
}

TEST(EntrySorter, OrdersKeysThatBeginAlike) {
  std::vector<FeedEntry> entries;
  for (uint32_t i = 0; i < 3000; ++i) {
    const auto address = reputation::IpPrefix::Parse(absl::StrCat("2001:db8::", absl::Hex(i)));
    entries.push_back({reputation::LookupKey::ForIpPrefix(*address), {}, {}});
  }
  std::shuffle(entries.begin(), entries.end(), std::minstd_rand(7));
  for (const size_t memory : {1 << 20, 32 * 1024}) {
    const Stream stream = Walk(*Sort(entries, memory));
    EXPECT_EQ(stream.size(), 3000u);
    EXPECT_TRUE(std::is_sorted(stream.begin(), stream.end()));
  }
}

TEST(EntrySorter, TheGravestOfSeveralListingsIsKept) {
  const std::vector<FeedEntry> entries = {
      FileEntry(1, Verdict::kKnown, "k"), FileEntry(1, Verdict::kMalicious, "m"),
      FileEntry(1, Verdict::kSuspicious, "s"), FileEntry(1, Verdict::kTrusted, "t")};
  const auto sorted = Sort(entries);
  EXPECT_EQ(sorted->duplicates(), 3u);
  EXPECT_EQ(sorted->labels(), 1u);  // labels of what is not kept go with it
  const Stream stream = Walk(*sorted);
  ASSERT_EQ(stream.size(), 2u);
  EXPECT_EQ(reputation::DecodeRecord(stream[1].second)->verdict, Verdict::kMalicious);
  EXPECT_EQ(storage::DecodeLabel(stream[0].second, storage::PackLimits())->threat_name, "m");
  EXPECT_EQ(storage::LabelIdFromKey(stream[0].first),
            reputation::DecodeRecord(stream[1].second)->label_id);
}

TEST(EntrySorter, AmongEqualVerdictsTheLongestLastingIsKept) {
  FeedEntry forever = FileEntry(1);
  FeedEntry soon = FileEntry(1);
  soon.record.valid_until_hours = 500000;
  soon.record.confidence = 100;
  for (const auto& entries : {std::vector{forever, soon}, std::vector{soon, forever}}) {
    const Stream stream = Walk(*Sort(entries));
    ASSERT_EQ(stream.size(), 1u);
    EXPECT_EQ(reputation::DecodeRecord(stream[0].second)->valid_until_hours, 0u);
  }
}

TEST(EntrySorter, TellsCoverageAndPrefixLengths) {
  std::vector<FeedEntry> entries = {FileEntry(1)};
  for (const char* prefix : {"192.0.2.0/24", "198.51.100.7", "2001:db8::/32"}) {
    entries.push_back(
        {reputation::LookupKey::ForIpPrefix(*reputation::IpPrefix::Parse(prefix)), {}, {}});
  }
  const auto sorted = Sort(entries);
  EXPECT_THAT(sorted->coverage().Names(), ElementsAre("file/sha256", "ip/v4", "ip/v6"));
  EXPECT_TRUE(sorted->prefix_lengths().v4[24]);
  EXPECT_TRUE(sorted->prefix_lengths().v4[32]);
  EXPECT_EQ(sorted->prefix_lengths().v4.count(), 2u);
  EXPECT_TRUE(sorted->prefix_lengths().v6[32]);
  EXPECT_EQ(sorted->prefix_lengths().v6.count(), 1u);
}

}  // namespace
}  // namespace cloister::publisher
