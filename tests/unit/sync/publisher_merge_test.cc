#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/pack/pack_format.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using reputation::Label;
using reputation::LookupKey;
using reputation::Record;
using reputation::Scope;
using reputation::Verdict;
using testing::IsOk;

constexpr size_t kAllInMemory = 1 << 20;
constexpr size_t kManyRuns = 2048;  // some 27 items each

struct Said {
  uint16_t source = 0;
  FeedEntry entry;
};

// What is kept under a key.
struct Kept {
  Record record;  // without label_id
  Label label;

  friend bool operator==(const Kept&, const Kept&) = default;
};

struct Merged {
  std::map<std::string, Kept> kept;  // by key
  MergeReport report;
  uint64_t duplicates = 0;
};

Merged Sort(const std::vector<uint8_t>& trusts, const std::vector<Said>& all, size_t memory) {
  const testing::TemporaryDirectory directory;
  EntrySorter sorter({.directory = directory.path(), .memory_bytes = memory});
  for (const uint8_t trust : trusts) sorter.AddSource(absl::StrCat("trust ", trust), trust);
  for (const Said& said : all) EXPECT_THAT(sorter.Add(said.entry, said.source), IsOk());
  const auto sorted = sorter.Finish();
  EXPECT_THAT(sorted, IsOk());
  Merged merged;
  merged.report = (*sorted)->merges();
  merged.duplicates = (*sorted)->duplicates();
  std::map<uint32_t, Label> labels = {{0, {}}};
  auto cursor = (*sorted)->NewCursor();
  for (; cursor->Valid(); cursor->Next()) {
    if (const auto id = storage::LabelIdFromKey(cursor->key()); id.has_value()) {
      labels[*id] = storage::DecodeLabel(cursor->value(), storage::PackLimits()).value();
      continue;
    }
    Kept kept{reputation::DecodeRecord(cursor->value()).value(), {}};
    kept.label = labels.at(kept.record.label_id);
    kept.record.label_id = 0;
    merged.kept[std::string(cursor->key())] = kept;
  }
  EXPECT_THAT(cursor->status(), IsOk());
  EXPECT_EQ(merged.kept.size(), (*sorted)->records());
  return merged;
}

// A record in few words: "malicious", "excluded" …, and when it was seen first and last.
FeedEntry Entry(const std::string& verdict, uint16_t first = 0, uint16_t last = 0) {
  FeedEntry entry = FileEntry(1);
  entry.record.excluded = verdict == "excluded";
  entry.record.verdict = reputation::VerdictFromName(verdict).value_or(Verdict::kKnown);
  entry.record.first_seen_days = first;
  entry.record.last_seen_days = last;
  return entry;
}

// A threat by its name, as sure as that, until then.
FeedEntry Threat(const std::string& name, uint8_t confidence, uint32_t until = 0) {
  FeedEntry entry = FileEntry(1, Verdict::kMalicious, name);
  entry.record.confidence = confidence;
  entry.record.valid_until_hours = until;
  return entry;
}

struct Row {
  std::string name;
  std::vector<uint8_t> trusts;
  std::vector<Said> said;
  FeedEntry kept;
  // Of each source: kept, repeated, shared, overruled.
  std::vector<std::array<uint64_t, 4>> counts;
  uint64_t conflicts = 0;
};

// Several sources state different things.
std::vector<Row> Contradictions() {
  return {
      {"the more trusted source, be it milder",
       {1, 9},
       {{0, Entry("malicious")}, {1, Entry("known")}},
       Entry("known"),
       {{0, 0, 0, 1}, {1, 0, 0, 0}}},
      {"trust decides a contradiction",
       {9, 1},
       {{0, Entry("trusted")}, {1, Entry("malicious")}},
       Entry("trusted"),
       {{1, 0, 0, 0}, {0, 0, 0, 1}},
       1},
      {"among equals the gravest",
       {5, 5, 5},
       {{0, Entry("trusted")}, {1, Entry("suspicious")}, {2, Entry("unwanted")}},
       Entry("unwanted"),
       {{0, 0, 0, 1}, {0, 0, 0, 1}, {1, 0, 0, 0}},
       1},
      {"an exclusion is less grave than a threat",
       {5, 5},
       {{0, Entry("excluded")}, {1, Entry("suspicious")}},
       Entry("suspicious"),
       {{0, 0, 0, 1}, {1, 0, 0, 0}},
       1},
      {"an exclusion is graver than trusted and known",
       {5, 5, 5},
       {{0, Entry("trusted")}, {1, Entry("excluded")}, {2, Entry("known")}},
       Entry("excluded"),
       {{0, 0, 0, 1}, {1, 0, 0, 0}, {0, 0, 0, 1}}},
      {"known contradicts nobody",
       {5, 5},
       {{0, Entry("known")}, {1, Entry("malicious")}},
       Entry("malicious"),
       {{0, 0, 0, 1}, {1, 0, 0, 0}}},
  };
}

// Several records state the same, or a source says two things.
std::vector<Row> Agreements() {
  return {
      {"who says the same is seconded, whatever the trust",
       {5, 1, 9},
       {{0, Entry("malicious")}, {1, Entry("malicious")}, {2, Entry("malicious")}},
       Entry("malicious"),
       {{0, 0, 1, 0}, {0, 0, 1, 0}, {1, 0, 0, 0}}},
      {"seen first and last by anyone who says the same",
       {9, 1, 1},
       {{0, Entry("malicious", 200, 300)},
        {1, Entry("malicious", 100, 250)},
        {2, Entry("suspicious", 50, 900)}},
       Entry("malicious", 100, 300),
       {{1, 0, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}},
      {"a sighting that is not stated is none",
       {1, 1},
       {{0, Entry("malicious", 0, 300)}, {1, Entry("malicious", 100, 0)}},
       Entry("malicious", 100, 300),
       {{1, 0, 0, 0}, {0, 0, 1, 0}}},
      {"seen last by one before the other saw it first",
       {1, 1},
       {{0, Entry("malicious", 0, 100)}, {1, Entry("malicious", 300, 0)}},
       Entry("malicious", 100, 300),
       {{1, 0, 0, 0}, {0, 0, 1, 0}}},
      {"a source that says it twice",
       {1, 1},
       {{0, Entry("malicious", 7, 8)}, {0, Entry("malicious", 5, 6)}, {1, Entry("trusted")}},
       Entry("malicious", 5, 8),
       {{1, 1, 0, 0}, {0, 0, 0, 1}},
       1},
      {"a source that contradicts itself says the graver",
       {1, 9},
       {{0, Entry("trusted")}, {0, Entry("malicious")}, {1, Entry("excluded")}},
       Entry("excluded"),
       {{0, 1, 0, 1}, {1, 0, 0, 0}},
       1},
      {"what lasts longest, though less confident",
       {1, 1},
       {{0, Threat("", 100, 500000)}, {1, Threat("", 1)}},
       Threat("", 1),
       {{0, 0, 1, 0}, {1, 0, 0, 0}}},
      {"then the more confident",
       {1, 1},
       {{0, Threat("B", 10)}, {1, Threat("A", 20)}},
       Threat("A", 20),
       {{0, 0, 1, 0}, {1, 0, 0, 0}}},
      {"then the last label",
       {1, 1},
       {{0, Threat("B", 0)}, {1, Threat("A", 0)}},
       Threat("B", 0),
       {{1, 0, 0, 0}, {0, 0, 1, 0}}},
      {"then the source that was added first",
       {1, 1},
       {{1, Entry("malicious")}, {0, Entry("malicious")}},
       Entry("malicious"),
       {{1, 0, 0, 0}, {0, 0, 1, 0}}},
  };
}

TEST(EntryMerger, KeepsWhatTheRuleSaysInEveryOrder) {
  std::vector<Row> rows = Contradictions();
  for (Row& row : Agreements()) rows.push_back(std::move(row));
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    std::vector<size_t> order(row.said.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
      std::vector<Said> said;
      for (const size_t i : order) said.push_back(row.said[i]);
      // In memory, and spilt two by two.
      for (const size_t memory : {kAllInMemory, size_t{1}}) {
        const Merged merged = Sort(row.trusts, said, memory);
        ASSERT_EQ(merged.kept.size(), 1u);
        EXPECT_EQ(merged.kept.begin()->second, (Kept{row.kept.record, row.kept.label}));
        EXPECT_EQ(merged.report.conflicts, row.conflicts);
        EXPECT_EQ(merged.duplicates, said.size() - 1);
        ASSERT_EQ(merged.report.sources.size(), row.counts.size());
        for (size_t i = 0; i < row.counts.size(); ++i) {
          const SourceMerge& source = merged.report.sources[i];
          EXPECT_EQ((std::array{source.kept, source.repeated, source.shared, source.overruled}),
                    row.counts[i])
              << "source " << i;
        }
      }
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST(EntryMerger, ShowsTheFirstConflicts) {
  std::vector<Said> said;
  for (uint32_t i = 0; i < 50; ++i) {
    said.push_back({0, FileEntry(i, Verdict::kTrusted, "vouched")});
    said.push_back({1, FileEntry(i, Verdict::kMalicious, "condemned")});
  }
  std::shuffle(said.begin(), said.end(), std::minstd_rand(3));
  for (const size_t memory : {kAllInMemory, kManyRuns}) {
    const Merged merged = Sort({9, 1}, said, memory);
    EXPECT_EQ(merged.report.conflicts, 50u);
    ASSERT_EQ(merged.report.examples.size(), MergeReport::kMaxExamples);
    auto key = merged.kept.begin();
    for (const MergeConflict& conflict : merged.report.examples) {
      EXPECT_EQ(conflict.key.bytes(), (key++)->first);
      EXPECT_EQ(conflict.winner, 0);
      EXPECT_EQ(conflict.loser, 1);
      EXPECT_EQ(conflict.kept.verdict, Verdict::kTrusted);
      EXPECT_EQ(conflict.overruled.verdict, Verdict::kMalicious);
      EXPECT_EQ(conflict.kept.label_id, 0u);
      EXPECT_EQ(conflict.overruled.label_id, 0u);
    }
  }
}

// The rule once more, on everything that was said under one key at once.
struct Reference {
  Kept kept;
  uint16_t winner = 0;
  uint64_t conflicts = 0;
};

int Gravity(const Record& record) {
  if (record.excluded) return 30;
  const std::map<Verdict, int> gravities = {{Verdict::kMalicious, 60},
                                            {Verdict::kUnwanted, 50},
                                            {Verdict::kSuspicious, 40},
                                            {Verdict::kTrusted, 20},
                                            {Verdict::kKnown, 10}};
  return gravities.at(record.verdict);
}

Reference Decide(const std::vector<uint8_t>& trusts, const std::vector<const Said*>& said) {
  const auto rank = [&trusts](const Said& s) {
    const Record& r = s.entry.record;
    const int reach = r.scope == Scope::kSubtree ? 2 : r.scope == Scope::kSubdomainsOnly ? 1 : 0;
    return std::tuple(trusts[s.source], Gravity(r), r.valid_until_hours - 1, r.confidence, reach,
                      r.prevalence, r.applies_to, s.entry.label, -s.source);
  };
  const auto less = [&rank](const Said* a, const Said* b) { return rank(*a) < rank(*b); };
  const Said& best = **std::max_element(said.begin(), said.end(), less);
  Reference reference{{best.entry.record, best.entry.label}, best.source};
  std::map<uint16_t, int> gravities;  // what each source says
  std::set<uint16_t> first, last;
  for (const Said* s : said) {
    const Record& record = s->entry.record;
    int& gravity = gravities[s->source];
    gravity = std::max(gravity, Gravity(record));
    if (Gravity(record) != Gravity(best.entry.record)) continue;
    if (record.first_seen_days != 0) first.insert(record.first_seen_days);
    if (record.last_seen_days != 0) last.insert(record.last_seen_days);
  }
  if (!first.empty() && !last.empty() && *first.begin() > *last.rbegin()) std::swap(first, last);
  reference.kept.record.first_seen_days = first.empty() ? 0 : *first.begin();
  reference.kept.record.last_seen_days = last.empty() ? 0 : *last.rbegin();
  for (const auto& [source, gravity] : gravities) {
    const int kept = Gravity(best.entry.record);
    const bool condemned = kept >= 40 ? gravity == 30 || gravity == 20 : gravity >= 40;
    reference.conflicts += source != best.source && kept != 10 && condemned ? 1 : 0;
  }
  return reference;
}

Said Random(std::mt19937_64& random, size_t sources, uint32_t keys) {
  const auto pick = [&random](uint32_t below) { return static_cast<uint32_t>(random() % below); };
  const Verdict verdicts[] = {Verdict::kMalicious, Verdict::kUnwanted, Verdict::kSuspicious,
                              Verdict::kTrusted, Verdict::kKnown};
  FeedEntry entry = FileEntry(pick(keys), verdicts[pick(5)],
                              pick(2) == 0 ? "" : absl::StrCat("Threat.", pick(9)));
  Record& record = entry.record;
  record.valid_until_hours = pick(3) == 0 ? 500000 + pick(2) : 0;
  record.scope = static_cast<Scope>(pick(3));
  if (pick(6) == 0) {
    record.excluded = true;
    record.verdict = Verdict::kKnown;
    entry.label = {};
  } else {
    record.confidence = static_cast<uint8_t>(pick(2) * 50);
    record.first_seen_days = static_cast<uint16_t>(pick(2) * (100 + pick(5)));
    record.last_seen_days = static_cast<uint16_t>(pick(2) * (104 + pick(5)));
  }
  return {static_cast<uint16_t>(pick(static_cast<uint32_t>(sources))), entry};
}

TEST(EntryMerger, AgreesWithTheRuleOnRandomSources) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937_64 random(seed);
    std::vector<uint8_t> trusts(1 + random() % 6);
    for (uint8_t& trust : trusts) trust = static_cast<uint8_t>(random() % 3);
    std::vector<Said> said;
    for (int i = 0; i < 400; ++i) said.push_back(Random(random, trusts.size(), 90));
    std::map<std::string, std::vector<const Said*>> by_key;
    for (const Said& s : said) by_key[std::string(s.entry.key.bytes())].push_back(&s);

    const Merged merged = Sort(trusts, said, seed % 2 == 0 ? kAllInMemory : kManyRuns);
    ASSERT_EQ(merged.kept.size(), by_key.size());
    std::vector<uint64_t> kept_of(trusts.size());
    uint64_t conflicts = 0;
    for (const auto& [key, statements] : by_key) {
      const Reference reference = Decide(trusts, statements);
      EXPECT_EQ(merged.kept.at(key), reference.kept);
      ++kept_of[reference.winner];
      conflicts += reference.conflicts;
    }
    EXPECT_EQ(merged.report.conflicts, conflicts);
    EXPECT_EQ(merged.duplicates, said.size() - by_key.size());
    for (size_t i = 0; i < trusts.size(); ++i) {
      const SourceMerge& source = merged.report.sources[i];
      EXPECT_EQ(source.kept, kept_of[i]);
      EXPECT_EQ(source.added, source.kept + source.repeated + source.shared + source.overruled);
    }
  }
}

TEST(EntryMerger, ASourceThatRepeatsItselfIsCounted) {
  std::vector<Said> said(20000, Said{0, Entry("malicious")});
  const Merged merged = Sort({1}, said, kManyRuns * 16);
  EXPECT_EQ(merged.kept.size(), 1u);
  EXPECT_EQ(merged.report.sources[0].repeated, 19999u);
}

TEST(EntrySorter, RefusesASourceThatWasNotAdded) {
  const testing::TemporaryDirectory directory;
  EntrySorter sorter({.directory = directory.path()});
  EXPECT_EQ(sorter.Add(FileEntry(1), 0).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sorter.AddSource("a", 1), 0);
  EXPECT_EQ(sorter.AddSource("b", 1), 1);
  EXPECT_THAT(sorter.Add(FileEntry(1), 1), IsOk());
}

}  // namespace
}  // namespace cloister::publisher
