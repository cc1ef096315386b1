// kill -9 at random instants while versions are imported, kept, rolled back, folded and rebuilt,
// and decisions and overrides written. CLOISTER_KILLS says how often (`make fault`: 1000),
// CLOISTER_SEED makes the instants those of an earlier run.

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/pack/pack_reader.h"
#include "storage/store/database.h"
#include "storage/store/stored_version.h"
#include "tests/fault/ingest_steps.h"
#include "tests/support/process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::storage {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;

#ifdef CLOISTER_SANITIZED
constexpr int kLongestLifeMs = 1200;
#else
constexpr int kLongestLifeMs = 250;
#endif

uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

struct Step {
  std::string what;  // as in ingest_steps.h
  uint64_t number = 0;
};

// What the children acknowledged, and the step that the last one was in.
struct Acknowledged {
  uint64_t version = 0;  // that serves
  uint64_t waiting = 0;  // 0: none
  uint64_t directive = 0;
  std::set<uint64_t> overrides;
  uint64_t last_override = 0;
  std::optional<Step> in_progress;

  void Read(const std::string& output) {
    for (absl::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
      std::vector<std::string> words = absl::StrSplit(line, ' ');
      ASSERT_EQ(words.size(), 3u) << line;
      Step step{words[1], 0};
      ASSERT_TRUE(absl::SimpleAtoi(words[2], &step.number)) << line;
      if (step.what == "set") last_override = step.number;
      if (step.what == "import") last_override = step.number + kImported - 1;
      if (words[0] == "begin") {
        in_progress = step;
      } else {
        Apply(step);
        in_progress.reset();
      }
    }
  }

  void Apply(const Step& step) {
    if (step.what == "serve" || step.what == "serve_kept") version = step.number;
    if (step.what == "keep") waiting = step.number;
    if (waiting <= version) waiting = 0;
    if (step.what == "directive") directive = step.number;
    if (step.what == "set") overrides.insert(step.number);
    for (uint64_t i = 0; step.what == "import" && i < kImported; ++i) {
      overrides.insert(step.number + i);
    }
    if (step.what == "delete") overrides.erase(step.number);
  }
};

struct Figures {
  std::map<std::string, int> killed_in;  // step: how often
  int taken = 0;                         // steps in progress that turned out to be done
};

std::set<uint64_t> StoredOverrides(const Generation& generation) {
  std::set<uint64_t> numbers;
  absl::StatusOr<std::vector<std::pair<reputation::LookupKey, Override>>> stored =
      generation.ListOverrides("", 1'000'000);
  EXPECT_THAT(stored, IsOk());
  if (!stored.ok()) return numbers;
  for (const auto& [key, value] : *stored) {
    uint64_t number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(value.text, &number));
    EXPECT_EQ(key, OverrideKey(number));
    numbers.insert(number);
  }
  return numbers;
}

// Reads every entry of the served column family, past the store.
void ExpectWhole(const std::string& directory, uint64_t version) {
  ASSERT_OK_AND_ASSIGN(OpenedDatabase opened, OpenedDatabase::Open(directory + "/db", 1 << 20));
  ASSERT_EQ(opened.families.size(), version == 0 ? 0u : 1u);
  if (version == 0) return;
  rocksdb::DB* db = opened.database->db();
  std::string record;
  ASSERT_TRUE(db->Get(rocksdb::ReadOptions(), opened.database->meta(),
                      VersionKey(kFaultFeed, version), &record)
                  .ok());
  ASSERT_OK_AND_ASSIGN(StoredVersion stored, DecodeVersion(record));
  const auto& [name, family] = *opened.families.begin();
  EXPECT_EQ(stored.column_family, name);
  std::unique_ptr<rocksdb::Iterator> iterator(
      db->NewIterator(rocksdb::ReadOptions(), family->handle()));
  ContentDigest digest;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    if (IsRemoval(ToView(iterator->key()), ToView(iterator->value()))) continue;
    digest.Add(ToView(iterator->key()), ToView(iterator->value()));
  }
  EXPECT_TRUE(iterator->status().ok()) << iterator->status().ToString();
  EXPECT_EQ(digest, DigestOf(VersionEntries(version)));
  EXPECT_EQ(digest, stored.served.digest);
}

// What a store holds, in the same terms.
Acknowledged Found(const ReputationStore& store) {
  Acknowledged found;
  const std::shared_ptr<const Generation> generation = store.Current();
  found.version = generation->feeds()[0].version;
  found.overrides = StoredOverrides(*generation);
  EXPECT_EQ(generation->override_count(), found.overrides.size());
  absl::StatusOr<FeedDirective> directive = store.Directive(kFaultFeed);
  EXPECT_THAT(directive, IsOk());
  if (directive.ok()) found.directive = directive->accepted;
  return found;
}

bool Keeps(const ReputationStore& store, uint64_t version) {
  absl::StatusOr<std::vector<ServedFeed>> kept = store.KeptVersions(kFaultFeed);
  EXPECT_THAT(kept, IsOk());
  return kept.ok() && std::any_of(kept->begin(), kept->end(), [version](const ServedFeed& feed) {
           return feed.version == version;
         });
}

bool Matches(const ReputationStore& store, const Acknowledged& found, const Acknowledged& said) {
  return found.version == said.version && found.overrides == said.overrides &&
         found.directive == said.directive && (said.waiting == 0 || Keeps(store, said.waiting));
}

// Every pack that is kept has its hash, and every entry that is served is one that was signed.
void VerifyAll(ReputationStore& store) {
  ASSERT_OK_AND_ASSIGN(VerifyReport report, store.Verify(kFaultFeed, nullptr));
  EXPECT_THAT(report.served, IsOk());
  EXPECT_THAT(report.rotten_packs, ::testing::IsEmpty());
  EXPECT_THAT(store.DamagedFeeds(), ::testing::IsEmpty());
  EXPECT_THAT(store.VerifyAudit(), IsOk());
}

// Opens what a killed child left and compares it with what it acknowledged.
void Check(const std::string& directory, Acknowledged* acknowledged, Figures* figures) {
  std::optional<Step> in_progress = acknowledged->in_progress;
  figures->killed_in[in_progress.has_value() ? in_progress->what : "between"] += 1;
  Acknowledged if_taken = *acknowledged;
  if (in_progress.has_value()) if_taken.Apply(*in_progress);
  {
    ASSERT_OK_AND_ASSIGN(auto store, ReputationStore::Open(FaultStoreOptions(directory)));
    const Acknowledged found = Found(*store);
    const bool taken = Matches(*store, found, if_taken);
    ASSERT_TRUE(taken || Matches(*store, found, *acknowledged))
        << "version " << found.version << ", acknowledged " << acknowledged->version;
    if (in_progress.has_value() && taken) {
      figures->taken += 1;
      *acknowledged = if_taken;
    }
    VerifyAll(*store);
    EXPECT_GE(store->Current()->number(), store->Current()->override_count() / kImported);
  }
  acknowledged->in_progress.reset();
  ExpectWhole(directory, acknowledged->version);
}

// Lets a child live for a random while and kills it.
std::string RunAndKill(const std::vector<std::string>& arguments, int longest_life_ms,
                       std::mt19937_64* random) {
  testing::ProcessOptions child;
  child.argv = {testing::ProgramPath("fault-ingest-child")};
  child.argv.insert(child.argv.end(), arguments.begin(), arguments.end());
  absl::StatusOr<std::unique_ptr<testing::Process>> process = testing::Process::Start(child);
  EXPECT_THAT(process, IsOk());
  if (!process.ok()) return "";
  absl::Duration life =
      absl::Microseconds(std::uniform_int_distribution<int>(0, longest_life_ms * 1000)(*random));
  // Nothing prints this; the child lives until the time is over, unless it fails by itself.
  absl::Status waited = (*process)->WaitForText("the end", life);
  EXPECT_THAT(waited, HasCode(absl::StatusCode::kDeadlineExceeded)) << (*process)->errors();
  EXPECT_THAT((*process)->Signal(SIGKILL), IsOk());
  EXPECT_THAT((*process)->Wait(absl::Seconds(30)), IsOk());
  return (*process)->output();
}

TEST(KillTest, NothingAcknowledgedIsLostAndNoVersionIsHalf) {
  const uint64_t kills = NumberFromEnvironment("CLOISTER_KILLS", 25);
  const uint64_t seed = NumberFromEnvironment("CLOISTER_SEED", std::random_device()());
  std::cout << kills << " kills, CLOISTER_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  testing::TemporaryDirectory directory;
  const std::string data = directory / "data";
  Acknowledged acknowledged;
  Figures figures;
  for (uint64_t i = 0; i < kills; ++i) {
    SCOPED_TRACE(absl::StrCat("kill ", i));
    acknowledged.Read(
        RunAndKill({data, absl::StrCat(acknowledged.last_override + 1), absl::StrCat(random() | 1)},
                   kLongestLifeMs, &random));
    Check(data, &acknowledged, &figures);
    if (HasFatalFailure() || HasNonfatalFailure()) break;
  }
  if (HasFailure()) return;
  std::cout << "FIGURE kill -9 in the store: " << kills << " kills, none lost anything; version "
            << acknowledged.version << ", " << acknowledged.last_override << " overrides; killed";
  for (const auto& [step, count] : figures.killed_in) std::cout << " in " << step << " " << count;
  std::cout << "; steps in progress that were taken: " << figures.taken << std::endl;
  EXPECT_GT(acknowledged.version, 0u);
  EXPECT_GT(acknowledged.last_override, 0u);
}

// A database that RocksDB cannot open is replaced at the start by one that has all that
// administrators entered. Whenever that is interrupted, the next start has it all still.
TEST(KillTest, AMendAtTheStartMayBeInterruptedAnywhere) {
  const uint64_t kills = NumberFromEnvironment("CLOISTER_KILLS", 25) / 5;
  const uint64_t seed = NumberFromEnvironment("CLOISTER_SEED", std::random_device()());
  std::cout << kills << " kills, CLOISTER_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  testing::TemporaryDirectory directory;
  const std::string data = directory / "data";
  std::set<uint64_t> overrides;
  uint64_t interrupted = 0;
  for (uint64_t i = 1; i <= kills; ++i) {
    SCOPED_TRACE(absl::StrCat("kill ", i));
    {
      ASSERT_OK_AND_ASSIGN(auto store, ReputationStore::Open(FaultStoreOptions(data)));
      const SampleFeed feed(*store, kFaultFeed);
      ASSERT_THAT(store->Serve(feed.Snapshot(i, VersionEntries(i))), IsOk());
      ASSERT_THAT(store->SetOverride(OverrideKey(i), NumberedOverride(i)), IsOk());
      overrides.insert(i);
      const std::string pack = store->PackPath(store->Current()->feeds()[0].packs[0]);
      for (const auto& file : std::filesystem::directory_iterator(data + "/db")) {
        if (std::filesystem::equivalent(file.path(), pack)) std::filesystem::remove(file.path());
      }
    }
    const std::string output = RunAndKill({data, "1", "0"}, kLongestLifeMs, &random);
    if (output.empty()) ++interrupted;
    ASSERT_OK_AND_ASSIGN(auto store, ReputationStore::Open(FaultStoreOptions(data)));
    EXPECT_EQ(store->Current()->feeds()[0].version, i);
    EXPECT_EQ(StoredOverrides(*store->Current()), overrides);
    EXPECT_EQ(store->audit_count(), i);
    EXPECT_FALSE(std::filesystem::exists(data + "/db.new"));
    VerifyAll(*store);
    if (HasFailure()) return;
  }
  std::cout << "FIGURE kill -9 while a damaged database is mended: " << kills
            << " kills, none lost anything; " << interrupted << " before it was mended"
            << std::endl;
}

}  // namespace
}  // namespace cloister::storage
