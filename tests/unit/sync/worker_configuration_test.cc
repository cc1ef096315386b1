#include "sync/worker/configuration.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
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
using ::testing::ElementsAre;
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
scrub_interval_h = 2
mirror_directory = "/srv/mirror"
mirror_all = false
[import]
folders = ["/media/usb", "inbox"]
remove_after_import = true
poll_interval_s = 3
accept_expired_days = 14
[log]
level = "debug"
format = "json"
[[feed]]
name = "threats"
url = "https://feeds.example/threats"
mirrors = ["https://mirror.example/threats/", "file:///srv/copy/"]
root = "threats.root.json"
poll_interval_s = 60
ca_file = "/etc/ca.pem"
client_certificate = "/etc/client.pem"
client_key = "/etc/client.key"
proxy = "https://proxy.example:3128"
proxy_ca_file = "/etc/proxy-ca.pem"
proxy_user = "us"
proxy_password_file = "/etc/password"
max_bytes_per_second = 1000000
[[feed]]
name = "software-2"
url = "file:///srv/mirror/software/"
root = "/etc/software.root.json"
)"));
  EXPECT_EQ(configuration.spool_directory, "/var/spool/cloister");
  EXPECT_EQ(configuration.state_directory, "/var/lib/cloister-sync");
  EXPECT_EQ(configuration.reserve_bytes, 10u << 20);
  EXPECT_EQ(configuration.scrub_interval, absl::Hours(2));
  EXPECT_EQ(configuration.mirror_directory, "/srv/mirror");
  EXPECT_FALSE(configuration.mirror_all);
  EXPECT_THAT(configuration.import.folders, ElementsAre("/media/usb", directory_ / "inbox"));
  EXPECT_TRUE(configuration.import.remove_after_import);
  EXPECT_EQ(configuration.import.poll_interval, absl::Seconds(3));
  EXPECT_EQ(configuration.import.accept_expired_within, absl::Hours(14 * 24));
  EXPECT_EQ(configuration.log.level, "debug");
  EXPECT_EQ(configuration.log.format, "json");
  ASSERT_EQ(configuration.feeds.size(), 2u);
  const FeedConfiguration& web = configuration.feeds[0];
  EXPECT_EQ(web.name, "threats");
  ASSERT_EQ(web.sources.size(), 3u);
  EXPECT_EQ(web.sources[0].text(), "https://feeds.example/threats/");
  EXPECT_EQ(web.sources[1].text(), "https://mirror.example/threats/");
  EXPECT_EQ(web.sources[2].text(), "file:///srv/copy/");
  EXPECT_EQ(web.root, directory_ / "threats.root.json");
  EXPECT_EQ(web.poll_interval, absl::Seconds(60));
  EXPECT_EQ(web.ca_file, "/etc/ca.pem");
  EXPECT_EQ(web.client_certificate, "/etc/client.pem");
  EXPECT_EQ(web.client_key, "/etc/client.key");
  EXPECT_EQ(web.proxy, "https://proxy.example:3128");
  EXPECT_EQ(web.proxy_ca_file, "/etc/proxy-ca.pem");
  EXPECT_EQ(web.proxy_user, "us");
  EXPECT_EQ(web.proxy_password_file, "/etc/password");
  EXPECT_EQ(web.max_bytes_per_second, 1'000'000u);
  const FeedConfiguration& folder = configuration.feeds[1];
  ASSERT_EQ(folder.sources.size(), 1u);
  EXPECT_FALSE(folder.sources[0].url.has_value());
  EXPECT_EQ(folder.sources[0].folder, "/srv/mirror/software/");
  EXPECT_EQ(folder.poll_interval, absl::Seconds(300));
}

// Also with every setting taken in that it shows commented out.
TEST_F(ConfigurationTest, TheDeployedExampleIsSound) {
  std::ifstream file(std::string(CLOISTER_SOURCE_DIR) + "/deploy/cloister-sync.toml");
  std::string as_it_is;
  std::string with_all;
  for (std::string line; std::getline(file, line);) {
    absl::StrAppend(&as_it_is, line, "\n");
    const bool setting = absl::StartsWith(line, "# ") && absl::StrContains(line, " = ") &&
                         absl::ascii_islower(static_cast<unsigned char>(line[2]));
    absl::StrAppend(&with_all, setting ? line.substr(2) : line, "\n");
  }
  ASSERT_OK_AND_ASSIGN(const Configuration plain, Read(as_it_is));
  EXPECT_EQ(plain.feeds.size(), 1u);
  EXPECT_EQ(plain.scrub_interval, absl::Hours(24));
  ASSERT_OK_AND_ASSIGN(const Configuration full, Read(with_all));
  EXPECT_EQ(full.feeds[0].sources.size(), 3u);
  EXPECT_EQ(full.feeds[0].proxy_user, "cloister");
  EXPECT_EQ(full.import.folders.size(), 2u);
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
                    "client_certificate, client_key, max_bytes_per_second, mirrors, name, "
                    "poll_interval_s, proxy, proxy_ca_file, proxy_password_file, proxy_user, "
                    "root, url"},
        MistakeCase{"PlainHttpMirror",
                    "name = 'a'\nurl = 'https://a/'\nmirrors = ['http://b/']\nroot = '/r'",
                    "6: mirrors: \"http://b/\" is not encrypted"},
        MistakeCase{"PasswordInProxy",
                    "name = 'a'\nurl = 'https://a/'\nroot = '/r'\nproxy = 'http://me:pw@p:1'",
                    "7: proxy: must not hold a user or password; use proxy_user"},
        MistakeCase{"SocksProxy",
                    "name = 'a'\nurl = 'https://a/'\nroot = '/r'\nproxy = 'socks5://p:1'",
                    "7: proxy: must begin with http:// or https://"},
        MistakeCase{"UserWithoutPassword",
                    "name = 'a'\nurl = 'https://a/'\nroot = '/r'\nproxy = 'http://p:1'\n"
                    "proxy_user = 'me'",
                    "8: proxy_user: goes together with proxy_password_file, which is missing"},
        MistakeCase{"CertificateWithoutKey",
                    "name = 'a'\nurl = 'https://a/'\nroot = '/r'\nclient_certificate = '/c'",
                    "7: client_certificate: goes together with client_key, which is missing"},
        MistakeCase{"TooLittleBandwidth",
                    "name = 'a'\nurl = 'https://a/'\nroot = '/r'\nmax_bytes_per_second = 5",
                    "7: max_bytes_per_second: 5 is out of range"}),
    [](const auto& info) { return info.param.name; });

TEST_F(ConfigurationTest, NeedsAFeed) {
  const auto result = Read(kFolders);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("at least one [[feed]]"));
}

TEST_F(ConfigurationTest, AFeedMayComeInBundlesAlone) {
  const std::string feed = "[[feed]]\nname = 'a'\nroot = '/r'\n";
  ASSERT_OK_AND_ASSIGN(const Configuration configuration,
                       Read(absl::StrCat(kFolders, "[import]\nfolders = ['/in']\n", feed)));
  EXPECT_TRUE(configuration.feeds[0].sources.empty());
  EXPECT_THAT(std::string(Read(absl::StrCat(kFolders, feed)).status().message()),
              HasSubstr("say where the feed comes from, or name a folder for bundles"));
}

TEST_F(ConfigurationTest, AMirrorIsApartFromWhatIsOurs) {
  const std::string feed = "[[feed]]\nname = 'a'\nurl = 'https://a/'\nroot = '/r'\n";
  for (const char* mirror :
       {"/spool", "/spool/", "/spool/mirror", "/state/../spool", "/state", "/"}) {
    EXPECT_THAT(
        std::string(Read(absl::StrCat(kFolders, "mirror_directory = '", mirror, "'\n", feed))
                        .status()
                        .message()),
        HasSubstr("sync.toml:3: mirror_directory: must be apart from /"))
        << mirror;
  }
  for (const char* mirror : {"/spool-mirror", "/srv/mirror"}) {
    EXPECT_THAT(Read(absl::StrCat(kFolders, "mirror_directory = '", mirror, "'\n", feed)), IsOk());
  }
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

TEST_F(MachineTest, WantsSecretsKept) {
  std::ofstream(directory_ / "key.pem") << "key";
  std::ofstream(directory_ / "password") << "password";
  configuration_.feeds[0].client_key = directory_ / "key.pem";
  configuration_.feeds[0].proxy_password_file = directory_ / "password";
  for (const char* name : {"key.pem", "password"}) chmod((directory_ / name).c_str(), 0644);
  EXPECT_THAT(Problem(), AllOf(HasSubstr("key.pem: holds a secret, but others may read"),
                               HasSubstr("password: holds a secret")));
  for (const char* name : {"key.pem", "password"}) chmod((directory_ / name).c_str(), 0640);
  EXPECT_THAT(CheckMachine(configuration_), IsOk());
}

TEST_F(MachineTest, NamesAMissingMirrorDirectory) {
  configuration_.mirror_directory = directory_ / "mirror";
  EXPECT_THAT(Problem(), HasSubstr("mirror: No such file or directory; make it"));
  std::filesystem::create_directories(directory_ / "mirror");
  EXPECT_THAT(CheckMachine(configuration_), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "mirror"));
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
