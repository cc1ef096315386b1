#include "sync/worker/configuration.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/repository_simulator.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::worker {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::TemporaryDirectory;
using ::testing::HasSubstr;

constexpr char kFolders[] = "spool_directory = '/spool'\nstate_directory = '/state'\n";

class ConfigurationTest : public ::testing::Test {
 protected:
  absl::StatusOr<Configuration> Read(const std::string& text) {
    std::ofstream(directory_ / "sync.toml") << text;
    return ReadConfiguration(directory_ / "sync.toml");
  }

  TemporaryDirectory directory_;
};

TEST_F(ConfigurationTest, ReadsEverything) {
  ASSERT_OK_AND_ASSIGN(const Configuration configuration, Read(R"(
spool_directory = "/var/spool/cloister"
state_directory = "/var/lib/cloister-sync"
reserve_mb = 10
[log]
level = "debug"
format = "json"
[[feed]]
name = "threats"
url = "https://feeds.example/threats"
root = "threats.root.json"
poll_interval_s = 60
ca_file = "/etc/ca.pem"
proxy = "http://proxy.example:3128"
[[feed]]
name = "software-2"
url = "file:///srv/mirror/software/"
root = "/etc/software.root.json"
)"));
  EXPECT_EQ(configuration.spool_directory, "/var/spool/cloister");
  EXPECT_EQ(configuration.state_directory, "/var/lib/cloister-sync");
  EXPECT_EQ(configuration.reserve_bytes, 10u << 20);
  EXPECT_EQ(configuration.log.level, "debug");
  EXPECT_EQ(configuration.log.format, "json");
  ASSERT_EQ(configuration.feeds.size(), 2u);
  const FeedConfiguration& web = configuration.feeds[0];
  EXPECT_EQ(web.name, "threats");
  EXPECT_EQ(web.url->text(), "https://feeds.example/threats/");
  EXPECT_EQ(web.root, directory_ / "threats.root.json");
  EXPECT_EQ(web.poll_interval, absl::Seconds(60));
  EXPECT_EQ(web.ca_file, "/etc/ca.pem");
  EXPECT_EQ(web.proxy, "http://proxy.example:3128");
  const FeedConfiguration& folder = configuration.feeds[1];
  EXPECT_FALSE(folder.url.has_value());
  EXPECT_EQ(folder.folder, "/srv/mirror/software/");
  EXPECT_EQ(folder.poll_interval, absl::Seconds(300));
}

struct MistakeCase {
  const char* name;
  const char* feed;     // after the two folders and [[feed]]
  const char* message;  // after the file's name
};

class ConfigurationMistakeTest : public ConfigurationTest,
                                 public ::testing::WithParamInterface<MistakeCase> {};

TEST_P(ConfigurationMistakeTest, IsToldWithLineAndMend) {
  const auto result = Read(absl::StrCat(kFolders, "[[feed]]\n", GetParam().feed));
  EXPECT_THAT(result, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr(absl::StrCat("sync.toml:", GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigurationMistakeTest,
    ::testing::Values(
        MistakeCase{"NoName", "url = 'https://a/'\nroot = '/r'", "3: name: is missing"},
        MistakeCase{"UpperCaseName", "name = 'Threats'\nurl = 'https://a/'\nroot = '/r'",
                    "4: name: must be 1 to 64 lower-case letters"},
        MistakeCase{"PathAsName", "name = '../threats'\nurl = 'https://a/'\nroot = '/r'",
                    "4: name: must be"},
        MistakeCase{"DuplicateName",
                    "name = 'a'\nurl = 'https://a/'\nroot = '/r'\n[[feed]]\nname = 'a'\n"
                    "url = 'https://a/'\nroot = '/r'",
                    "8: name: another feed is called \"a\" already"},
        MistakeCase{"NoUrl", "name = 'a'\nroot = '/r'", "3: url: is missing"},
        MistakeCase{"NotEncrypted", "name = 'a'\nurl = 'http://a/'\nroot = '/r'",
                    "5: url: \"http://a/\" is not encrypted; use https, or set allow_http = true"},
        MistakeCase{"RelativeFolder", "name = 'a'\nurl = 'file://mirror/'\nroot = '/r'",
                    "5: url: a folder is written file:///absolute/path/"},
        MistakeCase{"NoRoot", "name = 'a'\nurl = 'https://a/'", "3: root: is missing"},
        MistakeCase{"IntervalOutOfRange",
                    "name = 'a'\nurl = 'https://a/'\nroot = '/r'\npoll_interval_s = 0",
                    "7: poll_interval_s: 0 is out of range; it must be from 1 to 604800"},
        MistakeCase{"UnknownName", "name = 'a'\nurl = 'https://a/'\nroot = '/r'\npoll_s = 5",
                    "7: unknown name \"poll_s\" in [[feed]]; known names are allow_http, ca_file, "
                    "name, poll_interval_s, proxy, root, url"}),
    [](const auto& info) { return info.param.name; });

TEST_F(ConfigurationTest, NeedsAFeed) {
  const auto result = Read(kFolders);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("at least one [[feed]]"));
}

TEST_F(ConfigurationTest, HttpOnlyWhereAllowed) {
  EXPECT_THAT(Read(absl::StrCat(kFolders, "[[feed]]\nname = 'a'\nurl = 'http://a/'\nroot = '/r'\n",
                                "allow_http = true")),
              IsOk());
}

class MachineTest : public ConfigurationTest {
 protected:
  MachineTest() {
    std::filesystem::create_directories(directory_ / "spool");
    std::ofstream(directory_ / "root.json")
        << testing::RepositorySimulator(absl::Now()).InitialState().root;
    configuration_.spool_directory = directory_ / "spool";
    configuration_.state_directory = directory_ / "state";
    configuration_.feeds.emplace_back();
    configuration_.feeds[0].name = "threats";
    configuration_.feeds[0].root = directory_ / "root.json";
  }

  std::string Problem() { return std::string(CheckMachine(configuration_).message()); }

  Configuration configuration_;
};

TEST_F(MachineTest, IsSound) {
  EXPECT_THAT(CheckMachine(configuration_), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "spool"));
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "state"));
}

TEST_F(MachineTest, NamesEverythingThatIsMissing) {
  std::filesystem::remove_all(directory_ / "spool");
  std::filesystem::remove(directory_ / "root.json");
  configuration_.feeds[0].ca_file = directory_ / "ca.pem";
  EXPECT_THAT(Problem(), AllOf(HasSubstr("spool: "), HasSubstr("feed threats: root "),
                               HasSubstr("feed threats: ca_file ")));
}

TEST_F(MachineTest, WantsSpoolAndStateOnOneFileSystem) {
  // A file system of its own on every Linux, and writable.
  if (!std::filesystem::exists("/dev/shm")) GTEST_SKIP() << "there is no /dev/shm here";
  testing::TemporaryDirectory elsewhere;
  configuration_.state_directory =
      "/dev/shm/" + std::filesystem::path(elsewhere.path()).filename().string();
  EXPECT_THAT(Problem(), HasSubstr("not on one file system"));
  std::filesystem::remove_all(configuration_.state_directory);
}

}  // namespace
}  // namespace cloister::worker
