// Sources on the web, as a build uses them.

#include <mutex>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publication_fixture.h"
#include "tests/unit/sync/scripted_web_server.h"

namespace cloister::publisher {
namespace {

using ::testing::AllOf;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::ScriptedWebServer;
using ::testing::SizeIs;

class PublicationWebTest : public ::testing::Test {
 protected:
  PublicationWebTest()
      : server_([this](const std::string&, ScriptedWebServer::Connection& connection) {
          const std::lock_guard<std::mutex> lock(mutex_);
          connection.Answer(code_, body_);
          return true;
        }) {
    folder_.Configure(absl::StrCat("[[source]]\nname = 'web'\nformat = 'csv'\nurl = '",
                                   server_.url(),
                                   "list.csv'\nallow_http = true\nuse_last_copy_for_h = 24\n"));
  }

  void Serve(int code, std::string body) {
    const std::lock_guard<std::mutex> lock(mutex_);
    code_ = code;
    body_ = std::move(body);
  }

  std::mutex mutex_;
  int code_ = 200;
  std::string body_ = "kind,value,verdict\nhost,a.example,malicious\n";
  PublicationFolder folder_;
  ScriptedWebServer server_;
};

TEST_F(PublicationWebTest, WhatIsFetchedIsPublished) {
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_TRUE(folder_.ServedHost("a.example").has_value());
  EXPECT_FALSE(folder_.report.sources[0].last_copy.has_value());
  // Keys stand in paths sometimes: nobody is told them.
  EXPECT_THAT(folder_.report.sources[0].place,
              AllOf(HasSubstr("http://127.0.0.1:"), Not(HasSubstr("list.csv"))));
  Serve(200, "kind,value,verdict\nhost,b.example,malicious\n");
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_TRUE(folder_.ServedHost("b.example").has_value());
}

TEST_F(PublicationWebTest, WhatCannotBeFetchedIsReadFromItsLastCopyForAsLongAsThatIsGood) {
  ASSERT_THAT(folder_.Build(), IsOk());
  Serve(500, "");
  ASSERT_THAT(folder_.Build({}, absl::Hours(20)), IsOk());
  ASSERT_TRUE(folder_.report.sources[0].last_copy.has_value());
  EXPECT_THAT(folder_.report.sources[0].last_copy->why, HasSubstr("500"));
  EXPECT_FALSE(folder_.report.published->new_version);
  const absl::Status stale = folder_.Build({}, absl::Hours(5));
  EXPECT_THAT(std::string(stale.message()),
              AllOf(HasSubstr("source \"web\""), HasSubstr("--accept-stale")));
  EXPECT_FALSE(folder_.report.published.has_value());
  BuildOptions accept;
  accept.accept_stale = true;
  EXPECT_THAT(folder_.Build(accept), IsOk());
  EXPECT_THAT(folder_.Served(), SizeIs(1));
}

TEST_F(PublicationWebTest, ACopyThatIsNoFeedDoesNotTakeThePlaceOfTheGoodOne) {
  ASSERT_THAT(folder_.Build(), IsOk());
  Serve(200, "<html>We are moving house</html>\n");
  ASSERT_THAT(folder_.Build(), IsOk());
  ASSERT_TRUE(folder_.report.sources[0].last_copy.has_value());
  EXPECT_THAT(folder_.report.sources[0].last_copy->why, HasSubstr("line 1"));
  EXPECT_THAT(folder_.report.sources, SizeIs(1));
  EXPECT_EQ(folder_.report.sources[0].entries, 1u);
  EXPECT_EQ(folder_.Version(), 1u);
  Serve(200, "kind,value,verdict\nhost,c.example,malicious\n");
  ASSERT_THAT(folder_.Build(), IsOk());
  EXPECT_TRUE(folder_.ServedHost("c.example").has_value());
}

TEST_F(PublicationWebTest, WhatNeverCouldBeHadEndsTheBuild) {
  Serve(404, "");
  const absl::Status status = folder_.Build();
  EXPECT_THAT(status, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(std::string(status.message()), HasSubstr("source \"web\""));
  Serve(200, "<html></html>");
  EXPECT_THAT(folder_.Build(), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(folder_.Version(), 0u);
}

TEST_F(PublicationWebTest, ALossIsFetchedAgainOrAcceptedAsItWasFetched) {
  Serve(200,
        "kind,value,verdict\nhost,a.example,malicious\nhost,b.example,malicious\n"
        "host,c.example,malicious\n");
  ASSERT_THAT(folder_.Build(), IsOk());
  const std::string little = "kind,value,verdict\nhost,a.example,malicious\n";
  Serve(200, little);
  EXPECT_THAT(folder_.Build(), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(folder_.Served(), SizeIs(3));
  BuildOptions accept;
  accept.accept_loss = {"web"};
  accept.fetch = false;  // what was fetched waits
  ASSERT_THAT(folder_.Build(accept), IsOk());
  EXPECT_THAT(folder_.Served(), SizeIs(1));
}

}  // namespace
}  // namespace cloister::publisher
