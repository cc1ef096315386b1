// The same for what cloister-publish fetches: the copy that is kept as the good one is a whole one.

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "sync/publisher/sources/web_source.h"
#include "tests/fault/disk_faults.h"
#include "tests/fault/fault_fixture.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/scripted_web_server.h"

namespace cloister::fault {
namespace {

using ::cloister::testing::IsOk;
using Connection = testing::ScriptedWebServer::Connection;

class SourceDiskFaultTest : public DiskFaultFixture {
 protected:
  SourceDiskFaultTest()
      : server_([this](const std::string&, Connection& connection) {
          connection.Answer(200, Rows(new_.load()));
          return true;
        }) {}

  void Prepare() override {
    Write(directory_ / "passphrase", "for this test only\n");
    RunToEnd(Publish({"keys", "create", "--out", directory_ / "keys", "--passphrase-file",
                      directory_ / "passphrase"}));
    RunToEnd(Publish({"init", "--feed", kFeed, "--keys", directory_ / "keys", "--repository",
                      before_ + "/repository", "--passphrase-file", directory_ / "passphrase"}));
    Write(before_ + "/publication.toml",
          absl::StrCat("[repository]\npath = 'repository'\nstate_directory = 'state'\n",
                       "[keys]\nfolders = ['", directory_ / "keys", "']\npassphrase_file = '",
                       directory_ / "passphrase", "'\n[[source]]\nname = 'hosts'\n",
                       "format = 'domain'\nallow_http = true\nurl = '", server_.url(),
                       "hosts.txt'\n"));
    RunToEnd(Build(before_));
    new_ = true;
  }

  static void Write(const std::string& path, const std::string& text) {
    EXPECT_THAT(storage::WriteFileAtomically(path, text), IsOk());
  }
  static std::string Rows(bool newer) {
    std::string rows;
    for (int i = 0; i < 2000; ++i) absl::StrAppend(&rows, newer ? "b" : "a", i, ".example\n");
    return rows;
  }
  static testing::ProcessOptions Publish(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), testing::ProgramPath("cloister-publish"));
    return {.argv = std::move(arguments)};
  }
  static testing::ProcessOptions Build(const std::string& directory) {
    return Publish({"build", directory + "/publication.toml"});
  }
  // What is kept as the good copy.
  static std::string Good(const std::string& directory) {
    const auto copy = publisher::SourceCopies(directory + "/state/copies").Last("hosts");
    return copy.ok() ? storage::ReadFile(copy->path, 1 << 20).value_or("") : "";
  }

  std::atomic<bool> new_ = false;
  testing::ScriptedWebServer server_;
};

TEST_F(SourceDiskFaultTest, TheGoodCopyIsAWholeOne) {
  RunDiskFaults({.name = "cloister-publish fetches and builds",
                 .before = before_,
                 .program = [](const std::string& dir) { return Build(dir); },
                 .check =
                     [](const FaultedRun& run) {
                       const std::string good = Good(run.directory);
                       EXPECT_TRUE(good == Rows(false) || good == Rows(true)) << good.size();
                       // A run that could not write the new copy may have built from the old one.
                       RunToEnd(Build(run.directory));
                       EXPECT_EQ(Good(run.directory), Rows(true));
                       return good == Rows(true) ? End::kNew : End::kOld;
                     }});
}

}  // namespace
}  // namespace cloister::fault
