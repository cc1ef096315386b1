#include "client-sdk/cli/certificates.h"

#include <fstream>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CertificatesTest : public ::testing::Test {
 protected:
  TlsFiles Of(const cloister::testing::CertificateFiles& files) const {
    return {certificates_.authority.certificate(), files.certificate, files.key, ""};
  }
  static std::string ErrorOf(const TlsFiles& files, absl::Time now = absl::Now()) {
    return std::string(CheckCertificates(files, now).message());
  }

  const cloister::testing::TemporaryDirectory directory_;
  const cloister::testing::TestCertificates certificates_{directory_.path()};
};

TEST_F(CertificatesTest, ThoseThatFitAreFine) {
  EXPECT_THAT(CheckCertificates(Of(certificates_.gateway), absl::Now()), cloister::testing::IsOk());
}

TEST_F(CertificatesTest, ExpiredIsSaidWithFileAndDate) {
  const TlsFiles files = Of(certificates_.expired_client);
  const std::string year =
      absl::FormatTime("%Y", absl::Now() - absl::Hours(1), absl::UTCTimeZone());
  EXPECT_THAT(ErrorOf(files), AllOf(HasSubstr(files.certificate), HasSubstr("expired on " + year)));
}

TEST_F(CertificatesTest, NotYetValidBlamesTheClock) {
  EXPECT_THAT(ErrorOf(Of(certificates_.gateway), absl::Now() - absl::Hours(24 * 3650)),
              HasSubstr("clock"));
}

TEST_F(CertificatesTest, AKeyOfAnotherCertificateIsSaid) {
  TlsFiles files = Of(certificates_.gateway);
  files.key = certificates_.stranger.key;
  EXPECT_THAT(ErrorOf(files), AllOf(HasSubstr(files.key), HasSubstr("does not belong")));
}

TEST_F(CertificatesTest, FilesMixedUpAreSaid) {
  TlsFiles files = Of(certificates_.gateway);
  std::swap(files.certificate, files.key);
  EXPECT_THAT(ErrorOf(files), HasSubstr("holds no certificate"));
  files = Of(certificates_.gateway);
  files.ca = files.key;
  EXPECT_THAT(ErrorOf(files), AllOf(HasSubstr("CA certificate"), HasSubstr("no certificate")));
  files = Of(certificates_.gateway);
  files.key = files.certificate;
  EXPECT_THAT(ErrorOf(files), HasSubstr("no private key"));
}

TEST_F(CertificatesTest, SubjectsAreRead) {
  EXPECT_EQ(SubjectOf(certificates_.operator_.certificate), "CN=operator");
  EXPECT_EQ(SubjectOf(directory_ / "none.pem"), "");
}

}  // namespace
}  // namespace cloister::cli
