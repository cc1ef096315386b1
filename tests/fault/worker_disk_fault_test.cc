// The same for cloister-sync: whatever happens to its disk, what it has handed over, and what
// others find in its mirror, is whole, and it goes on by itself afterwards.

#include <filesystem>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/fault/disk_faults.h"
#include "tests/fault/fault_fixture.h"
#include "tests/support/spooled_feed.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::Listing;
using ::cloister::testing::ListingOf;

namespace fs = std::filesystem;

// The upstream lies in "upstream", as the spool of another appliance; cloister-sync hands over into
// "spool", from which fault-update-child serves.
class WorkerDiskFaultTest : public DiskFaultFixture {
 protected:
  void Prepare() override {
    fs::create_directories(before_ + "/spool");
    fs::create_directories(before_ + "/mirror");
    feed_.PublishSnapshot({File('a'), File('b')});
    entry_ = fs::path(feed_.HandOver()).filename();
    RunToEnd(SyncAndMirror(before_));
    feed_.PublishDelta({File('c')}, {File('a').key});
    entry_ = fs::path(feed_.HandOver()).filename();
  }

  static Listing File(char digit) {
    return ListingOf(reputation::ObjectKind::kFile, std::string(64, digit),
                     reputation::Verdict::kMalicious, "Test.File");
  }

  std::string Upstream(const std::string& directory) const {
    return absl::StrCat("url = \"file://", directory, "/upstream/threats/", entry_, "/\"\n");
  }
  testing::ProcessOptions Sync(const std::string& directory) const {
    return CloisterSync(directory, "", Upstream(directory));
  }
  testing::ProcessOptions SyncAndMirror(const std::string& directory) const {
    return CloisterSync(directory, absl::StrCat("mirror_directory = \"", directory, "/mirror\"\n"),
                        Upstream(directory));
  }
  // The same feed without an address: what is new lies in a bundle in the folder "inbox".
  static testing::ProcessOptions Import(const std::string& directory) {
    return CloisterSync(directory,
                        absl::StrCat("[import]\nfolders = [\"", directory, "/inbox\"]\n"), "");
  }

  // The version that another appliance, which knows nothing yet, takes from the mirror.
  static uint64_t TakenFromMirror(const std::string& directory) {
    const std::string downstream = directory + "/downstream";
    fs::remove_all(downstream);
    fs::create_directories(downstream + "/spool");
    fs::copy(directory + "/threats.root.json", downstream);
    RunToEnd(CloisterSync(downstream, "",
                          absl::StrCat("url = \"file://", directory, "/mirror/threats/\"\n")));
    return TakenFromSpool(downstream);
  }

  using ProgramIn = std::function<testing::ProcessOptions(const std::string& directory)>;

  // Faults while `program` goes from the old version to the new one. What `taken` says has to be
  // one of the two, and the new one once the program ran again.
  void RunFaults(const std::string& name, const ProgramIn& program,
                 const std::function<uint64_t(const std::string& directory)>& taken) {
    RunDiskFaults(
        {.name = name, .before = before_, .program = program, .check = [&](const FaultedRun& run) {
           const uint64_t version = taken(run.directory);
           EXPECT_TRUE(version == kOldVersion || version == kNewVersion) << version;
           RunToEnd(program(run.directory));
           EXPECT_EQ(taken(run.directory), kNewVersion);
           return version == kNewVersion ? End::kNew : End::kOld;
         }});
  }

  testing::SpooledFeed feed_{before_ + "/upstream", before_, kFeed, absl::Now()};
  std::string entry_;
};

TEST_F(WorkerDiskFaultTest, WhatIsHandedOverIsWhole) {
  RunFaults(
      "cloister-sync fetches and hands over",
      [this](const std::string& directory) { return Sync(directory); }, TakenFromSpool);
}

TEST_F(WorkerDiskFaultTest, WhatOthersFindInTheMirrorIsWhole) {
  RunFaults(
      "cloister-sync keeps a mirror",
      [this](const std::string& directory) { return SyncAndMirror(directory); }, TakenFromMirror);
}

TEST_F(WorkerDiskFaultTest, WhatABundleBringsIsHandedOverWhole) {
  fs::create_directories(before_ + "/inbox");
  RunToEnd(
      {.argv = {testing::ProgramPath("cloister-bundle"), "create", "--from", before_ + "/upstream",
                "--root", before_ + "/threats.root.json", "--out", before_ + "/inbox/2.bundle"}});
  RunFaults("cloister-sync imports a bundle", Import, TakenFromSpool);
}

}  // namespace
}  // namespace cloister::fault
