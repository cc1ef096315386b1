// Every step that a program takes on the disk may fail, be the last, or be forgotten when the power
// goes: after each, what is there is the old state or the new one, whole, and the way on is open.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fault/disk_faults.h"
#include "tests/fault/update_steps.h"
#include "tests/support/spooled_feed.h"
#include "tests/support/status_matchers.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::IsOk;
using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;
using reputation::ObjectKind;
using reputation::Verdict;
using storage::ReputationStore;

std::vector<Listing> Files(char first, char last) {
  std::vector<Listing> files;
  for (char digit = first; digit <= last; ++digit) {
    files.push_back(
        ListingOf(ObjectKind::kFile, std::string(64, digit), Verdict::kMalicious, "Test.File"));
  }
  return files;
}

class DiskFaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef CLOISTER_SANITIZED
    GTEST_SKIP() << "sanitizers and the preloaded library both replace the C library's calls";
#endif
  }

  testing::ProcessOptions Child(const std::string& directory, const std::string& action) const {
    return {.argv = {testing::ProgramPath("fault-update-child"), directory, action}};
  }

  // Runs the child without fault, from what is in before_.
  void Prepare(const std::string& action) {
    ASSERT_OK_AND_ASSIGN(testing::ProcessResult result,
                         testing::RunProcess(Child(before_, action)));
    ASSERT_EQ(result.exit_code, 0) << result.output << result.errors;
  }

  // Version 1 serves, an override is set; the spool offers version 2.
  void ServeOldAndOfferNew(bool as_delta) {
    feed_.PublishSnapshot(Files('a', 'c'));
    feed_.HandOver();
    Prepare("update");
    if (as_delta) {
      feed_.PublishDelta(Files('d', 'd'), {Files('a', 'a').front().key});
    } else {
      feed_.PublishSnapshot(Files('b', 'd'));
    }
    feed_.HandOver();
  }

  // Opens what a run left and demands that it is whole. Returns the version that serves.
  static uint64_t WholeVersion(const std::string& directory, bool* overridden) {
    absl::StatusOr<std::unique_ptr<ReputationStore>> store =
        ReputationStore::Open(StoreOptions(directory));
    EXPECT_THAT(store, IsOk());
    if (!store.ok()) return 0;
    EXPECT_THAT((*store)->VerifyAudit(), IsOk());
    *overridden = (*store)->Current()->FindOverride(OverriddenKey()).ok();
    const uint64_t version = (*store)->Current()->feeds()[0].version;
    if (version == 0) return 0;
    absl::StatusOr<storage::VerifyReport> report = (*store)->Verify(kFeed, nullptr);
    EXPECT_THAT(report, IsOk());
    if (report.ok()) {
      EXPECT_THAT(report->served, IsOk());
      EXPECT_THAT(report->rotten_packs, ::testing::IsEmpty());
    }
    return version;
  }

  // Runs the child again without fault; then `version` must serve.
  static void ExpectWayOn(const std::string& directory, const std::string& action,
                          uint64_t version) {
    absl::StatusOr<testing::ProcessResult> again = testing::RunProcess(
        {.argv = {testing::ProgramPath("fault-update-child"), directory, action}});
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->exit_code, 0) << again->output << again->errors;
    bool overridden = false;
    EXPECT_EQ(WholeVersion(directory, &overridden), version);
  }

  // Where a fault is told, it is told by its reason.
  static void ExpectTold(const FaultedRun& run) {
    if (!run.told() || run.child.exit_code == 0) return;
    EXPECT_TRUE(absl::StrContains(run.child.output, "no_space") ||
                absl::StrContains(run.child.output, "io_error") ||
                absl::StrContains(run.child.output, "pack_unreadable") ||
                absl::StrContains(run.child.output, "INTERNAL"))
        << run.child.output;
  }

  void RunUpdates(const std::string& name) {
    RunDiskFaults({.name = name,
                   .before = before_,
                   .program = [this](const std::string& dir) { return Child(dir, "update"); },
                   .check =
                       [](const FaultedRun& run) {
                         bool overridden = false;
                         ExpectTold(run);
                         const uint64_t version = WholeVersion(run.directory, &overridden);
                         EXPECT_TRUE(version == kOldVersion || version == kNewVersion) << version;
                         const bool done = absl::StrContains(run.child.output, "done");
                         if (done && run.fault != "eio" && run.fault != "enospc") {
                           EXPECT_EQ(version, kNewVersion) << "it was acknowledged";
                         }
                         ExpectWayOn(run.directory, "update", kNewVersion);
                         return version == kNewVersion ? End::kNew : End::kOld;
                       }});
  }

  testing::TemporaryDirectory directory_;
  const std::string before_ = MadeFolder(directory_ / "before");
  testing::SpooledFeed feed_{before_ + "/spool", before_, kFeed, absl::Now()};
};

TEST_F(DiskFaultTest, ASnapshotServesWholeOrNotAtAll) {
  ServeOldAndOfferNew(false);
  RunUpdates("server takes a snapshot");
}

TEST_F(DiskFaultTest, ADeltaServesWholeOrNotAtAll) {
  ServeOldAndOfferNew(true);
  RunUpdates("server takes a delta");
}

TEST_F(DiskFaultTest, AnOverrideIsThereOnceItIsAcknowledged) {
  ServeOldAndOfferNew(true);
  RunDiskFaults({.name = "override",
                 .before = before_,
                 .program = [this](const std::string& dir) { return Child(dir, "override"); },
                 .check =
                     [](const FaultedRun& run) {
                       bool overridden = false;
                       EXPECT_EQ(WholeVersion(run.directory, &overridden), kOldVersion);
                       if (absl::StrContains(run.child.output, "done")) {
                         EXPECT_TRUE(overridden) << "it was acknowledged";
                       }
                       ExpectWayOn(run.directory, "override", kOldVersion);
                       return overridden ? End::kNew : End::kOld;
                     }});
}

TEST_F(DiskFaultTest, ARollbackHappensWholeOrNotAtAll) {
  ServeOldAndOfferNew(true);
  Prepare("update");
  RunDiskFaults({.name = "rollback",
                 .before = before_,
                 .program = [this](const std::string& dir) { return Child(dir, "rollback"); },
                 .check =
                     [](const FaultedRun& run) {
                       bool overridden = false;
                       const uint64_t version = WholeVersion(run.directory, &overridden);
                       EXPECT_TRUE(version == kOldVersion || version == kNewVersion) << version;
                       if (absl::StrContains(run.child.output, "done")) {
                         EXPECT_EQ(version, kOldVersion) << "it was acknowledged";
                       }
                       ExpectWayOn(run.directory, "rollback", kOldVersion);
                       return version == kOldVersion ? End::kNew : End::kOld;
                     }});
}

TEST_F(DiskFaultTest, AFoldChangesNothingThatIsServed) {
  ServeOldAndOfferNew(true);
  Prepare("update");
  RunDiskFaults({.name = "fold",
                 .before = before_,
                 .program = [this](const std::string& dir) { return Child(dir, "fold"); },
                 .check =
                     [](const FaultedRun& run) {
                       bool overridden = false;
                       EXPECT_EQ(WholeVersion(run.directory, &overridden), kNewVersion);
                       ExpectWayOn(run.directory, "fold", kNewVersion);
                       return run.child.exit_code == 0 ? End::kNew : End::kOld;
                     }});
}

}  // namespace
}  // namespace cloister::fault
