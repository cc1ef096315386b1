// The same for cloister-sync: whatever happens to its disk, what it has handed over is whole, and
// it goes on by itself afterwards.

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "tests/fault/disk_faults.h"
#include "tests/fault/update_steps.h"
#include "tests/support/spooled_feed.h"
#include "tests/support/status_matchers.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;
using storage::ReputationStore;

namespace fs = std::filesystem;

// The upstream lies in "upstream", as the spool of another appliance; cloister-sync hands over into
// "spool", from which fault-update-child serves.
class WorkerDiskFaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef CLOISTER_SANITIZED
    GTEST_SKIP() << "sanitizers and the preloaded library both replace the C library's calls";
#endif
    fs::create_directories(before_ + "/spool");
    feed_.PublishSnapshot({File('a'), File('b')});
    Run(Sync(before_));
    feed_.PublishDelta({File('c')}, {File('a').key});
    entry_ = fs::path(feed_.HandOver()).filename();
  }

  static Listing File(char digit) {
    return ListingOf(reputation::ObjectKind::kFile, std::string(64, digit),
                     reputation::Verdict::kMalicious, "Test.File");
  }

  testing::ProcessOptions Sync(const std::string& directory) {
    if (entry_.empty()) entry_ = fs::path(feed_.HandOver()).filename();
    const std::string path = directory + "/cloister-sync.toml";
    EXPECT_THAT(storage::WriteFileAtomically(
                    path, absl::StrCat("spool_directory = \"", directory, "/spool\"\n",
                                       "state_directory = \"", directory, "/sync\"\n",
                                       "reserve_mb = 0\n[[feed]]\nname = \"threats\"\n",
                                       "url = \"file://", directory, "/upstream/threats/", entry_,
                                       "/\"\nroot = \"", directory, "/threats.root.json\"\n")),
                IsOk());
    return {.argv = {testing::ProgramPath("cloister-sync"), "--config", path, "--once"}};
  }

  // The same feed without an address: what is new lies in a bundle in the folder "inbox".
  testing::ProcessOptions Import(const std::string& directory) {
    const std::string path = directory + "/cloister-sync.toml";
    EXPECT_THAT(
        storage::WriteFileAtomically(
            path, absl::StrCat("spool_directory = \"", directory, "/spool\"\nstate_directory = \"",
                               directory, "/sync\"\nreserve_mb = 0\n[import]\nfolders = [\"",
                               directory, "/inbox\"]\n[[feed]]\nname = \"threats\"\nroot = \"",
                               directory, "/threats.root.json\"\n")),
        IsOk());
    return {.argv = {testing::ProgramPath("cloister-sync"), "--config", path, "--once"}};
  }

  static void Run(const testing::ProcessOptions& program) {
    absl::StatusOr<testing::ProcessResult> result = testing::RunProcess(program);
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(result->exit_code, 0) << result->output << result->errors;
  }

  // Serves what lies in the spool, from nothing, and returns its version.
  static uint64_t HandedOver(const std::string& directory) {
    for (const char* part : {"/data", "/trust"}) fs::remove_all(directory + part);
    Run({.argv = {testing::ProgramPath("fault-update-child"), directory, "update"}});
    absl::StatusOr<std::unique_ptr<ReputationStore>> store =
        ReputationStore::Open(StoreOptions(directory));
    EXPECT_THAT(store, IsOk());
    if (!store.ok()) return 0;
    absl::StatusOr<storage::VerifyReport> report = (*store)->Verify(kFeed, nullptr);
    EXPECT_THAT(report, IsOk());
    if (report.ok()) {
      EXPECT_THAT(report->served, IsOk());
    }
    return (*store)->Current()->feeds()[0].version;
  }

  testing::TemporaryDirectory directory_;
  const std::string before_ = MadeFolder(directory_ / "before");
  testing::SpooledFeed feed_{before_ + "/upstream", before_, kFeed, absl::Now()};
  std::string entry_;
};

TEST_F(WorkerDiskFaultTest, WhatIsHandedOverIsWhole) {
  RunDiskFaults({.name = "cloister-sync fetches and hands over",
                 .before = before_,
                 .program = [this](const std::string& dir) { return Sync(dir); },
                 .check =
                     [this](const FaultedRun& run) {
                       const uint64_t version = HandedOver(run.directory);
                       EXPECT_TRUE(version == kOldVersion || version == kNewVersion) << version;
                       Run(Sync(run.directory));
                       EXPECT_EQ(HandedOver(run.directory), kNewVersion);
                       return version == kNewVersion ? End::kNew : End::kOld;
                     }});
}

TEST_F(WorkerDiskFaultTest, WhatABundleBringsIsHandedOverWhole) {
  fs::create_directories(before_ + "/inbox");
  Run({.argv = {testing::ProgramPath("cloister-bundle"), "create", "--from", before_ + "/upstream",
                "--root", before_ + "/threats.root.json", "--out", before_ + "/inbox/2.bundle"}});
  RunDiskFaults({.name = "cloister-sync imports a bundle",
                 .before = before_,
                 .program = [this](const std::string& dir) { return Import(dir); },
                 .check =
                     [this](const FaultedRun& run) {
                       const uint64_t version = HandedOver(run.directory);
                       EXPECT_TRUE(version == kOldVersion || version == kNewVersion) << version;
                       Run(Import(run.directory));
                       EXPECT_EQ(HandedOver(run.directory), kNewVersion);
                       return version == kNewVersion ? End::kNew : End::kOld;
                     }});
}

}  // namespace
}  // namespace cloister::fault
