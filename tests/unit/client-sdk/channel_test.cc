#include "client-sdk/src/channel.h"

#include <fstream>

#include "cloister/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::client {
namespace {

using cloister::testing::IsOk;
using cloister::testing::TemporaryDirectory;
using ::testing::HasSubstr;

TEST(CheckTargetTest, TakesHostAndPortOrAUnixSocket) {
  for (const char* target : {"127.0.0.1:7447", "localhost:1", "[::1]:65535",
                             "reputation.example.net:7447", "unix:/run/cloister.sock"}) {
    EXPECT_THAT(CheckTarget(target), IsOk()) << target;
  }
  for (const char* target : {"", "127.0.0.1", "localhost:", ":7447", "a:0", "a:65536", "a:b",
                             "::1:7447", "unix:", "http://a:1", "dns:///a:1", "a:1/x"}) {
    EXPECT_THAT(std::string(CheckTarget(target).message()), HasSubstr("127.0.0.1:7447")) << target;
  }
}

TEST(IsLocalTargetTest, KnowsLoopback) {
  for (const char* target : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/x",
                             "[::ffff:127.0.0.1]:1"}) {
    EXPECT_TRUE(IsLocalTarget(target)) << target;
  }
  for (const char* target : {"192.0.2.1:1", "localhost.example:1", "[2001:db8::1]:1", "0.0.0.0:1",
                             "127.0.0.1.example:1"}) {
    EXPECT_FALSE(IsLocalTarget(target)) << target;
  }
}

std::string ErrorOf(const ClientOptions& options) {
  std::string error;
  EXPECT_EQ(Client::Create(options, &error), nullptr);
  return error;
}

TEST(CreateTest, OptionsThatCannotBeUsedAreExplained) {
  ClientOptions good;
  good.servers = {"127.0.0.1:7447"};
  good.plaintext = true;
  std::string error;
  ASSERT_NE(Client::Create(good, &error), nullptr) << error;

  ClientOptions bad = good;
  bad.servers = {};
  EXPECT_THAT(ErrorOf(bad), HasSubstr("no server"));
  bad.servers = {"127.0.0.1"};
  EXPECT_THAT(ErrorOf(bad), HasSubstr("port"));
  bad.servers = {"127.0.0.1:7447", "192.0.2.1:7447"};
  EXPECT_THAT(ErrorOf(bad), HasSubstr("plaintext"));
  bad = good;
  bad.default_deadline = std::chrono::milliseconds(0);
  EXPECT_THAT(ErrorOf(bad), HasSubstr("deadline"));
  bad = good;
  bad.max_keys_per_call = 254;
  EXPECT_THAT(ErrorOf(bad), HasSubstr("max_keys_per_call"));
}

TEST(CreateTest, CertificateFilesThatCannotBeReadAreNamed) {
  const TemporaryDirectory directory;
  const cloister::testing::TestCertificates certificates(directory.path());
  ClientOptions good;
  good.servers = {"127.0.0.1:7447"};
  good.tls = {certificates.authority.certificate(), certificates.gateway.certificate,
              certificates.gateway.key, ""};
  std::string error;
  ASSERT_NE(Client::Create(good, &error), nullptr) << error;

  ClientOptions bad = good;
  bad.tls.ca = "";
  EXPECT_THAT(ErrorOf(bad), HasSubstr("CA certificate"));
  bad.tls.ca = directory / "none.pem";
  EXPECT_THAT(ErrorOf(bad), HasSubstr("none.pem"));
  bad = good;
  bad.tls.key = directory.path();
  EXPECT_THAT(ErrorOf(bad), HasSubstr("client key"));
  bad.tls.key = directory / "noise";
  std::ofstream(bad.tls.key) << "noise";
  EXPECT_THAT(ErrorOf(bad), HasSubstr("not a PEM file"));
}

}  // namespace
}  // namespace cloister::client
