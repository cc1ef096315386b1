// Operators decide about versions of a real server, through the real `cloister` command where that
// is how it is done.

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {
namespace {

namespace fs = std::filesystem;
using reputation::ObjectKind;
using reputation::Verdict;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ServerVersionsTest : public ServerFixture {
 protected:
  void ServeTwoVersions() {
    ASSERT_NO_FATAL_FAILURE(ServeSamples());
    feed_.PublishDelta({ListingOf(ObjectKind::kHost, "second.example", Verdict::kMalicious)});
    ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  }
  ProcessResult Cloister(const std::vector<std::string>& arguments) {
    ProcessOptions options;
    options.argv = {ProgramPath("cloister"), "--server", GrpcAddress()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.environment = {"CLOISTER_CA=" + certificates_.authority.certificate(),
                           "CLOISTER_CERTIFICATE=" + certificates_.operator_.certificate,
                           "CLOISTER_KEY=" + certificates_.operator_.key};
    absl::StatusOr<ProcessResult> result = RunProcess(options, kPatience);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : ProcessResult{-1, "", ""};
  }
  void ExpectOk(const std::vector<std::string>& arguments, const std::string& says) {
    const ProcessResult result = Cloister(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr(says));
  }
  v1::Feed TheFeed() {
    v1::ListFeedsResponse feeds;
    EXPECT_TRUE(Operator()->ListFeeds(CallContext().get(), {}, &feeds).ok());
    return feeds.feeds_size() == 1 ? feeds.feeds(0) : v1::Feed();
  }
  v1::AnswerStatus StatusOf(const std::string& host) {
    return LookupOrFail(v1::OBJECT_KIND_HOST, host).status();
  }
  std::string Audit() { return Cloister({"audit"}).output; }
};

TEST_F(ServerVersionsTest, ARollbackFlipsTheAnswerAtOnceAndSurvivesARestart) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeTwoVersions());
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_LISTED);
  ExpectOk({"feeds", "rollback", "threats", "--dry-run"}, "1 MALICIOUS removed");
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_LISTED) << "that was a dry run";
  ExpectOk({"feeds", "rollback", "threats", "--reason", "ticket 7"}, "threats v1 serves");
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_NOT_LISTED);
  ASSERT_NO_FATAL_FAILURE(Stop());
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_NOT_LISTED);
  EXPECT_EQ(TheFeed().pinned_version(), 1u);

  // What comes meanwhile waits until the feed is let go.
  feed_.PublishDelta({ListingOf(ObjectKind::kHost, "third.example", Verdict::kMalicious)});
  feed_.HandOver();
  ASSERT_THAT(server_->WaitForText("update waits feed=threats version=3 reason=pinned", kPatience),
              IsOk());
  EXPECT_EQ(TheFeed().health(), v1::FEED_HEALTH_HELD);
  EXPECT_EQ(StatusOf("third.example"), v1::ANSWER_STATUS_NOT_LISTED);
  ExpectOk({"feeds", "unpin", "threats", "--reason", "mended"}, "go on");
  ASSERT_THAT(server_->WaitForText("version serves feed=threats version=3", kPatience), IsOk());
  EXPECT_EQ(StatusOf("third.example"), v1::ANSWER_STATUS_LISTED);
  EXPECT_THAT(Audit(), AllOf(HasSubstr("operator.test.invalid"), HasSubstr("feed.rollback"),
                             HasSubstr("ticket 7"), HasSubstr("feed.unpin")));
}

TEST_F(ServerVersionsTest, AManualFeedServesWhatWasAccepted) {
  more_ = "updates = \"manual\"\n";
  ASSERT_NO_FATAL_FAILURE(Start());
  feed_.PublishSnapshot({ListingOf(ObjectKind::kHost, "first.example", Verdict::kMalicious)});
  feed_.HandOver();
  ASSERT_THAT(server_->WaitForText("update waits feed=threats version=1 reason=manual", kPatience),
              IsOk());
  EXPECT_EQ(StatusOf("first.example"), v1::ANSWER_STATUS_NOT_COVERED);
  EXPECT_EQ(TheFeed().pending().reason(), v1::HOLD_REASON_MANUAL);
  EXPECT_EQ(Cloister({"feeds", "accept", "threats", "2", "--reason", "r"}).exit_code, 5);
  ExpectOk({"feeds", "accept", "threats", "1", "--reason", "seen"}, "threats v1 serves");
  EXPECT_EQ(StatusOf("first.example"), v1::ANSWER_STATUS_LISTED);

  feed_.PublishDelta({ListingOf(ObjectKind::kHost, "second.example", Verdict::kMalicious)});
  feed_.HandOver();
  ASSERT_THAT(server_->WaitForText("update waits feed=threats version=2", kPatience), IsOk());
  ExpectOk({"feeds"}, "cloister feeds accept threats 2");
  ExpectOk({"feeds", "diff", "threats", "2"}, "1 MALICIOUS added");
  ExpectOk({"feeds", "versions", "threats"}, "waiting  threats v2");
  ExpectOk({"feeds", "reject", "threats", "2", "--reason", "wrong"}, "will not serve");
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_NOT_LISTED);
  EXPECT_NE(TheFeed().pending().reason(), v1::HOLD_REASON_MANUAL);
}

TEST_F(ServerVersionsTest, AMassChangeIsHeldAndTold) {
  more_ = "max_changed_share = 0.1\nmax_changed_records = 1\n";
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  feed_.PublishDelta({ListingOf(ObjectKind::kFile, std::string(64, 'b'), Verdict::kMalicious),
                      ListingOf(ObjectKind::kHost, "second.example", Verdict::kMalicious)});
  feed_.HandOver();
  ASSERT_THAT(
      server_->WaitForText("update waits feed=threats version=2 reason=mass_change", kPatience),
      IsOk());
  ExpectOk({"feeds"}, "1 KNOWN becomes MALICIOUS");
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_NOT_LISTED);
  ExpectOk({"feeds", "accept", "threats", "2", "--reason", "the publisher says so"}, "serves");
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_LISTED);
}

TEST_F(ServerVersionsTest, VerifyFindsAFlippedByteAndRebuildMendsIt) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeTwoVersions());
  ExpectOk({"verify"}, "SOUND  threats");
  const std::string sha256 = feed_.chain().back().sha256;
  const std::string pack = absl::StrCat(directory_ / "data", "/packs/", sha256, ".sst");
  {
    fs::permissions(pack, fs::perms::owner_all, fs::perm_options::add);
    std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(40);
    const char byte = static_cast<char>(file.get());
    file.seekp(40);
    file.put(static_cast<char>(byte ^ 1));
  }
  const ProcessResult found = Cloister({"--output", "json", "verify", "threats"});
  EXPECT_EQ(found.exit_code, 5) << found.output;
  const auto document = nlohmann::json::parse(found.output, nullptr, false);
  EXPECT_EQ(document["feeds"][0]["result"]["sound"], false) << found.output;
  EXPECT_EQ(document["feeds"][0]["result"]["rotten_packs"][0], sha256);
  Cloister({"feeds", "rebuild", "threats", "--reason", "verify found rot"});
  // The pack is in the spool still, from where it is taken again.
  ASSERT_THAT(server_->WaitForText("update taken feed=threats version=2", kPatience), IsOk());
  const absl::Time end = absl::Now() + kPatience;
  while (TheFeed().health() != v1::FEED_HEALTH_SERVING || TheFeed().version() != 2u) {
    ASSERT_LT(absl::Now(), end) << TheFeed().ShortDebugString();
  }
  ExpectOk({"verify", "threats"}, "SOUND");
  EXPECT_EQ(StatusOf("second.example"), v1::ANSWER_STATUS_LISTED);
  EXPECT_TRUE(fs::exists(absl::StrCat(directory_ / "data", "/quarantine")));
  EXPECT_THAT(Audit(), AllOf(HasSubstr("feed.rebuild"), HasSubstr("verify found rot")));
}

TEST_F(ServerVersionsTest, NotesOfSourcesReachWhoeverAsks) {
  feed_.ComesFrom({{.name = "urlhaus",
                    .licence = "CC0-1.0",
                    .attribution = "abuse.ch",
                    .redistribution = trust::Redistribution::kAllowed},
                   {.name = "bought", .redistribution = trust::Redistribution::kInternal}});
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ServeSamples());
  const v1::Feed feed = TheFeed();
  ASSERT_EQ(feed.sources_size(), 2);
  EXPECT_EQ(feed.sources(0).attribution(), "abuse.ch");
  EXPECT_EQ(feed.sources(0).redistribution(), v1::REDISTRIBUTION_ALLOWED);
  EXPECT_EQ(feed.sources(1).redistribution(), v1::REDISTRIBUTION_INTERNAL);
  ExpectOk({"feeds"}, "from        urlhaus (CC0-1.0), redistribution allowed; by abuse.ch");
  const auto document =
      nlohmann::json::parse(Cloister({"--output", "json", "feeds"}).output, nullptr, false);
  EXPECT_EQ(document["feeds"][0]["sources"][1]["name"], "bought");
  EXPECT_EQ(document["feeds"][0]["sources"][1]["redistribution"], "internal");
  // Another version, other sources; and back.
  feed_.ComesFrom({});
  feed_.PublishDelta({ListingOf(ObjectKind::kHost, "second.example", Verdict::kMalicious)});
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  EXPECT_EQ(TheFeed().sources_size(), 0);
  ExpectOk({"feeds", "rollback", "threats", "--reason", "r"}, "threats v1 serves");
  EXPECT_EQ(TheFeed().sources_size(), 2);
}

TEST_F(ServerVersionsTest, WhatIsOursIsNotCondemnedByAFeed) {
  metrics_ = "127.0.0.1:0";
  more_ = "[protection]\nown_domains = [\"bank.example\"]\nown_networks = [\"192.0.2.64/26\"]\n";
  feed_.AlsoCovers(reputation::LookupForm::kFileMd5);
  ASSERT_NO_FATAL_FAILURE(Start());
  feed_.PublishSnapshot(
      {ListingOf(ObjectKind::kHost, "www.bank.example", Verdict::kMalicious),
       ListingOf(ObjectKind::kHost, "other.example", Verdict::kMalicious),
       ListingOf(ObjectKind::kIp, "192.0.2.0/24", Verdict::kSuspicious),
       ListingOf(ObjectKind::kFile,
                 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                 Verdict::kMalicious)});
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  EXPECT_EQ(StatusOf("www.bank.example"), v1::ANSWER_STATUS_NOT_LISTED);
  EXPECT_EQ(StatusOf("other.example"), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_IP, "192.0.2.77").status(), v1::ANSWER_STATUS_NOT_LISTED);
  EXPECT_EQ(LookupOrFail(v1::OBJECT_KIND_IP, "192.0.2.7").status(), v1::ANSWER_STATUS_LISTED);
  // The same objects by their lookup keys alone.
  v1::BatchLookupRequest batch;
  for (const auto& [kind, text] :
       std::vector<std::pair<ObjectKind, std::string>>{{ObjectKind::kHost, "www.bank.example"},
                                                       {ObjectKind::kHost, "other.example"},
                                                       {ObjectKind::kIp, "192.0.2.77"},
                                                       {ObjectKind::kIp, "192.0.2.7"}}) {
    const reputation::LookupKeys keys = reputation::Object::Parse(kind, text)->Keys(false);
    for (const auto& key : keys.keys) batch.mutable_lookup_keys()->append(std::string(key.bytes()));
    batch.add_key_counts(static_cast<uint32_t>(keys.keys.size()));
  }
  v1::BatchLookupResponse answers;
  ASSERT_TRUE(Gateway()->BatchLookup(CallContext().get(), batch, &answers).ok());
  EXPECT_EQ(answers.statuses(), std::string("\x02\x01\x02\x01"));
  const ProcessResult explained = Cloister({"explain", "www.bank.example", "--kind", "host"});
  EXPECT_THAT(explained.output, AllOf(HasSubstr("masked"), HasSubstr("own domain bank.example")));
  EXPECT_EQ(Cloister({"lookup", "www.bank.example", "--kind", "host"}).exit_code, 0);
  EXPECT_THAT(FetchMetrics(MetricsAddress()),
              AllOf(HasSubstr("cloister_masked_answers_total{method=\"Lookup\"} "),
                    Not(HasSubstr("cloister_masked_answers_total{method=\"Lookup\"} 0"))));
  ExpectOk({"override", "set", "www.bank.example", "--kind", "host", "--verdict", "malicious",
            "--reason", "hacked"},
           "MALICIOUS");
  EXPECT_EQ(StatusOf("www.bank.example"), v1::ANSWER_STATUS_LISTED)
      << "an administrator may say so";
}

}  // namespace
}  // namespace cloister::testing
