// The program itself, as a process.

#include <signal.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/trust/updater.h"
#include "sync/trust_state/spool.h"
#include "tests/support/folder_repository.h"
#include "tests/support/process.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/scripted_web_server.h"
#include "tests/unit/sync/worker_fixture.h"

namespace cloister::worker {
namespace {

namespace fs = std::filesystem;
using ::cloister::testing::IsOk;
using ::cloister::testing::Process;
using ::cloister::testing::ProcessResult;
using ::cloister::testing::ProgramPath;
using ::cloister::testing::ScriptedWebServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr absl::Duration kLong = absl::Seconds(60);

class WorkerProgramTest : public WorkerFixture {
 protected:
  WorkerProgramTest() {
    // The program looks at the real clock.
    upstream_ = FeedUpstream(absl::Now());
    upstream_.minimum_poll_interval = absl::ZeroDuration();
    upstream_.Publish({{FileKey("one"), Malicious()}}, 1);
    WriteMirror();
    std::ofstream(directory_ / "root.json") << upstream_.repository.InitialState().root;
  }

  // The repository as a folder.
  void WriteMirror() { testing::WriteRepository(upstream_.repository, directory_ / "mirror"); }

  void Write(const std::string& path, const std::string& bytes) {
    ASSERT_THAT(storage::WriteFileAtomically(path, bytes, 0644), IsOk());
  }

  std::string WriteConfig(const std::string& url, const std::string& more = "") {
    Write(directory_ / "sync.toml",
          absl::StrCat("spool_directory = 'spool'\nstate_directory = 'state'\nreserve_mb = 0\n",
                       "[[feed]]\nname = 'threats'\nroot = 'root.json'\npoll_interval_s = 1\n",
                       "url = '", url, "'\n", more));
    return directory_ / "sync.toml";
  }
  std::string MirrorUrl() { return absl::StrCat("file://", directory_ / "mirror/"); }

  std::vector<std::string> Command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ProgramPath("cloister-sync"));
    return arguments;
  }
  ProcessResult RunProgram(const std::vector<std::string>& arguments) {
    auto result = testing::RunProcess({.argv = Command(arguments)}, kLong);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : ProcessResult{};
  }
};

TEST_F(WorkerProgramTest, OnceHandsOverAndPrintsALineForEachFeed) {
  const std::string config = WriteConfig(MirrorUrl());
  const ProcessResult first = RunProgram({"--config", config, "--once"});
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_THAT(first.output, StartsWith("threats: version 1 handed over (1 packs, "));
  EXPECT_EQ(SpoolNames().size(), 1u);
  const ProcessResult second = RunProgram({"--config", config, "--once"});
  EXPECT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_EQ(second.output, "threats: version 1 unchanged\n");
  const auto status =
      nlohmann::json::parse(*storage::ReadFile(directory_ / "state/status.json", 10'000));
  EXPECT_EQ(status["feeds"][0]["version"], 1);
}

TEST_F(WorkerProgramTest, OnceTellsARefusalByReason) {
  const std::string config = WriteConfig(MirrorUrl());
  for (const auto& entry : fs::directory_iterator(directory_ / "mirror/targets")) {
    std::string bytes = *storage::ReadFile(entry.path(), 1 << 20);
    bytes[100] ^= 1;
    Write(entry.path(), bytes);
  }
  const ProcessResult result = RunProgram({"--config", config, "--once"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, AllOf(StartsWith("threats: refused, target_hash_mismatch: "),
                                   Not(HasSubstr("mismatch: target_hash"))));
  EXPECT_THAT(result.errors, HasSubstr("reason=target_hash_mismatch"));
  EXPECT_TRUE(SpoolNames().empty());
}

TEST_F(WorkerProgramTest, OnceDoesNotLetAPublisherSteerTheTerminal) {
  for (auto& [path, target] : upstream_.repository.targets["targets"].items()) {
    target["custom"]["cloister"]["feed"] = "\x1b[2Jthreats";
  }
  upstream_.repository.UpdateTargets();
  WriteMirror();
  const ProcessResult result = RunProgram({"--config", WriteConfig(MirrorUrl()), "--once"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("wrong_feed"));
  EXPECT_THAT(result.output + result.errors, Not(HasSubstr("\x1b")));
}

TEST_F(WorkerProgramTest, NoFeedsNameIsInTheWayOfItsOwnFiles) {
  const std::string config = WriteConfig(MirrorUrl());
  std::string text = *storage::ReadFile(config, 10'000);
  Write(config, absl::StrReplaceAll(text, {{"'threats'", "'lock'"}}));
  EXPECT_THAT(RunProgram({"--config", config, "--once"}).output,
              StartsWith("lock: refused, wrong_feed: "));
}

TEST_F(WorkerProgramTest, StatusTellsAgesSourcesAndErrors) {
  const std::string config = WriteConfig(MirrorUrl(), "mirrors = ['file:///nowhere/']\n");
  const ProcessResult nothing = RunProgram({"--config", config, "--status"});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.output, StartsWith("threats: nothing handed over yet\n  last success never"));
  ASSERT_EQ(RunProgram({"--config", config, "--once"}).exit_code, 0);
  const ProcessResult good = RunProgram({"--config", config, "--status"});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_THAT(good.output,
              AllOf(StartsWith("threats: version 1, issued "), HasSubstr("from " + MirrorUrl())));
  fs::remove_all(directory_ / "mirror");
  ASSERT_EQ(RunProgram({"--config", config, "--once"}).exit_code, 1);
  const ProcessResult bad = RunProgram({"--config", config, "--status"});
  EXPECT_EQ(bad.exit_code, 1);
  // What was handed over before is told still, beside what fails now.
  EXPECT_THAT(bad.output, AllOf(StartsWith("threats: version 1, issued "), HasSubstr("FAILING"),
                                HasSubstr(MirrorUrl() + " failed (1 in a row): unavailable: "),
                                HasSubstr("file:///nowhere/ failed (1 in a row)")));
  const ProcessResult json = RunProgram({"--config", config, "--status", "--json"});
  EXPECT_EQ(json.exit_code, 1);
  const auto status = nlohmann::json::parse(json.output);
  EXPECT_EQ(status["feeds"][0]["source"], MirrorUrl());
  EXPECT_EQ(status["feeds"][0]["failures"], 1);
  EXPECT_EQ(status["feeds"][0]["sources"][1]["last_error"]["reason"], "unavailable");
}

TEST_F(WorkerProgramTest, KeepsFetchingUntilTold) {
  auto process = Process::Start({.argv = Command({"--config", WriteConfig(MirrorUrl())})});
  ASSERT_THAT(process, IsOk());
  ASSERT_THAT((*process)->WaitForText("handed_over feed=threats version=1", kLong), IsOk())
      << (*process)->errors();
  upstream_.Publish({{FileKey("two"), Malicious()}});
  WriteMirror();
  const std::string entry =
      trust::SpoolEntryName(uint64_t{upstream_.repository.timestamp["version"]});
  EXPECT_THAT(testing::WaitForFile(directory_ / ("spool/threats/" + entry), kLong), IsOk())
      << (*process)->errors();
  ASSERT_THAT((*process)->Signal(SIGTERM), IsOk());
  ASSERT_OK_AND_ASSIGN(const int exit_code, (*process)->Wait(kLong));
  EXPECT_EQ(exit_code, 0);
  EXPECT_THAT((*process)->errors(), HasSubstr("stopping signal=Terminated"));
}

TEST_F(WorkerProgramTest, EndsAtOnceInTheMiddleOfAFetch) {
  ScriptedWebServer server([](const std::string&, ScriptedWebServer::Connection& connection) {
    connection.WaitForClose(kLong);
    return false;
  });
  const std::string config = WriteConfig(server.url(), "allow_http = true\n");
  auto process = Process::Start({.argv = Command({"--config", config})});
  ASSERT_THAT(process, IsOk());
  ASSERT_TRUE(server.WaitForRequests(1, kLong));
  const absl::Time asked = absl::Now();
  ASSERT_THAT((*process)->Signal(SIGTERM), IsOk());
  ASSERT_OK_AND_ASSIGN(const int exit_code, (*process)->Wait(kLong));
  EXPECT_EQ(exit_code, 0);
  EXPECT_LT(absl::Now() - asked, absl::Seconds(10));
}

TEST_F(WorkerProgramTest, FetchesOverHttp) {
  ScriptedWebServer server([&](const std::string& path, ScriptedWebServer::Connection& connection) {
    const std::string file = directory_ / ("mirror/" + path.substr(sizeof "/feeds/" - 1));
    auto bytes = storage::ReadFile(file, 1 << 20);
    connection.Answer(bytes.ok() ? 200 : 404, bytes.ok() ? *bytes : "none");
    return true;
  });
  const ProcessResult result =
      RunProgram({"--config", WriteConfig(server.url(), "allow_http = true\n"), "--once"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(SpoolNames().size(), 1u);
}

TEST_F(WorkerProgramTest, ChecksItsConfiguration) {
  const ProcessResult good = RunProgram({"--config", WriteConfig(MirrorUrl()), "--check-config"});
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_THAT(good.output, HasSubstr("sound, 1 feeds"));
  EXPECT_TRUE(SpoolNames().empty());
  const ProcessResult bad =
      RunProgram({"--config", WriteConfig(MirrorUrl(), "pol_interval = 3\n"), "--check-config"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.errors, HasSubstr("sync.toml:9: unknown name \"pol_interval\" in [[feed]]"));
  fs::remove(directory_ / "root.json");
  const ProcessResult unsound =
      RunProgram({"--config", WriteConfig(MirrorUrl()), "--check-config"});
  EXPECT_EQ(unsound.exit_code, 2);
  EXPECT_THAT(unsound.errors, StartsWith("cloister-sync: feed threats: root "));
  Write(directory_ / "root.json", "{}");
  const ProcessResult foreign =
      RunProgram({"--config", WriteConfig(MirrorUrl()), "--check-config"});
  EXPECT_EQ(foreign.exit_code, 2);
  EXPECT_THAT(foreign.errors, HasSubstr("metadata_malformed"));
}

TEST_F(WorkerProgramTest, LeavesTheStateToWhoeverHasIt) {
  const std::string config = WriteConfig(MirrorUrl());
  auto process = Process::Start({.argv = Command({"--config", config})});
  ASSERT_THAT(process, IsOk());
  ASSERT_THAT((*process)->WaitForText("handed_over", kLong), IsOk());
  const ProcessResult second = RunProgram({"--config", config, "--once"});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.errors, HasSubstr("another cloister-sync"));
}

TEST_F(WorkerProgramTest, Explains) {
  const ProcessResult help = RunProgram({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, AllOf(HasSubstr("--check-config"), HasSubstr("[[feed]]")));
  const ProcessResult version = RunProgram({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.output, StartsWith("cloister-sync "));
  EXPECT_EQ(RunProgram({}).exit_code, 2);
  EXPECT_EQ(RunProgram({"--config", "x", "--nonsense"}).exit_code, 2);
  const ProcessResult missing = RunProgram({"--config", directory_ / "none.toml"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.errors, HasSubstr("none.toml"));
}

}  // namespace
}  // namespace cloister::worker
