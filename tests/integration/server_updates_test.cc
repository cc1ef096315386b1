// Updates of a real server: what it makes of spools, restarts, damage and time.

#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/files.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {
namespace {

namespace fs = std::filesystem;
using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerUpdatesTest : public ServerFixture {
 protected:
  v1::Feed TheFeed() {
    v1::ListFeedsResponse feeds;
    EXPECT_TRUE(Operator()->ListFeeds(CallContext().get(), {}, &feeds).ok());
    return feeds.feeds_size() == 1 ? feeds.feeds(0) : v1::Feed();
  }
  void PublishHost(const std::string& name) {
    feed_.PublishDelta({ListingOf(ObjectKind::kHost, name, Verdict::kMalicious)});
  }
  v1::AnswerStatus StatusOf(const std::string& host) {
    return LookupOrFail(v1::OBJECT_KIND_HOST, host).status();
  }
  // Asks until the metrics contain `text`.
  void WaitForMetric(const std::string& text) {
    const absl::Time end = absl::Now() + kPatience;
    std::string metrics;
    while (absl::Now() < end) {
      metrics = FetchMetrics(MetricsAddress());
      if (absl::StrContains(metrics, text)) return;
    }
    FAIL() << text << " is not in " << metrics;
  }
};

TEST_F(ServerUpdatesTest, RestartWithNothingNewIsNoUpdate) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  const int64_t since = TheFeed().serving_since().seconds();
  EXPECT_GT(since, 0);
  ASSERT_NO_FATAL_FAILURE(Stop());
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(TheFeed().serving_since().seconds(), since);
  PublishHost("next.example");
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  EXPECT_THAT(server_->errors(), Not(HasSubstr("update taken feed=threats version=1")));
}

TEST_F(ServerUpdatesTest, ForgedEntryHidesNoGenuineOne) {
  metrics_ = "127.0.0.1:0";
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  feed_.HandOver(4'000'000);  // of the same metadata, under a number of its own
  ASSERT_NO_FATAL_FAILURE(ExpectRefused("metadata_version_mismatch"));
  PublishHost("next.example");
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  EXPECT_EQ(StatusOf("next.example"), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(TheFeed().reject_reason(), "metadata_version_mismatch") << "it is there still";
  fs::remove_all(directory_ / "spool/threats/00000000000004000000");
  ASSERT_THAT(server_->WaitForText("what was refused is gone feed=threats", kPatience), IsOk());
  EXPECT_EQ(TheFeed().health(), v1::FEED_HEALTH_SERVING);
}

TEST_F(ServerUpdatesTest, DamagedTrustedMetadataOfAFeedDoesNotStopTheServer) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  ASSERT_NO_FATAL_FAILURE(Stop());
  const std::string root = directory_ / "data/trust/threats/root.json";
  const std::string good = *storage::ReadFile(root, 1 << 20);
  ASSERT_THAT(storage::WriteFileAtomically(root, "{"), IsOk());
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ExpectRefused("metadata_malformed"));
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'a')).status(),
            v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(TheFeed().health(), v1::FEED_HEALTH_UPDATE_REFUSED);
  EXPECT_THAT(TheFeed().reject_message(), HasSubstr("restore it from a backup"));
  PublishHost("next.example");
  feed_.HandOver();
  ASSERT_THAT(storage::WriteFileAtomically(root, good), IsOk());
  ASSERT_THAT(server_->WaitForText("update taken feed=threats version=2", kPatience), IsOk());
  EXPECT_EQ(TheFeed().health(), v1::FEED_HEALTH_SERVING);
}

TEST_F(ServerUpdatesTest, NineDeltasAreFoldedWhileTheyServe) {
  metrics_ = "127.0.0.1:0";
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  for (int i = 0; i < 9; ++i) PublishHost(absl::StrCat("h", i, ".example"));
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  ASSERT_THAT(server_->WaitForText("deltas folded into a snapshot feed=threats", kPatience),
              IsOk());
  EXPECT_EQ(TheFeed().packs(), 1u);
  EXPECT_EQ(TheFeed().version(), 10u);
  PublishHost("next.example");
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  EXPECT_EQ(TheFeed().packs(), 2u) << "the next delta lies over what was folded";
  EXPECT_EQ(StatusOf("h0.example"), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(StatusOf("next.example"), v1::ANSWER_STATUS_LISTED);
  WaitForMetric("cloister_folds_total{feed=\"threats\",result=\"done\"} 1");
}

TEST_F(ServerUpdatesTest, ExpiredMetadataIsTakenFromAnOfflineEntryAndAlwaysTold) {
  metrics_ = "127.0.0.1:0";
  updates_ = "accept_expired_days = 2\n";
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  PublishHost("next.example");
  feed_.upstream().SetExpires(trust::Role::kTimestamp, absl::Now() - absl::Hours(30));
  const std::string online = feed_.HandOver();
  ASSERT_NO_FATAL_FAILURE(ExpectRefused("metadata_expired"));
  fs::rename(online, directory_ / "entry");
  ASSERT_THAT(storage::WriteFileAtomically(directory_ / "entry/origin", "offline"), IsOk());
  fs::rename(directory_ / "entry", online);
  ASSERT_THAT(server_->WaitForText("update taken feed=threats version=2", kPatience), IsOk());
  ASSERT_THAT(server_->WaitForText("update has expired, taken as configured", kPatience), IsOk());
  EXPECT_EQ(StatusOf("next.example"), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(TheFeed().health(), v1::FEED_HEALTH_EXPIRED);
  WaitForMetric("cloister_feed_expired{feed=\"threats\"} 1");
}

TEST_F(ServerUpdatesTest, MetricsTellWhatWaitsAndWhy) {
  metrics_ = "127.0.0.1:0";
  more_ = "updates = \"manual\"\n";
  ASSERT_NO_FATAL_FAILURE(Start());
  feed_.PublishSnapshot({ListingOf(ObjectKind::kHost, "first.example", Verdict::kMalicious)});
  feed_.HandOver();
  WaitForMetric("cloister_update_pending{feed=\"threats\",reason=\"manual\"} 1");
  const std::string metrics = FetchMetrics(MetricsAddress());
  EXPECT_THAT(metrics, HasSubstr("cloister_update_holds_total{feed=\"threats\",reason=\"manual\"} "
                                 "1"));
  EXPECT_THAT(metrics, HasSubstr("cloister_feed_damaged{feed=\"threats\"} 0"));
  EXPECT_THAT(metrics, HasSubstr("cloister_feed_masked_records{feed=\"threats\"} 0"));
  EXPECT_THAT(metrics, HasSubstr("cloister_rollbacks_total{feed=\"threats\"} 0"));
}

}  // namespace
}  // namespace cloister::testing
