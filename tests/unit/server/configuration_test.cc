#include "server/config/configuration.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kMinimal[] = R"([tls]
certificate = "server.pem"
key = "server.key"
client_ca = "/pki/ca.pem"
[[identity]]
name = "gateway-1"
role = "gateway"
)";

TEST(ConfigurationTest, DefaultsAreTheDocumentedOnes) {
  ASSERT_OK_AND_ASSIGN(Configuration config, ParseConfiguration(kMinimal, "/etc/x/c.toml"));
  EXPECT_EQ(config.file, "/etc/x/c.toml");
  EXPECT_EQ(config.data_directory, "/var/lib/cloister");
  EXPECT_EQ(config.spool_directory, "/var/spool/cloister");
  EXPECT_EQ(config.listen.address, "127.0.0.1:7447");
  EXPECT_TRUE(config.listen.mutual_tls);
  EXPECT_EQ(config.tls.certificate, "/etc/x/server.pem");
  EXPECT_EQ(config.tls.client_ca, "/pki/ca.pem");
  EXPECT_EQ(config.metrics_address, "127.0.0.1:9464");
  EXPECT_EQ(config.answers.listed_ttl, absl::Seconds(300));
  EXPECT_EQ(config.answers.not_listed_ttl, absl::Seconds(60));
  EXPECT_EQ(config.limits.max_batch_keys, 100'000u);
  EXPECT_EQ(config.limits.max_message_bytes, 4u << 20);
  EXPECT_EQ(config.updates.poll_interval, absl::Milliseconds(250));
  EXPECT_EQ(config.updates.accept_expired_within, absl::ZeroDuration());
  EXPECT_EQ(config.log.level, "info");
  EXPECT_FALSE(config.log.json);
}

TEST(ConfigurationTest, ReadsEverySetting) {
  ASSERT_OK_AND_ASSIGN(Configuration config, ParseConfiguration(R"(
data_directory = "/data"
spool_directory = "spool"
[listen]
address = "unix:/run/cloister.sock"
tls = "off"
[[feed]]
name = "threats"
root = "threats.root.json"
priority = 70
authoritative = true
[[feed]]
name = "software-2"
root = "/roots/software.json"
[metrics]
address = ""
[answers]
listed_ttl_s = 10
not_listed_ttl_s = 0
[limits]
max_batch_keys = 5
max_message_bytes = 300000
memory_bytes = 100000000
max_concurrent_streams = 7
[storage]
block_cache_bytes = 2000000
kept_versions = 9
reserve_bytes = 1
[updates]
poll_interval_ms = 20
accept_expired_days = 30
[log]
level = "debug"
format = "json"
)",
                                                                "/etc/c.toml"));
  EXPECT_EQ(config.spool_directory, "/etc/spool");
  EXPECT_FALSE(config.listen.mutual_tls);
  ASSERT_EQ(config.feeds.size(), 2u);
  EXPECT_EQ(config.feeds[0].root, "/etc/threats.root.json");
  EXPECT_EQ(config.feeds[0].priority, 70);
  EXPECT_TRUE(config.feeds[0].authoritative);
  EXPECT_EQ(config.feeds[1].priority, 50);
  EXPECT_EQ(config.metrics_address, "");
  EXPECT_EQ(config.answers.not_listed_ttl, absl::ZeroDuration());
  EXPECT_EQ(config.limits.max_batch_keys, 5u);
  EXPECT_EQ(config.limits.max_concurrent_streams, 7u);
  EXPECT_EQ(config.storage.kept_versions, 9u);
  EXPECT_EQ(config.storage.reserve_bytes, 1u);
  EXPECT_EQ(config.updates.poll_interval, absl::Milliseconds(20));
  EXPECT_EQ(config.updates.accept_expired_within, absl::Hours(720));
  EXPECT_TRUE(config.log.json);
}

TEST(ConfigurationTest, ReadsHowUpdatesAreTakenAndWhatIsProtected) {
  ASSERT_OK_AND_ASSIGN(Configuration config, ParseConfiguration(R"([listen]
tls = "off"
[[feed]]
name = "threats"
root = "r"
hold_off_h = 24
max_changed_share = 0.5
max_changed_records = 10
[[feed]]
name = "software"
root = "r"
updates = "manual"
max_changed_share = 1
[updates]
inbox_directory = "inbox"
max_bundle_bytes = 2000000
fold_bytes_per_second = 0
[protection]
own_domains = ["Bank.Example.", "*.bücher.example"]
own_networks = ["198.51.100.0/24", "::ffff:203.0.113.0/120"]
warning_lists = ["lists", "/one/list.json"]
public_suffixes = false
shared_hosts = false
private_networks = false
)",
                                                                "/etc/c.toml"));
  EXPECT_EQ(config.updates.inbox_directory, "/etc/inbox");
  EXPECT_EQ(config.updates.max_bundle_bytes, 2'000'000u);
  EXPECT_EQ(config.updates.fold_bytes_per_second, 0u);
  EXPECT_FALSE(config.feeds[0].updates.manual);
  EXPECT_EQ(config.feeds[0].updates.hold_off, absl::Hours(24));
  EXPECT_EQ(config.feeds[0].updates.max_changed_share, 0.5);
  EXPECT_EQ(config.feeds[0].updates.max_changed_records, 10u);
  EXPECT_TRUE(config.feeds[1].updates.manual);
  EXPECT_EQ(config.feeds[1].updates.max_changed_share, 1);
  EXPECT_THAT(config.protection.own_domains, ElementsAre("bank.example", "xn--bcher-kva.example"));
  EXPECT_THAT(config.protection.own_networks, ElementsAre("198.51.100.0/24", "203.0.113.0/24"));
  EXPECT_THAT(config.protection.warning_lists, ElementsAre("/etc/lists", "/one/list.json"));
  EXPECT_FALSE(config.protection.public_suffixes);
  EXPECT_FALSE(config.protection.shared_hosts);
  EXPECT_FALSE(config.protection.private_networks);
}

struct BadConfiguration {
  const char* name;
  std::string text;
  const char* line;  // where the message points
  const char* says;
};

class BadConfigurationTest : public ::testing::TestWithParam<BadConfiguration> {};

TEST_P(BadConfigurationTest, IsRefusedWithLineAndMend) {
  const auto config = ParseConfiguration(GetParam().text, "/etc/c.toml");
  ASSERT_THAT(config, HasCode(absl::StatusCode::kInvalidArgument));
  const std::string message(config.status().message());
  EXPECT_THAT(message, HasSubstr(absl::StrCat("/etc/c.toml:", GetParam().line)));
  EXPECT_THAT(message, HasSubstr(GetParam().says));
}

// kMinimal has 7 lines; what is appended starts on line 8.
std::string With(const std::string& more) { return absl::StrCat(kMinimal, more); }
std::string Off(const std::string& more) { return absl::StrCat("[listen]\ntls = \"off\"\n", more); }

INSTANTIATE_TEST_SUITE_P(
    Mistakes, BadConfigurationTest,
    ::testing::Values(
        BadConfiguration{"UnknownTable", With("[lisen]\naddress = \"x\"\n"), "8", "lisen"},
        BadConfiguration{"UnknownName", With("[answers]\nttl = 3\n"), "9", "ttl"},
        BadConfiguration{"NotToml", "a = = 1\n", "1", ""},
        BadConfiguration{"WrongType", With("[answers]\nlisted_ttl_s = \"long\"\n"), "9",
                         "listed_ttl_s"},
        BadConfiguration{"OutOfRange", With("[limits]\nmax_batch_keys = 0\n"), "9",
                         "max_batch_keys"},
        BadConfiguration{"AddressWithoutPort", With("[listen]\naddress = \"127.0.0.1\"\n"), "9",
                         "host:port"},
        BadConfiguration{"PortTooHigh", With("[listen]\naddress = \"127.0.0.1:65536\"\n"), "9",
                         "host:port"},
        BadConfiguration{"BareIpv6", With("[listen]\naddress = \"::1:7447\"\n"), "9", "[IPv6]"},
        BadConfiguration{"RelativeSocket", With("[listen]\naddress = \"unix:a.sock\"\n"), "9",
                         "absolute path"},
        BadConfiguration{"SocketPathTooLong",
                         With("[listen]\naddress = \"unix:/" + std::string(107, 'a') + "\"\n"), "9",
                         "107 bytes"},
        BadConfiguration{"UnknownTls", With("[listen]\ntls = \"maybe\"\n"), "9", "mutual"},
        BadConfiguration{"PlaintextOffLoopback",
                         "[listen]\naddress = \"0.0.0.0:7447\"\ntls = \"off\"\n", "3", "loopback"},
        BadConfiguration{"PlaintextByName",
                         "[listen]\naddress = \"gateway.example:1\"\ntls = \"off\"\n", "3",
                         "loopback"},
        BadConfiguration{"NoCertificate", "[[identity]]\nname = \"a\"\nrole = \"gateway\"\n", "",
                         "certificate"},
        BadConfiguration{"NobodyHasARole",
                         "[tls]\ncertificate = \"a\"\nkey = \"b\"\nclient_ca = \"c\"\n", "",
                         "[[identity]]"},
        BadConfiguration{"UnknownRole", With("[[identity]]\nname = \"b\"\nrole = \"admin\"\n"),
                         "10", "operator"},
        BadConfiguration{"NoRole", With("[[identity]]\nname = \"b\"\n"), "8", "role"},
        BadConfiguration{"IdentityTwice",
                         With("[[identity]]\nname = \"gateway-1\"\nrole = \"operator\"\n"), "9",
                         "has a role already"},
        BadConfiguration{"FeedNameWithSlash", Off("[[feed]]\nname = \"a/b\"\nroot = \"r\"\n"), "4",
                         "lower-case"},
        BadConfiguration{"FeedNameOfDots", Off("[[feed]]\nname = \"..\"\nroot = \"r\"\n"), "4",
                         "lower-case"},
        BadConfiguration{"FeedTwice",
                         Off("[[feed]]\nname = \"a\"\nroot = \"r\"\n"
                             "[[feed]]\nname = \"a\"\nroot = \"s\"\n"),
                         "7", "configured twice"},
        BadConfiguration{"FeedWithoutRoot", Off("[[feed]]\nname = \"a\"\n"), "3", "root"},
        BadConfiguration{"MetricsAddress", With("[metrics]\naddress = \"9464\"\n"), "9",
                         "host:port"},
        BadConfiguration{"LogFormat", With("[log]\nformat = \"xml\"\n"), "9", "json"}),
    [](const auto& param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(
    MistakesAboutUpdates, BadConfigurationTest,
    ::testing::Values(
        BadConfiguration{"UpdatesByWhom",
                         Off("[[feed]]\nname = \"a\"\nroot = \"r\"\nupdates = \"auto\"\n"), "6",
                         "automatic"},
        BadConfiguration{"HoldOffOfAManualFeed",
                         Off("[[feed]]\nname = \"a\"\nroot = \"r\"\nupdates = \"manual\"\n"
                             "hold_off_h = 2\n"),
                         "7", "keep one of the two"},
        BadConfiguration{"ShareAboveAll",
                         Off("[[feed]]\nname = \"a\"\nroot = \"r\"\nmax_changed_share = 1.5\n"),
                         "6", "from 0 to 1"},
        BadConfiguration{"OwnDomainSharedByStrangers",
                         With("[protection]\nown_domains = [\"co.uk\"]\n"), "9", "below it"},
        BadConfiguration{"OwnTopLevelName", With("[protection]\nown_domains = [\"internal\"]\n"),
                         "9", "below it"},
        BadConfiguration{"OwnDomainThatIsNone",
                         With("[protection]\nown_domains = [\"a b.example\"]\n"), "9", "a b"},
        BadConfiguration{"OwnNetworkWithHostBits",
                         With("[protection]\nown_networks = [\"192.0.2.1/24\"]\n"), "9",
                         "192.0.2.0/24"},
        BadConfiguration{"EmptyWarningList", With("[protection]\nwarning_lists = [\"\"]\n"), "9",
                         "empty path"},
        BadConfiguration{"BundlesOfNothing", With("[updates]\nmax_bundle_bytes = 0\n"), "9",
                         "max_bundle_bytes"}),
    [](const auto& param) { return param.param.name; });

// deploy/cloisterd.toml, with what is commented out taken in.
absl::StatusOr<Configuration> ShownConfiguration() {
  std::ifstream file(CLOISTER_SOURCE_DIR "/deploy/cloisterd.toml");
  std::string text;
  for (std::string line; std::getline(file, line); text += line + "\n") {
    if (line.rfind("# ", 0) == 0 && line.find(" = ") != std::string::npos) line.erase(0, 2);
  }
  return ParseConfiguration(text, "/etc/cloister/c.toml");
}

TEST(ConfigurationTest, ExampleShowsTheDefaults) {
  ASSERT_OK_AND_ASSIGN(Configuration shown, ShownConfiguration());
  const Configuration usual = *ParseConfiguration(kMinimal, "/etc/cloister/c.toml");
  EXPECT_EQ(shown.data_directory, usual.data_directory);
  EXPECT_EQ(shown.spool_directory, usual.spool_directory);
  EXPECT_EQ(shown.listen.mutual_tls, usual.listen.mutual_tls);
  EXPECT_EQ(shown.metrics_address, usual.metrics_address);
  EXPECT_EQ(shown.answers.listed_ttl, usual.answers.listed_ttl);
  EXPECT_EQ(shown.answers.not_listed_ttl, usual.answers.not_listed_ttl);
  EXPECT_EQ(shown.limits.max_batch_keys, usual.limits.max_batch_keys);
  EXPECT_EQ(shown.limits.max_message_bytes, usual.limits.max_message_bytes);
  EXPECT_EQ(shown.limits.memory_bytes, usual.limits.memory_bytes);
  EXPECT_EQ(shown.limits.max_concurrent_streams, usual.limits.max_concurrent_streams);
  EXPECT_EQ(shown.storage.block_cache_bytes, usual.storage.block_cache_bytes);
  EXPECT_EQ(shown.storage.kept_versions, usual.storage.kept_versions);
  EXPECT_EQ(shown.storage.reserve_bytes, usual.storage.reserve_bytes);
  EXPECT_EQ(shown.updates.poll_interval, usual.updates.poll_interval);
  EXPECT_EQ(shown.updates.accept_expired_within, usual.updates.accept_expired_within);
  EXPECT_EQ(shown.log.level, usual.log.level);
  EXPECT_EQ(shown.log.json, usual.log.json);
  ASSERT_EQ(shown.feeds.size(), 1u);
  EXPECT_EQ(shown.feeds[0].priority, FeedConfig().priority);
  EXPECT_EQ(shown.feeds[0].authoritative, FeedConfig().authoritative);
}

TEST(ConfigurationTest, ExampleShowsTheDefaultsOfUpdatesAndProtection) {
  ASSERT_OK_AND_ASSIGN(Configuration shown, ShownConfiguration());
  const Configuration usual = *ParseConfiguration(kMinimal, "/etc/cloister/c.toml");
  ASSERT_EQ(shown.feeds.size(), 1u);
  EXPECT_EQ(shown.updates.inbox_directory, usual.updates.inbox_directory);
  EXPECT_EQ(shown.updates.max_bundle_bytes, usual.updates.max_bundle_bytes);
  EXPECT_EQ(shown.updates.fold_bytes_per_second, usual.updates.fold_bytes_per_second);
  EXPECT_EQ(shown.protection.own_domains, usual.protection.own_domains);
  EXPECT_EQ(shown.protection.own_networks, usual.protection.own_networks);
  EXPECT_EQ(shown.protection.warning_lists, usual.protection.warning_lists);
  EXPECT_EQ(shown.protection.public_suffixes, usual.protection.public_suffixes);
  EXPECT_EQ(shown.protection.shared_hosts, usual.protection.shared_hosts);
  EXPECT_EQ(shown.protection.private_networks, usual.protection.private_networks);
  const UpdatePolicy& policy = shown.feeds[0].updates;
  EXPECT_EQ(policy.manual, UpdatePolicy().manual);
  EXPECT_EQ(policy.hold_off, UpdatePolicy().hold_off);
  EXPECT_EQ(policy.max_changed_share, UpdatePolicy().max_changed_share);
  EXPECT_EQ(policy.max_changed_records, UpdatePolicy().max_changed_records);
}

TEST(ConfigurationTest, TellsAllMistakesAtOnce) {
  const auto config = ParseConfiguration(With("[log]\nlevel = \"loud\"\nfile = \"x\"\n"), "c.toml");
  EXPECT_THAT(config.status().message(), HasSubstr("c.toml:9"));
  EXPECT_THAT(config.status().message(), HasSubstr("c.toml:10"));
}

TEST(ConfigurationTest, KnowsWhichAddressesAreLocal) {
  for (const char* local :
       {"127.0.0.1:1", "127.8.0.1:0", "localhost:7447", "[::1]:7447", "unix:/run/cloister.sock"}) {
    EXPECT_TRUE(IsLocalAddress(local)) << local;
  }
  for (const char* remote : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "host:1", "128.0.0.1:1", ""}) {
    EXPECT_FALSE(IsLocalAddress(remote)) << remote;
  }
}

TEST(ConfigurationTest, PlaintextIsAllowedOnLoopback) {
  EXPECT_THAT(ParseConfiguration("[listen]\ntls = \"off\"\n", "c.toml"), IsOk());
}

}  // namespace
}  // namespace cloister::server
