// `cloister-publish run` as a process.

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/sources/web_source.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/scripted_web_server.h"

namespace cloister::publisher {
namespace {

namespace fs = std::filesystem;
using ::cloister::testing::IsOk;
using ::cloister::testing::Process;
using ::cloister::testing::ProgramPath;
using ::cloister::testing::ScriptedWebServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Connection = ScriptedWebServer::Connection;

constexpr absl::Duration kLong = absl::Seconds(60);

// Receives what a service tells systemd.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~NotifySocket() { close(fd_); }

  bool WaitFor(absl::string_view text) {
    const absl::Time deadline = absl::Now() + kLong;
    while (absl::Now() < deadline) {
      pollfd waited{fd_, POLLIN, 0};
      if (poll(&waited, 1, 1000) <= 0) continue;
      char buffer[1024];
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n > 0 && absl::StrContains(absl::string_view(buffer, static_cast<size_t>(n)), text)) {
        return true;
      }
    }
    return false;
  }

 private:
  int fd_;
};

class DaemonTest : public ::testing::Test {
 protected:
  DaemonTest() { Write("passphrase", "for this test only\n"); }

  void MakeRepository(std::vector<std::string> more = {}) {
    ASSERT_EQ(Run({"keys", "create", "--out", "keys", "--passphrase-file", "passphrase"}), 0);
    std::vector<std::string> init = {"init",      "--feed",       "threats", "--keys",
                                     "keys",      "--repository", "repo",    "--passphrase-file",
                                     "passphrase"};
    init.insert(init.end(), more.begin(), more.end());
    ASSERT_EQ(Run(init), 0);
  }

  int Run(std::vector<std::string> words) {
    words.insert(words.begin(), ProgramPath("cloister-publish"));
    const auto result =
        testing::RunProcess({.argv = std::move(words), .working_directory = directory_.path()});
    if (!result.ok()) return -1;
    output_ = result->output + result->errors;
    return result->exit_code;
  }

  void Write(const std::string& name, const std::string& text) {
    EXPECT_THAT(storage::WriteFileAtomically(directory_ / name, text), IsOk());
  }
  // With a source in a file, unless `source` says otherwise.
  void Configure(const std::string& source = "path = 'hosts.txt'\n",
                 const std::string& schedule = "interval_s = 3600\n") {
    Write(
        "publication.toml",
        absl::StrCat("[repository]\npath = 'repo'\nstate_directory = 'state'\n",
                     "[keys]\nfolders = ['keys']\npassphrase_file = 'passphrase'\n", "[schedule]\n",
                     schedule, "[[source]]\nname = 'hosts'\nformat = 'domain'\n", source));
  }

  void Start(std::vector<std::string> environment = {}) {
    auto started = Process::Start(
        {.argv = {ProgramPath("cloister-publish"), "run", directory_ / "publication.toml"},
         .environment = std::move(environment),
         .working_directory = directory_.path()});
    ASSERT_THAT(started, IsOk());
    daemon_ = *std::move(started);
  }
  void StartAndPublish() {
    Start();
    Await(" published feed=threats version=1 ");
  }
  void Await(const std::string& text) {
    const absl::Status seen = daemon_->WaitForText(text, kLong);
    ASSERT_THAT(seen, IsOk()) << daemon_->errors();
  }
  void Signal(int signal) { ASSERT_THAT(daemon_->Signal(signal), IsOk()); }
  void StopWell() {
    Signal(SIGTERM);
    ASSERT_OK_AND_ASSIGN(const int code, daemon_->Wait(absl::Seconds(10)));
    EXPECT_EQ(code, 0) << daemon_->errors();
  }

  // What any client would take.
  Published Offered() {
    const auto repository = Repository::OpenReadOnly(directory_ / "repo");
    EXPECT_THAT(repository, IsOk());
    if (!repository.ok()) return {};
    absl::StatusOr<Published> published = (*repository)->Load(absl::Now());
    EXPECT_THAT(published, IsOk());
    if (!published.ok()) return {};
    for (const trust::PackTarget& pack : published->packs) {
      EXPECT_THAT((*repository)->CheckPack(pack), IsOk());
    }
    return *std::move(published);
  }
  nlohmann::json Status() {
    return nlohmann::json::parse(
        storage::ReadFile(directory_ / "state/status.json", 1 << 20).value_or(""), nullptr, false);
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<Process> daemon_;
  std::string output_;
};

TEST_F(DaemonTest, PublishesAgainWhenASourceChanged) {
  MakeRepository();
  Write("hosts.txt", "bad.example\n");
  Configure();
  StartAndPublish();
  Write("hosts.txt", "bad.example\nworse.example\n");
  Signal(SIGHUP);
  Await(" published feed=threats version=2 records=2 added=1 ");
  StopWell();
  EXPECT_EQ(Offered().version(), 2u);

  // What was built from a source counts over a restart: nothing is built, and it says so.
  Start();
  Await("started feed=threats sources=1");
  Signal(SIGHUP);
  Await("configuration_read");
  StopWell();
  EXPECT_THAT(daemon_->errors(), Not(HasSubstr("published")));
  EXPECT_EQ(Run({"run", "publication.toml", "--status"}), 0);
  EXPECT_THAT(output_, AllOf(HasSubstr("feed threats, version 2, 2 records"), HasSubstr("hosts:")));
}

TEST_F(DaemonTest, LooksAtItsSourcesAtTheIntervalWithoutBeingTold) {
  MakeRepository();
  Write("hosts.txt", "bad.example\n");
  Configure("path = 'hosts.txt'\n", "interval_s = 10\n");
  StartAndPublish();
  Write("hosts.txt", "other.example\nbad.example\n");
  Await(" published feed=threats version=2 ");
  StopWell();
}

TEST_F(DaemonTest, AConfigurationThatCannotBeReadLeavesTheOneBefore) {
  MakeRepository();
  Write("hosts.txt", "bad.example\n");
  Configure();
  StartAndPublish();
  const std::string good = storage::ReadFile(directory_ / "publication.toml", 1 << 20).value_or("");
  Write("publication.toml", good + "nonsense = [\n");
  Signal(SIGHUP);
  Await("configuration_refused");
  Write("hosts.txt", "bad.example\nworse.example\n");
  Signal(SIGHUP);
  Await(" published feed=threats version=2 ");
  StopWell();
}

TEST_F(DaemonTest, RefreshesTheTimestampBeforeItExpires) {
  MakeRepository({"--timestamp-expires", "20s"});
  Write("hosts.txt", "bad.example\n");
  Configure("path = 'hosts.txt'\n", "interval_s = 3600\nrefresh_at_share = 0.95\n");
  StartAndPublish();
  const absl::Time first = Offered().timestamp->expires;
  Await(" refreshed feed=threats version=1 ");
  EXPECT_GT(Offered().timestamp->expires, first);
  StopWell();
}

TEST_F(DaemonTest, ARepositoryThatItBuiltNothingForIsNotVouchedFor) {
  MakeRepository({"--timestamp-expires", "20s"});
  Write("hosts.txt", "bad.example\n");
  Configure("path = 'hosts.txt'\n", "interval_s = 3600\nrefresh_at_share = 0.95\n");
  StartAndPublish();
  StopWell();
  // Somebody points it to an old one, at a moment when no build succeeds.
  fs::copy(directory_ / "repo", directory_ / "old", fs::copy_options::recursive);
  std::string text = storage::ReadFile(directory_ / "publication.toml", 1 << 20).value_or("");
  text.replace(text.find("'repo'"), 6, "'old'");
  Write("publication.toml", text);
  ASSERT_TRUE(fs::remove(directory_ / "hosts.txt"));
  Start();
  Await("timestamp_not_refreshed");
  EXPECT_THAT(daemon_->errors(), HasSubstr("of no build that is known"));
  Write("hosts.txt", "bad.example\n");
  Signal(SIGHUP);
  Await(" unchanged feed=threats version=1 ");
  Await(" refreshed feed=threats version=1 ");
  StopWell();
}

TEST_F(DaemonTest, LeavesAReportOfEachBuild) {
  MakeRepository();
  Write("hosts.txt", "bad.example\nco.uk\n");
  Configure();
  StartAndPublish();
  const auto report = [this] {
    return nlohmann::json::parse(
        storage::ReadFile(directory_ / "state/report.json", 1 << 20).value_or(""), nullptr, false);
  };
  EXPECT_EQ(report()["sources"][0]["rejections"]["public_suffix"]["count"], 1);
  EXPECT_FALSE(report().contains("error"));
  Write("hosts.txt", "");
  Signal(SIGHUP);
  Await("build_failed feed=threats");
  EXPECT_THAT(report()["error"].get<std::string>(), HasSubstr("has lost most of its entries"));
  StopWell();
}

TEST_F(DaemonTest, ASourceThatIsGoneLosesNothing) {
  MakeRepository();
  Write("hosts.txt", "bad.example\n");
  Configure();
  StartAndPublish();
  ASSERT_TRUE(fs::remove(directory_ / "hosts.txt"));
  Signal(SIGHUP);
  Await("source_failed source=hosts");
  EXPECT_EQ(Offered().version(), 1u);
  StopWell();
  EXPECT_THAT(daemon_->errors(), Not(HasSubstr("build_failed")));
  EXPECT_EQ(Status()["sources"][0]["failures"], 1);

  // A build that has to be made without it fails, and leaves what is there alone.
  Configure("path = 'hosts.txt'\nmin_kept_share = 0.1\n");
  Start();
  Await("build_failed feed=threats");
  EXPECT_EQ(Offered().version(), 1u);
  Write("hosts.txt", "bad.example\nback.example\n");
  Await(" published feed=threats version=2 ");
  StopWell();
  EXPECT_THAT(daemon_->errors(), HasSubstr("source_is_back source=hosts"));
}

TEST_F(DaemonTest, ASourceThatLostMostOfItsEntriesIsNotPublished) {
  MakeRepository();
  Write("hosts.txt", "a.example\nb.example\nc.example\n");
  Configure();
  NotifySocket systemd(directory_ / "notify");
  Start({absl::StrCat("NOTIFY_SOCKET=", directory_ / "notify")});
  EXPECT_TRUE(systemd.WaitFor("STATUS=version 1, last build published"));
  Write("hosts.txt", "a.example\n");
  Signal(SIGHUP);
  EXPECT_TRUE(systemd.WaitFor("STATUS=version 1, last build failed"));
  EXPECT_THAT(daemon_->errors(), HasSubstr("has lost most of its entries"));
  EXPECT_EQ(Offered().version(), 1u);
  EXPECT_EQ(Run({"run", "publication.toml", "--status"}), 1);

  // An administrator may accept it while the service goes on.
  EXPECT_EQ(Run({"build", "publication.toml", "--accept-loss", "hosts"}), 0) << output_;
  EXPECT_EQ(Offered().version(), 2u);
  Signal(SIGHUP);
  Await(" unchanged feed=threats version=2 ");
  StopWell();
  EXPECT_EQ(Run({"run", "publication.toml", "--status"}), 0);
}

TEST_F(DaemonTest, TwoOfThemExcludeEachOther) {
  MakeRepository();
  Write("hosts.txt", "bad.example\n");
  Configure();
  StartAndPublish();
  EXPECT_EQ(Run({"run", "publication.toml"}), 1);
  EXPECT_THAT(output_, HasSubstr("another `cloister-publish run`"));
  StopWell();
}

TEST_F(DaemonTest, TellsSystemdAndEndsInTheMiddleOfABuild) {
  MakeRepository();
  std::string many;
  for (int i = 0; i < 1'500'000; ++i) absl::StrAppend(&many, "host-", i, ".example.org\n");
  Write("hosts.txt", many);
  Configure();
  NotifySocket systemd(directory_ / "notify");
  Start({absl::StrCat("NOTIFY_SOCKET=", directory_ / "notify")});
  EXPECT_TRUE(systemd.WaitFor("READY=1"));
  EXPECT_TRUE(systemd.WaitFor("STATUS=building"));
  const absl::Time begin = absl::Now();
  StopWell();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  EXPECT_EQ(Offered().version(), 0u);

  Write("hosts.txt", "bad.example\n");
  StartAndPublish();
  StopWell();
}

class WebDaemonTest : public DaemonTest {
 protected:
  WebDaemonTest()
      : certificates_(directory_.path()),
        server_(
            [this](const std::string&, Connection& connection) {
              if (hang_) {
                connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf.example\n");
                connection.WaitForClose(kLong);
                return false;
              }
              connection.Answer(200, absl::StrCat("host-", ++answers_, ".example\n"));
              return true;
            },
            &certificates_.server) {
    Configure(absl::StrCat("url = '", server_.url(), "hosts.txt'\nca_file = '",
                           certificates_.authority.certificate(), "'\n"));
  }

  testing::TestCertificates certificates_;
  std::atomic<bool> hang_ = false;
  std::atomic<int> answers_ = 0;
  ScriptedWebServer server_;
};

TEST_F(WebDaemonTest, EndsInTheMiddleOfAFetch) {
  MakeRepository();
  hang_ = true;
  Start();
  ASSERT_TRUE(server_.WaitForRequests(1, kLong));
  const absl::Time begin = absl::Now();
  StopWell();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST_F(WebDaemonTest, KilledInTheMiddleOfAFetchItGoesOnFromTheLastGoodCopy) {
  MakeRepository();
  StartAndPublish();
  hang_ = true;
  Signal(SIGHUP);
  ASSERT_TRUE(server_.WaitForRequests(2, kLong));
  Signal(SIGKILL);
  ASSERT_THAT(daemon_->Wait(kLong), IsOk());
  EXPECT_EQ(Offered().version(), 1u);
  ASSERT_OK_AND_ASSIGN(const FetchedCopy copy,
                       SourceCopies(directory_ / "state/copies").Last("hosts"));
  EXPECT_EQ(storage::ReadFile(copy.path, 100).value_or(""), "host-1.example\n");

  hang_ = false;
  Start();
  Await(" published feed=threats version=2 records=1 ");
  StopWell();
}

TEST_F(WebDaemonTest, KilledAtAnyMomentOfPublishingItLeavesAWholeVersion) {
  MakeRepository();
  StartAndPublish();
  for (uint64_t round = 0; round < 5; ++round) {
    // The first file of a version in the making is a moment in the middle of its build.
    const int watch = inotify_init1(IN_CLOEXEC);
    const std::string folder = directory_ / (round % 2 == 0 ? "repo/metadata" : "repo/targets");
    ASSERT_GE(inotify_add_watch(watch, folder.c_str(), IN_CREATE | IN_MOVED_TO), 0);
    Signal(SIGHUP);
    pollfd waited{watch, POLLIN, 0};
    ASSERT_EQ(poll(&waited, 1, 60'000), 1) << daemon_->errors();
    Signal(SIGKILL);
    ASSERT_THAT(daemon_->Wait(kLong), IsOk());
    close(watch);
    const uint64_t left = Offered().version();
    EXPECT_GE(left, 1u);
    Start();
    Await("feed=threats version=");
  }
  StopWell();
  EXPECT_EQ(Run({"verify", "--repository", "repo"}), 0) << output_;
}

}  // namespace
}  // namespace cloister::publisher
