// kill -9 at random instants over the whole way of an update: cloister-sync while it fetches,
// verifies, validates and hands over; the server's side while it verifies, copies, ingests and
// folds. CLOISTER_PIPELINE_KILLS says how often, CLOISTER_SEED repeats an earlier run.

#include <signal.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fault/disk_faults.h"
#include "tests/fault/fault_fixture.h"
#include "tests/support/spooled_feed.h"
#include "tests/support/status_matchers.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;

namespace fs = std::filesystem;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr int kListings = 2000;  // so that each stage takes long enough to be hit

class PipelineKillTest : public ::testing::Test {
 protected:
  PipelineKillTest() { fs::create_directories(work_ + "/spool"); }

  static Listing Host(uint64_t number) {
    return ListingOf(reputation::ObjectKind::kHost, absl::StrCat("h", number, ".example"),
                     reputation::Verdict::kMalicious, "Test.Host");
  }

  // The next version: every tenth is a snapshot, the others are deltas.
  void PublishNext() {
    const uint64_t next = feed_.version() + 1;
    if (next % 10 == 1) {
      std::vector<Listing> listings;
      for (uint64_t i = 0; i < kListings; ++i) listings.push_back(Host(next + i));
      feed_.PublishSnapshot(listings);
    } else {
      feed_.PublishDelta({Host(next + kListings)}, {Host(next + 1).key});
    }
    const std::string link = work_ + "/current.new";
    fs::create_directory_symlink(feed_.HandOver(), link);
    fs::rename(link, work_ + "/current");
  }

  testing::ProcessOptions Sync() const {
    return CloisterSync(work_, "", absl::StrCat("url = \"file://", work_, "/current/\"\n"));
  }
  testing::ProcessOptions Server(const std::string& action) const {
    return UpdateChild(work_, action);
  }

  // Kills the program within `longest`; false if it came to its end before.
  bool RunAndKill(const testing::ProcessOptions& program, absl::Duration longest) {
    absl::StatusOr<std::unique_ptr<testing::Process>> process = testing::Process::Start(program);
    EXPECT_THAT(process, IsOk());
    if (!process.ok()) return false;
    const absl::Duration life = longest * std::uniform_real_distribution<double>(0, 1)(random_);
    absl::StatusOr<int> ended = (*process)->Wait(life);
    if (ended.ok()) {
      EXPECT_EQ(*ended, 0) << (*process)->output() << (*process)->errors();
      return false;
    }
    EXPECT_THAT((*process)->Signal(SIGKILL), IsOk());
    EXPECT_THAT((*process)->Wait(kPatience), IsOk());
    return true;
  }

  // How long the program takes undisturbed.
  absl::Duration TimeOf(const testing::ProcessOptions& program) {
    const absl::Time start = absl::Now();
    RunToEnd(program);
    return absl::Now() - start;
  }

  testing::TemporaryDirectory directory_;
  const std::string work_ = MadeFolder(directory_ / "work");
  testing::SpooledFeed feed_{work_ + "/upstream", work_, kFeed, absl::Now()};
  std::mt19937_64 random_{NumberFromEnvironment("CLOISTER_SEED", std::random_device()())};
};

TEST_F(PipelineKillTest, EveryStageEndsAtTheOldVersionOrTheNewOne) {
  const uint64_t kills = NumberFromEnvironment("CLOISTER_PIPELINE_KILLS", 12);
  PublishNext();
  const absl::Duration sync_time = TimeOf(Sync());
  const absl::Duration update_time = TimeOf(Server("update"));
  uint64_t acknowledged = ServedWhole(work_);
  ASSERT_EQ(acknowledged, 1u);
  std::map<std::string, uint64_t> killed;
  uint64_t done = 0;
  while (done < kills && !HasFailure()) {
    PublishNext();
    SCOPED_TRACE(absl::StrCat("version ", feed_.version()));
    const bool sync_killed = RunAndKill(Sync(), sync_time * 1.2);
    killed["cloister-sync"] += sync_killed;
    const bool update_killed = RunAndKill(Server("update"), update_time * 1.2);
    killed["server"] += update_killed;
    const bool fold_killed = feed_.version() % 3 == 0 && RunAndKill(Server("fold"), update_time);
    killed["fold"] += fold_killed;
    done += sync_killed + update_killed + fold_killed;
    const uint64_t version = ServedWhole(work_);
    EXPECT_GE(version, acknowledged);
    EXPECT_LE(version, feed_.version());
    if (!sync_killed && !update_killed) {
      EXPECT_EQ(version, feed_.version());
    }
    acknowledged = version;
  }
  // Undisturbed, everything goes on by itself.
  RunToEnd(Sync());
  RunToEnd(Server("update"));
  EXPECT_EQ(ServedWhole(work_), feed_.version());
  std::cout << "FIGURE kills over the pipeline: " << done << " (cloister-sync "
            << killed["cloister-sync"] << ", server " << killed["server"] << ", fold "
            << killed["fold"] << ") over " << feed_.version() << " versions, 0 half-applied, 0 lost"
            << std::endl;
}

}  // namespace
}  // namespace cloister::fault
