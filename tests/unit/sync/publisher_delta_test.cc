// Deltas of one step and merged ones: right by themselves, few, and as many as clients need.

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "storage/pack/content_digest.h"
#include "sync/publisher/repository/deltas.h"
#include "sync/publisher/repository/held_versions.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using reputation::Verdict;
using testing::IsOk;
using trust::PackTarget;

using Entries = std::map<std::string, std::string>;

std::vector<FeedEntry> Files(uint32_t from, uint32_t to) {
  std::vector<FeedEntry> entries;
  for (uint32_t i = from; i < to; ++i) {
    entries.push_back(FileEntry(i, Verdict::kMalicious, absl::StrCat("Threat.", i % 7)));
  }
  return entries;
}

Entries EntriesOf(const SortedEntries& sorted) {
  Entries entries;
  for (auto cursor = sorted.NewCursor(); cursor->Valid(); cursor->Next()) {
    entries[std::string(cursor->key())] = std::string(cursor->value());
  }
  return entries;
}

std::string DigestOf(const Entries& entries) {
  storage::ContentDigest digest;
  for (const auto& [key, value] : entries) digest.Add(key, value);
  return digest.ToString();
}

// A feed whose few entries come, go and change all the time, so that merged deltas meet everything
// that can happen to one key within them.
class RestlessFeed {
 public:
  explicit RestlessFeed(uint32_t seed) : random_(seed) {}

  std::vector<FeedEntry> Next() {
    for (uint32_t i = 0; i < 12; ++i) Change(random_() % 40);
    if (present_.empty()) Change(0);
    std::vector<FeedEntry> entries;
    for (const auto& [number, state] : present_) {
      entries.push_back(FileEntry(number, state % 2 == 0 ? Verdict::kMalicious : Verdict::kUnwanted,
                                  state < 2 ? "" : absl::StrCat("Threat.", state)));
    }
    return entries;
  }

 private:
  void Change(uint32_t number) {
    if (random_() % 3 == 0) {
      present_.erase(number);
    } else {
      present_[number] = random_() % 6;
    }
  }

  std::mt19937 random_;
  std::map<uint32_t, uint32_t> present_;
};

// Reads packs where the repository holds them, and applies them as strictly as an appliance does.
class PackProof {
 public:
  explicit PackProof(const PublishedFeed& feed) : feed_(feed) {}

  // The version that `pack`, a delta, makes of `base`.
  absl::StatusOr<Entries> Apply(const PackTarget& pack, Entries base) {
    auto reader = Open(pack);
    if (!reader.ok()) return reader.status();
    for (auto cursor = (*reader)->NewCursor(true); cursor->Valid(); cursor->Next()) {
      const std::string key(cursor->key());
      const std::string value(cursor->value());
      const auto old = base.find(key);
      if (storage::IsRemoval(key, value)) {
        if (old == base.end()) return absl::InternalError(absl::StrCat(pack.path, " removes"));
        base.erase(old);
      } else {
        if (old != base.end() && old->second == value) {
          return absl::InternalError(absl::StrCat(pack.path, " adds the equal"));
        }
        base[key] = value;
      }
    }
    return base;
  }

  absl::StatusOr<Entries> Part(const PackTarget& pack) {
    auto reader = Open(pack);
    if (!reader.ok()) return reader.status();
    Entries entries;
    for (auto cursor = (*reader)->NewCursor(true); cursor->Valid(); cursor->Next()) {
      entries[std::string(cursor->key())] = std::string(cursor->value());
    }
    return entries;
  }

 private:
  absl::StatusOr<std::unique_ptr<storage::PackReader>> Open(const PackTarget& pack) {
    auto reader = storage::PackReader::Open(
        absl::StrCat(feed_.path(), "/targets/", pack.sha256, ".", pack.path),
        storage::PackLimits());
    if (!reader.ok()) return reader.status();
    absl::StatusOr<storage::PackSummary> summary = (*reader)->Validate();
    if (!summary.ok()) return summary.status();
    if (summary->records + summary->labels != pack.entries) {
      return absl::InternalError(absl::StrCat(pack.path, " holds another number of entries"));
    }
    return reader;
  }

  const PublishedFeed& feed_;
};

// Every pack ever offered is proven by itself against the versions it leads from and to, so every
// chain of them is right, too.
class History : public ::testing::TestWithParam<uint32_t> {};

TEST_P(History, EveryDeltaLeadsExactlyFromItsBaseToItsVersion) {
  constexpr uint64_t kVersions = 48;
  PublishedFeed feed("threats", {.versions = 16, .snapshots = 2, .grace = absl::Hours(1)});
  RestlessFeed source(GetParam());
  PackProof proof(feed);
  std::vector<Entries> versions(1);
  std::set<std::string> proven;
  std::set<uint64_t> merged_lengths;
  while (versions.size() <= kVersions) {
    const std::vector<FeedEntry> entries = source.Next();
    feed.options.snapshot = versions.size() % 13 == 0;
    ASSERT_OK_AND_ASSIGN(PublishResult result, feed.Publish(entries));
    if (!result.new_version) continue;
    ASSERT_EQ(result.version, versions.size());
    versions.push_back(EntriesOf(**feed.Sort(entries)));
    ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> offered, feed.Offered());
    for (const PackTarget& pack : offered) {
      if (!proven.insert(pack.sha256).second) continue;
      SCOPED_TRACE(pack.path);
      EXPECT_EQ(pack.content_digest, DigestOf(versions[pack.to_version]));
      if (!pack.is_delta()) {
        ASSERT_OK_AND_ASSIGN(Entries read, proof.Part(pack));
        EXPECT_EQ(read, versions[pack.to_version]);
        continue;
      }
      EXPECT_EQ(pack.base_digest, DigestOf(versions[pack.from_version]));
      ASSERT_OK_AND_ASSIGN(Entries reached, proof.Apply(pack, versions[pack.from_version]));
      EXPECT_EQ(reached, versions[pack.to_version]);
      merged_lengths.insert(pack.to_version - pack.from_version);
    }
    // What a fresh client makes of it, digest included.
    ASSERT_OK_AND_ASSIGN(Entries fetched, feed.Fetch());
    EXPECT_EQ(fetched, versions.back());
  }
  EXPECT_EQ(merged_lengths, (std::set<uint64_t>{1, 2, 4, 8, 16}));
}

INSTANTIATE_TEST_SUITE_P(Seeds, History, ::testing::Values(1, 2, 3));

// What an appliance holds that took each version when it came.
struct Client {
  std::vector<PackTarget> held;
  uint64_t files = 0;  // fetched by the last update
  bool fetched_snapshot = false;

  // Only packs on offer count as held, as cloister-sync has it.
  absl::Status Update(const std::vector<PackTarget>& offered) {
    std::set<std::string> mine;
    for (const PackTarget& pack : held) mine.insert(pack.sha256);
    std::vector<PackTarget> still;
    for (const PackTarget& pack : offered) {
      if (mine.count(pack.sha256) > 0) still.push_back(pack);
    }
    auto chain = trust::CheapestChain(offered, still, kMaxChainDeltas);
    if (!chain.ok()) return chain.status();
    files = 0;
    fetched_snapshot = false;
    for (const PackTarget& pack : *chain) {
      if (mine.count(pack.sha256) > 0) continue;
      ++files;
      fetched_snapshot = fetched_snapshot || !pack.is_delta();
    }
    held = *std::move(chain);
    return absl::OkStatus();
  }
};

// As many as it takes to walk up to a power of two and down again.
uint64_t FewFiles(uint64_t versions_behind) { return 2 * std::bit_width(versions_behind); }

TEST(MergedDeltas, AClientManyVersionsBehindNeedsFewFiles) {
  constexpr uint64_t kVersions = 70;
  PublishedFeed feed;
  std::vector<std::vector<PackTarget>> offered(1);
  std::vector<Client> joined_at(1);  // fresh at that version, and then away
  Client follower;                   // takes every version
  for (uint32_t version = 1; version <= kVersions; ++version) {
    ASSERT_THAT(feed.Publish(Files(version, version + 10)), IsOk());
    ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> now, feed.Offered());
    ASSERT_THAT(follower.Update(now), IsOk());
    EXPECT_LE(follower.files, 2u) << version;
    EXPECT_EQ(follower.fetched_snapshot, version == 1);
    joined_at.emplace_back();
    ASSERT_THAT(joined_at.back().Update(now), IsOk());
    EXPECT_LE(joined_at.back().files, 1 + FewFiles(version)) << version;
    offered.push_back(std::move(now));
  }
  for (uint64_t newest : {uint64_t{17}, uint64_t{48}, uint64_t{63}, uint64_t{64}, kVersions}) {
    for (uint64_t version = 1; version < newest; ++version) {
      Client client = joined_at[version];
      ASSERT_THAT(client.Update(offered[newest]), IsOk());
      EXPECT_LE(client.files, FewFiles(newest - version)) << version << " to " << newest;
      EXPECT_FALSE(client.fetched_snapshot) << version << " to " << newest;
      EXPECT_LE(client.held.size(), 1 + kMaxChainDeltas);
    }
  }
}

TEST(MergedDeltas, ClientsFromBeforeTheRetainedVersionsTakeLongerDeltas) {
  PublishedFeed feed("threats", {.versions = 8, .snapshots = 3, .grace = absl::ZeroDuration()});
  std::vector<Client> joined_at(1);
  for (uint32_t version = 1; version <= 60; ++version) {
    ASSERT_THAT(feed.Publish(Files(version, version + 10)), IsOk());
    ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> now, feed.Offered());
    joined_at.emplace_back();
    ASSERT_THAT(joined_at.back().Update(now), IsOk());
    // Eight versions with all their deltas, and what leads there from the first snapshot.
    EXPECT_LE(now.size(), 2 * 8 + 2 * std::bit_width(version)) << version;
  }
  ASSERT_OK_AND_ASSIGN(std::vector<PackTarget> now, feed.Offered());
  for (uint64_t version = 1; version < 60; ++version) {
    ASSERT_THAT(joined_at[version].Update(now), IsOk());
    EXPECT_FALSE(joined_at[version].fetched_snapshot) << version;
    EXPECT_LE(joined_at[version].files, 8u) << version;
  }
}

// Entries in memory as a delta's cursor.
class EntriesCursor : public storage::EntryCursor {
 public:
  explicit EntriesCursor(const Entries& entries) : entries_(entries), at_(entries_.begin()) {}
  bool Valid() const override { return at_ != entries_.end(); }
  void Next() override { ++at_; }
  absl::string_view key() const override { return at_->first; }
  absl::string_view value() const override { return at_->second; }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  const Entries entries_;
  Entries::const_iterator at_;
};

// What may happen to one key in two steps, and what is left of it.
TEST(MergeDeltas, LeavesOutWhatCancelsOut) {
  const std::string key = std::string(FileEntry(1).key.bytes());
  std::string known, malicious, removed;
  ASSERT_THAT(reputation::EncodeRecord(FileEntry(1, Verdict::kKnown).record, &known), IsOk());
  ASSERT_THAT(reputation::EncodeRecord(FileEntry(1).record, &malicious), IsOk());
  ASSERT_THAT(reputation::EncodeRecord(reputation::Record::Removed(), &removed), IsOk());
  const std::string label = storage::LabelKey(7);
  const std::string words =
      storage::EncodeLabel(FileEntry(1, Verdict::kKnown, "Threat").label).value();
  const struct {
    const char* what;
    std::string key, base, earlier, later, merged;  // "-" for none
  } cases[] = {
      {"added, removed", key, "-", known, removed, "-"},
      {"changed, removed", key, malicious, known, removed, removed},
      {"changed, changed back", key, malicious, known, malicious, "-"},
      {"changed, changed again", key, malicious, known, removed, removed},
      {"added, changed", key, "-", known, malicious, malicious},
      {"removed, added again", key, known, removed, known, "-"},
      {"removed, added otherwise", key, known, removed, malicious, malicious},
      {"added", key, "-", known, "-", known},
      {"removed", key, known, "-", removed, removed},
      {"label added, removed", label, "-", words, "", "-"},
      {"label removed, added again", label, words, "", words, "-"},
      {"label removed", label, words, "-", "", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    testing::TemporaryDirectory directory;
    PackOptions options;
    options.feed = "threats";
    options.directory = directory.path();
    options.from_version = 4;
    options.to_version = 6;
    const auto entries = [&c](const std::string& value) {
      return value == "-" ? Entries() : Entries{{c.key, value}};
    };
    EntriesCursor earlier(entries(c.earlier));
    EntriesCursor later(entries(c.later));
    const auto find = [&c](absl::string_view) -> absl::StatusOr<std::optional<std::string>> {
      if (c.base == "-") return std::nullopt;
      return c.base;
    };
    ASSERT_OK_AND_ASSIGN(std::optional<PackTarget> pack,
                         MergeDeltas(earlier, later, find, options));
    ASSERT_TRUE(pack.has_value());
    ASSERT_OK_AND_ASSIGN(auto reader,
                         storage::PackReader::Open(directory / pack->path, storage::PackLimits()));
    ASSERT_THAT(reader->Validate(), IsOk());
    Entries merged;
    for (auto cursor = reader->NewCursor(true); cursor->Valid(); cursor->Next()) {
      merged[std::string(cursor->key())] = std::string(cursor->value());
    }
    EXPECT_EQ(merged, entries(c.merged));
  }
}

}  // namespace
}  // namespace cloister::publisher
