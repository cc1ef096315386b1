// What the `cloister` command says and does about feeds.

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/cli_fixture.h"

namespace cloister {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ProcessResult;

v1::Feed HeldFeed() {
  v1::Feed feed;
  feed.set_name("threats");
  feed.set_health(v1::FEED_HEALTH_HELD);
  feed.set_version(3);
  feed.set_pinned_version(3);
  feed.set_masked_records(7);
  feed.add_masked_examples("own domain bank.example");
  feed.mutable_pending()->set_version(4);
  feed.mutable_pending()->set_reason(v1::HOLD_REASON_MASS_CHANGE);
  feed.mutable_pending()->mutable_changes()->add_lines("3 TRUSTED become MALICIOUS");
  return feed;
}

TEST_F(CliTest, FeedsSayWhatWaitsAndWhatToDoNext) {
  v1::Feed feed = HeldFeed();
  server_.list_feeds = [&](const auto&, auto* response) {
    *response->add_feeds() = feed;
    return grpc::Status::OK;
  };
  const ProcessResult held = Run({"feeds"});
  EXPECT_EQ(held.exit_code, 0) << held.errors;
  EXPECT_THAT(
      held.output,
      AllOf(HasSubstr("HELD  threats v3"), HasSubstr("pinned      to v3"), HasSubstr("v4"),
            HasSubstr("changes more of the records"), HasSubstr("3 TRUSTED become MALICIOUS"),
            HasSubstr("cloister feeds accept threats 4 --reason"),
            HasSubstr("7 records of protected objects"), HasSubstr("own domain bank.example")));
  const json document = json::parse(Run({"--output", "json", "feeds"}).output, nullptr, false);
  EXPECT_EQ(document["feeds"][0]["health"], "held");
  EXPECT_EQ(document["feeds"][0]["pending"]["reason"], "mass_change");
  feed.set_health(v1::FEED_HEALTH_DAMAGED);
  EXPECT_THAT(Run({"feeds"}).output, AllOf(HasSubstr("DAMAGED  threats"),
                                           HasSubstr("cloister feeds rebuild threats --reason")));
}

TEST_F(CliTest, FeedsSayWhereTheirEntriesComeFrom) {
  server_.list_feeds = [](const auto&, auto* response) {
    v1::Feed* feed = response->add_feeds();
    feed->set_name("threats");
    v1::FeedSource* source = feed->add_sources();
    source->set_name("URLhaus");
    source->set_licence("CC0-1.0");
    source->set_attribution("abuse.ch");
    source->set_url("https://urlhaus.example/");
    source->set_redistribution(v1::REDISTRIBUTION_ALLOWED);
    source = feed->add_sources();
    source->set_name("bought\x1b[2J");
    source->set_redistribution(v1::REDISTRIBUTION_FORBIDDEN);
    feed->add_sources()->set_name("own");
    return grpc::Status::OK;
  };
  EXPECT_THAT(
      Run({"feeds"}).output,
      AllOf(HasSubstr("  from        URLhaus (CC0-1.0), redistribution allowed; by abuse.ch; "
                      "https://urlhaus.example/\n"),
            HasSubstr(", redistribution forbidden\n"), Not(HasSubstr("\x1b")),
            HasSubstr("              own, redistribution not stated\n")));
  const json document = json::parse(Run({"--output", "json", "feeds"}).output, nullptr, false);
  EXPECT_EQ(document["feeds"][0]["sources"][0]["licence"], "CC0-1.0");
  EXPECT_EQ(document["feeds"][0]["sources"][0]["redistribution"], "allowed");
  EXPECT_EQ(document["feeds"][0]["sources"][2]["redistribution"], "unspecified");
}

TEST_F(CliTest, FolderIsNoBundle) {
  const ProcessResult result = Run({"bundle", "import", "/tmp", "--reason", "r"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("is a folder"));
}

TEST_F(CliTest, DiffSaysWhatAVersionWouldChange) {
  server_.diff_feed_version = [](const auto& request, auto* response) {
    EXPECT_EQ(request.feed(), "threats");
    EXPECT_EQ(request.version(), 4u);
    auto* changes = response->mutable_changes();
    changes->set_records_before(50);
    changes->set_added(2);
    changes->set_changed(3);
    changes->add_lines("3 TRUSTED become MALICIOUS");
    changes->set_protected_listed(1);
    changes->add_protected_examples("empty file");
    changes->set_complete(true);
    return grpc::Status::OK;
  };
  const ProcessResult text = Run({"feeds", "diff", "threats", "4"});
  EXPECT_EQ(text.exit_code, 0) << text.errors;
  EXPECT_THAT(text.output, AllOf(HasSubstr("Serving threats v4 would change"),
                                 HasSubstr("5 records, 10 % of the 50 that serve"),
                                 HasSubstr("3 TRUSTED become MALICIOUS"), HasSubstr("empty file"),
                                 Not(HasSubstr("there is more"))));
  const json document = json::parse(
      Run({"--output", "json", "feeds", "diff", "threats", "4"}).output, nullptr, false);
  EXPECT_EQ(document["changes"]["added"], 2);
}

TEST_F(CliTest, DecisionsCarryFeedVersionAndReason) {
  std::vector<std::string> asked;
  const auto note = [&](const char* what) {
    return [&asked, what](const auto& request, auto*) {
      asked.push_back(absl::StrCat(what, " ", request.ShortDebugString()));
      return grpc::Status::OK;
    };
  };
  server_.accept_feed_version = note("accept");
  server_.reject_feed_version = note("reject");
  server_.pin_feed = note("pin");
  server_.unpin_feed = note("unpin");
  server_.roll_back_feed = [&](const auto& request, auto* response) {
    response->set_version(2);
    return note("rollback")(request, response);
  };
  const std::pair<std::vector<std::string>, const char*> table[] = {
      {{"accept", "threats", "4"}, "threats v4 serves"},
      {{"reject", "threats", "4"}, "will not serve"},
      {{"pin", "threats"}, "later versions wait"},
      {{"unpin", "threats"}, "go on"},
      {{"rollback", "threats"}, "threats v2 serves, and stays until"},
      {{"rollback", "threats", "2"}, "cloister feeds unpin threats"},
  };
  for (const auto& [words, says] : table) {
    std::vector<std::string> argv = {"feeds"};
    argv.insert(argv.end(), words.begin(), words.end());
    EXPECT_EQ(Run(argv).exit_code, 2) << "without a reason: " << says;
    argv.insert(argv.end(), {"--reason", "r"});
    const ProcessResult result = Run(argv);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr(says));
  }
  EXPECT_THAT(asked, ::testing::ElementsAre("accept feed: \"threats\" version: 4 reason: \"r\"",
                                            "reject feed: \"threats\" version: 4 reason: \"r\"",
                                            "pin feed: \"threats\" reason: \"r\"",
                                            "unpin feed: \"threats\" reason: \"r\"",
                                            "rollback feed: \"threats\" reason: \"r\"",
                                            "rollback feed: \"threats\" version: 2 reason: \"r\""));
}

TEST_F(CliTest, ARollbackCanBeTriedWithoutDoingIt) {
  server_.list_feed_versions = [](const auto&, auto* response) {
    for (uint64_t number : {5, 4, 2}) {
      auto* version = response->add_versions();
      version->set_version(number);
      version->set_serving(number == 4);
      version->set_pending(number == 5);
    }
    return grpc::Status::OK;
  };
  uint64_t compared = 0;
  server_.diff_feed_version = [&](const auto& request, auto* response) {
    compared = request.version();
    response->mutable_changes()->set_complete(true);
    return grpc::Status::OK;
  };
  const ProcessResult result = Run({"feeds", "rollback", "threats", "--dry-run"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(compared, 2u);
  EXPECT_THAT(result.output, HasSubstr("no verdict"));
  EXPECT_THAT(Run({"feeds", "versions", "threats"}).output,
              AllOf(HasSubstr("waiting  threats v5"), HasSubstr("serving  threats v4"),
                    HasSubstr("kept     threats v2")));
}

TEST_F(CliTest, VerifySaysWhatIsNotSound) {
  server_.list_feeds = [](const auto&, auto* response) {
    response->add_feeds()->set_name("good");
    response->add_feeds()->set_name("bad");
    return grpc::Status::OK;
  };
  server_.verify_feed = [](const auto& request, auto* messages) {
    messages->resize(2);
    (*messages)[0].set_doing("hashing packs");
    (*messages)[0].set_done(1);
    auto* result = (*messages)[1].mutable_result();
    result->set_packs(2);
    result->set_sound(request.feed() == "good");
    if (request.feed() == "bad") result->add_rotten_packs("c0ffee");
    return grpc::Status::OK;
  };
  const ProcessResult good = Run({"feeds", "verify", "good"});
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_THAT(good.output, HasSubstr("SOUND  good: 2 packs"));
  EXPECT_THAT(good.errors, IsEmpty()) << "progress is for terminals";
  const ProcessResult all = Run({"verify"});
  EXPECT_EQ(all.exit_code, 5);
  EXPECT_THAT(all.output, AllOf(HasSubstr("SOUND  good"), HasSubstr("NOT SOUND  bad"),
                                HasSubstr("c0ffee"), HasSubstr("cloister feeds rebuild bad")));
  const json document = json::parse(Run({"--output", "json", "verify"}).output, nullptr, false);
  EXPECT_EQ(document["feeds"][1]["feed"], "bad");
  EXPECT_EQ(document["feeds"][1]["result"]["sound"], false);
  server_.verify_feed = [](const auto&, auto*) { return grpc::Status::OK; };
  EXPECT_EQ(Run({"verify", "good"}).exit_code, 5) << "a result that is missing is no good one";
}

TEST_F(CliTest, RebuildSaysWhatServesAndWhetherItShould) {
  bool complete = true;
  server_.rebuild_feed = [&](const auto& request, auto* response) {
    EXPECT_EQ(request.reason(), "rot");
    response->set_version(3);
    response->set_complete(complete);
    response->add_quarantined("c0ffee");
    return grpc::Status::OK;
  };
  const ProcessResult whole = Run({"feeds", "rebuild", "threats", "--reason", "rot"});
  EXPECT_EQ(whole.exit_code, 0) << whole.errors;
  EXPECT_THAT(whole.output, AllOf(HasSubstr("threats v3 serves"), HasSubstr("c0ffee")));
  complete = false;
  EXPECT_EQ(Run({"feeds", "rebuild", "threats", "--reason", "rot"}).exit_code, 5);
}

}  // namespace
}  // namespace cloister
