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
#include "tests/fault/fault_fixture.h"
#include "tests/support/spooled_feed.h"
#include "tests/support/status_matchers.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;
using reputation::ObjectKind;
using reputation::Verdict;

std::vector<Listing> Files(char first, char last) {
  std::vector<Listing> files;
  for (char digit = first; digit <= last; ++digit) {
    files.push_back(
        ListingOf(ObjectKind::kFile, std::string(64, digit), Verdict::kMalicious, "Test.File"));
  }
  return files;
}

class DiskFaultTest : public DiskFaultFixture {
 protected:
  // Version 1 serves, an override is set; the spool offers version 2.
  void ServeOldAndOfferNew(bool as_delta) {
    feed_.PublishSnapshot(Files('a', 'c'));
    feed_.HandOver();
    RunToEnd(UpdateChild(before_, "update"));
    if (as_delta) {
      feed_.PublishDelta(Files('d', 'd'), {Files('a', 'a').front().key});
    } else {
      feed_.PublishSnapshot(Files('b', 'd'));
    }
    feed_.HandOver();
  }

  // Runs the child again without fault; then `version` must serve.
  static void ExpectWayOn(const std::string& directory, const std::string& action,
                          uint64_t version) {
    RunToEnd(UpdateChild(directory, action));
    EXPECT_EQ(ServedWhole(directory), version);
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
                   .program = [](const std::string& dir) { return UpdateChild(dir, "update"); },
                   .check =
                       [](const FaultedRun& run) {
                         bool overridden = false;
                         ExpectTold(run);
                         const uint64_t version = ServedWhole(run.directory, &overridden);
                         EXPECT_TRUE(version == kOldVersion || version == kNewVersion) << version;
                         const bool done = absl::StrContains(run.child.output, "done");
                         if (done && run.fault != "eio" && run.fault != "enospc") {
                           EXPECT_EQ(version, kNewVersion) << "it was acknowledged";
                         }
                         ExpectWayOn(run.directory, "update", kNewVersion);
                         return version == kNewVersion ? End::kNew : End::kOld;
                       }});
  }

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
                 .program = [](const std::string& dir) { return UpdateChild(dir, "override"); },
                 .check =
                     [](const FaultedRun& run) {
                       bool overridden = false;
                       EXPECT_EQ(ServedWhole(run.directory, &overridden), kOldVersion);
                       if (absl::StrContains(run.child.output, "done")) {
                         EXPECT_TRUE(overridden) << "it was acknowledged";
                       }
                       ExpectWayOn(run.directory, "override", kOldVersion);
                       return overridden ? End::kNew : End::kOld;
                     }});
}

TEST_F(DiskFaultTest, ARollbackHappensWholeOrNotAtAll) {
  ServeOldAndOfferNew(true);
  RunToEnd(UpdateChild(before_, "update"));
  RunDiskFaults({.name = "rollback",
                 .before = before_,
                 .program = [](const std::string& dir) { return UpdateChild(dir, "rollback"); },
                 .check =
                     [](const FaultedRun& run) {
                       bool overridden = false;
                       const uint64_t version = ServedWhole(run.directory, &overridden);
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
  RunToEnd(UpdateChild(before_, "update"));
  RunDiskFaults({.name = "fold",
                 .before = before_,
                 .program = [](const std::string& dir) { return UpdateChild(dir, "fold"); },
                 .check =
                     [](const FaultedRun& run) {
                       bool overridden = false;
                       EXPECT_EQ(ServedWhole(run.directory, &overridden), kNewVersion);
                       ExpectWayOn(run.directory, "fold", kNewVersion);
                       return run.child.exit_code == 0 ? End::kNew : End::kOld;
                     }});
}

}  // namespace
}  // namespace cloister::fault
