#include <cstdio>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/auth/authorizer.h"
#include "server/auth/tls_credentials.h"
#include "storage/files/files.h"
#include "tests/support/certificates.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<Identity> Identities() {
  return {{"gateway-1.example", Role::kGateway},
          {"spiffe://example/operator", Role::kOperator},
          {"ops@example.org", Role::kOperator}};
}

TEST(RoleTest, OperatorsMayDoWhatGatewaysMay) {
  EXPECT_TRUE(Grants(Role::kOperator, Role::kGateway));
  EXPECT_TRUE(Grants(Role::kOperator, Role::kOperator));
  EXPECT_TRUE(Grants(Role::kGateway, Role::kGateway));
  EXPECT_FALSE(Grants(Role::kGateway, Role::kOperator));
}

TEST(RoleTest, NamesAreTakenByteForByte) {
  EXPECT_EQ(FindIdentity(Identities(), {"gateway-1.example"})->role, Role::kGateway);
  for (const char* other : {"Gateway-1.example", "gateway-1.example.", "x.gateway-1.example",
                            "*.example", "gateway-1.example ", ""}) {
    EXPECT_FALSE(FindIdentity(Identities(), {other})) << other;
  }
}

TEST(RoleTest, TheHigherRoleOfSeveralNamesCounts) {
  const auto found = FindIdentity(Identities(), {"x", "gateway-1.example", "ops@example.org"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->role, Role::kOperator);
  EXPECT_EQ(found->name, "ops@example.org");
}

TEST(AuthorizerTest, SaysWhoIsMissingAndHowToGrant) {
  const Authorizer authorizer(Identities(), "/etc/c.toml");
  const auto caller = authorizer.AuthorizeNames({"new.example", "cn"}, Role::kGateway);
  ASSERT_THAT(caller, HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(caller.status().message()),
              AllOf(HasSubstr("new.example, cn"), HasSubstr("[[identity]]"),
                    HasSubstr("role = \"gateway\""), HasSubstr("/etc/c.toml")));
}

TEST(AuthorizerTest, SaysWhichRoleIsNeeded) {
  const Authorizer authorizer(Identities(), "/etc/c.toml");
  const auto caller = authorizer.AuthorizeNames({"gateway-1.example"}, Role::kOperator);
  ASSERT_THAT(caller, HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(caller.status().message()),
              AllOf(HasSubstr("\"gateway-1.example\" has the role gateway"),
                    HasSubstr("role = \"operator\"")));
}

TEST(AuthorizerTest, CertificateWithoutNamesHasNoRole) {
  EXPECT_THAT(Authorizer({{"", Role::kOperator}}, "c").AuthorizeNames({}, Role::kGateway),
              HasCode(absl::StatusCode::kPermissionDenied));
}

TEST(AuthorizerTest, NamesTheCaller) {
  ASSERT_OK_AND_ASSIGN(
      Caller caller,
      Authorizer(Identities(), "c").AuthorizeNames({"spiffe://example/operator"}, Role::kGateway));
  EXPECT_EQ(caller.name, "spiffe://example/operator");
  EXPECT_EQ(caller.role, Role::kOperator);
}

class TlsFilesTest : public ::testing::Test {
 protected:
  absl::Status Check() const { return CheckTlsFiles(tls_, absl::Now()); }
  void ExpectRefused(const std::string& file, const std::string& says) const {
    const absl::Status status = Check();
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(file), HasSubstr(says)));
  }
  std::string Write(const std::string& name, const std::string& contents) const {
    const std::string path = directory_ / name;
    EXPECT_THAT(storage::WriteFileAtomically(path, contents), IsOk());
    return path;
  }

  testing::TemporaryDirectory directory_;
  testing::TestCertificates certificates_{directory_.path()};
  TlsConfig tls_{.certificate = certificates_.server.certificate,
                 .key = certificates_.server.key,
                 .client_ca = certificates_.authority.certificate()};
};

TEST_F(TlsFilesTest, GoodFilesAreTaken) { EXPECT_THAT(Check(), IsOk()); }

TEST_F(TlsFilesTest, MissingFilesAreNamed) {
  for (std::string* path : {&tls_.certificate, &tls_.key, &tls_.client_ca}) {
    const std::string good = *path;
    *path = directory_ / "nowhere.pem";
    ExpectRefused(*path, "No such file");
    *path = good;
  }
}

TEST_F(TlsFilesTest, RubbishIsNamed) {
  const std::string rubbish = Write("rubbish.pem", "not PEM at all\n");
  for (std::string* path : {&tls_.certificate, &tls_.key, &tls_.client_ca}) {
    const std::string good = *path;
    *path = rubbish;
    ExpectRefused(rubbish, "PEM");
    *path = good;
  }
}

TEST_F(TlsFilesTest, KeyOfAnotherCertificateIsRefused) {
  tls_.key = certificates_.gateway.key;
  ExpectRefused(tls_.key, "is not the key of");
}

TEST_F(TlsFilesTest, ExpiredCertificateIsRefused) {
  const testing::CertificateFiles old =
      certificates_.authority.Issue("old", {.common_name = "old",
                                            .server = true,
                                            .age = absl::Hours(2),
                                            .remaining = -absl::Minutes(1)});
  tls_.certificate = old.certificate;
  tls_.key = old.key;
  ExpectRefused(old.certificate, "expired at");
}

TEST_F(TlsFilesTest, CertificateOfTheFutureIsRefused) {
  const testing::CertificateFiles early =
      certificates_.authority.Issue("early", {.common_name = "early",
                                              .server = true,
                                              .age = -absl::Hours(2),
                                              .remaining = absl::Hours(3)});
  tls_.certificate = early.certificate;
  tls_.key = early.key;
  ExpectRefused(early.certificate, "clock");
}

TEST_F(TlsFilesTest, OneValidAuthorityOfSeveralIsEnough) {
  const testing::CertificateFiles old = certificates_.authority.Issue(
      "old", {.common_name = "old", .age = absl::Hours(2), .remaining = -absl::Minutes(1)});
  const std::string expired = testing::ReadTestFile(old.certificate);
  const std::string good = testing::ReadTestFile(certificates_.authority.certificate());
  tls_.client_ca = Write("bundle.pem", expired + good);
  EXPECT_THAT(Check(), IsOk());
  tls_.client_ca = Write("expired.pem", expired);
  ExpectRefused(tls_.client_ca, "expired at");
}

TEST_F(TlsFilesTest, TellsWhenACertificateExpires) {
  ASSERT_OK_AND_ASSIGN(absl::Time expires, CertificateExpiry(tls_.certificate));
  EXPECT_GT(expires, absl::Now());
  EXPECT_LT(expires, absl::Now() + absl::Hours(2));
}

}  // namespace
}  // namespace cloister::server
