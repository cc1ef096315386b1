// The same for cloister-publish: whatever happens to its disk, what a client fetches is a whole
// version, and the next run goes on.

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "tests/fault/disk_faults.h"
#include "tests/fault/fault_fixture.h"
#include "tests/support/status_matchers.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::IsOk;

namespace fs = std::filesystem;

class PublisherDiskFaultTest : public DiskFaultFixture {
 protected:
  void Prepare() override {
    Write(directory_ / "passphrase", "for this test only\n");
    Write(directory_ / "old.csv", "kind,value,verdict\nhost,a.example,malicious\n");
    Write(directory_ / "new.csv", "kind,value,verdict\nhost,b.example,malicious\n");
    RunToEnd(Publish({"keys", "create", "--out", directory_ / "keys"}));
    RunToEnd(Publish({"init", "--feed", kFeed, "--keys", directory_ / "keys", "--repository",
                      before_ + "/repository"}));
    RunToEnd(PublishVersion(before_, "old.csv"));
  }

  static void Write(const std::string& path, const std::string& text) {
    EXPECT_THAT(storage::WriteFileAtomically(path, text), IsOk());
  }

  testing::ProcessOptions Publish(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), testing::ProgramPath("cloister-publish"));
    arguments.insert(arguments.end(), {"--passphrase-file", directory_ / "passphrase"});
    return {.argv = std::move(arguments)};
  }
  testing::ProcessOptions PublishVersion(const std::string& directory,
                                         const std::string& source) const {
    return Publish({"publish", "--keys", directory_ / "keys", "--repository",
                    directory + "/repository", "--source",
                    absl::StrCat("csv:", directory_ / source)});
  }

  // What a client that knows nothing yet fetches, and a server then serves.
  static uint64_t Fetched(const std::string& directory) {
    for (const char* part : {"/sync", "/spool"}) fs::remove_all(directory + part);
    fs::create_directories(directory + "/spool");
    fs::copy_file(directory + "/repository/metadata/1.root.json", directory + "/threats.root.json",
                  fs::copy_options::overwrite_existing);
    RunToEnd(CloisterSync(directory, "",
                          absl::StrCat("url = \"file://", directory, "/repository/\"\n")));
    return TakenFromSpool(directory);
  }
};

TEST_F(PublisherDiskFaultTest, WhatClientsFetchIsWhole) {
  RunDiskFaults(
      {.name = "cloister-publish publishes",
       .before = before_,
       .program = [this](const std::string& dir) { return PublishVersion(dir, "new.csv"); },
       .check =
           [this](const FaultedRun& run) {
             const uint64_t version = Fetched(run.directory);
             EXPECT_TRUE(version == kOldVersion || version == kNewVersion) << version;
             if (run.child.exit_code == 0) {
               EXPECT_EQ(version, kNewVersion) << "it was published";
             }
             RunToEnd(PublishVersion(run.directory, "new.csv"));
             EXPECT_GE(Fetched(run.directory), kNewVersion);
             return version == kNewVersion ? End::kNew : End::kOld;
           }});
}

}  // namespace
}  // namespace cloister::fault
