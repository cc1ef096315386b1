#include "sync/publisher/daemon/source_looks.h"

#include <unistd.h>

#include "absl/strings/match.h"
#include "sync/publisher/daemon/daemon_status.h"
#include "tests/unit/sync/source_fixture.h"

namespace cloister::publisher {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::testing::HasSubstr;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

class SourceLooksTest : public SourceCopiesTest {
 protected:
  // A publication of one source, named as the fixture's copies.
  Publication Of(const PublicationSource& source) const {
    Publication publication;
    publication.sources = {source};
    publication.sources[0].name = "a-feed";
    publication.sources[0].format = "domain";
    return publication;
  }
  Publication OfFile(const std::string& path) const {
    PublicationSource source;
    source.path = path;
    return Of(source);
  }
  Publication OfWeb() const {
    PublicationSource source;
    source.web = Source("hosts.txt");
    return Of(source);
  }
};

TEST_F(SourceLooksTest, SeesThatAFileChangedOnce) {
  const Publication publication = OfFile(Write("hosts.txt", "one.example\n"));
  SourceLooks looks(publication, {}, copies_.get());
  EXPECT_FALSE(looks.Changed());
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_TRUE(looks.Changed());
  looks.Tried();
  EXPECT_FALSE(looks.Changed());

  Write("hosts.txt", "two.example\n");
  ASSERT_THAT(looks.LookAtDue(now_ + absl::Minutes(14), 0), IsOk());
  EXPECT_FALSE(looks.Changed()) << "looked before its time";
  ASSERT_THAT(looks.LookAtDue(now_ + absl::Minutes(15), 0), IsOk());
  EXPECT_TRUE(looks.Changed());
}

TEST_F(SourceLooksTest, SpreadsItsLooksByATenthOfTheInterval) {
  const Publication publication = OfFile(Write("hosts.txt", "one.example\n"));
  for (const double jitter : {-1.0, 0.0, 1.0}) {
    SourceLooks looks(publication, {}, copies_.get());
    ASSERT_THAT(looks.LookAtDue(now_, jitter), IsOk());
    EXPECT_EQ(looks.NextLook(), now_ + absl::Minutes(15) + jitter * absl::Seconds(90));
  }
}

TEST_F(SourceLooksTest, LooksAgainSoonAfterAFailureAndNoSoonerThanTheServerAsks) {
  std::string headers;
  Serve([&](const std::string&, Connection& connection) {
    connection.Answer(503, "", headers);
    return true;
  });
  const Publication publication = OfWeb();
  SourceLooks looks(publication, {}, copies_.get());
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_EQ(looks.NextLook(), now_ + absl::Seconds(15));
  now_ = looks.NextLook();
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_EQ(looks.NextLook(), now_ + absl::Seconds(30));
  now_ = looks.NextLook();
  headers = "Retry-After: 7200\r\n";
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_EQ(looks.NextLook(), now_ + absl::Hours(2));
  looks.LookAtAllNext();
  EXPECT_EQ(looks.NextLook(), now_ + absl::Hours(2));

  // The wait holds over a restart.
  SourceLooks after(publication, looks.states(), copies_.get());
  EXPECT_EQ(after.NextLook(), now_ + absl::Hours(2));
}

TEST_F(SourceLooksTest, LooksAtOnceAtWhatFailedOnceSomebodyMayHaveMendedIt) {
  const std::string path = directory_ / "hosts.txt";
  const Publication publication = OfFile(path);
  SourceLooks looks(publication, {}, copies_.get());
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_EQ(looks.states()[0].failures, 1u);
  Write("hosts.txt", "one.example\n");
  SourceLooks restarted(publication, looks.states(), copies_.get());
  looks.LookAtAllNext();
  for (SourceLooks* one : {&looks, &restarted}) {
    ASSERT_THAT(one->LookAtDue(now_, 0), IsOk());
    EXPECT_EQ(one->states()[0].failures, 0u);
  }
}

TEST_F(SourceLooksTest, AClockThatIsSetBackStopsNoLooks) {
  const Publication publication = OfFile(Write("hosts.txt", "one.example\n"));
  SourceLooks looks(publication, {}, copies_.get());
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  looks.Tried();
  Write("hosts.txt", "two.example\n");
  now_ -= absl::Hours(365 * 24);
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_TRUE(looks.Changed());
  EXPECT_EQ(looks.NextLook(), now_ + absl::Minutes(15));
}

TEST_F(SourceLooksTest, VouchesForNoLongerThanASourceSaysWhatIsPublished) {
  const std::string path = Write("hosts.txt", "one.example\n");
  const Publication publication = OfFile(path);
  SourceLooks looks(publication, {}, copies_.get());
  EXPECT_THAT(looks.CheckVouching(now_), HasCode(kUnavailable));
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  looks.Tried();
  looks.Published(now_);
  EXPECT_THAT(looks.CheckVouching(now_ + absl::Hours(72)), IsOk());
  EXPECT_THAT(looks.CheckVouching(now_ + absl::Hours(73)), HasCode(kUnavailable));

  now_ += absl::Hours(73);
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_THAT(looks.CheckVouching(now_), IsOk()) << "it still says the same";

  // Gone, or another one that no build could be made of: neither is what is published.
  ASSERT_EQ(unlink(path.c_str()), 0);
  now_ += absl::Hours(73);
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_THAT(looks.CheckVouching(now_), HasCode(kUnavailable));
  EXPECT_THAT(looks.CheckAges(now_), HasCode(kUnavailable));
  Write("hosts.txt", "two.example\n");
  now_ += absl::Hours(1);
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  looks.Tried();
  EXPECT_THAT(looks.CheckAges(now_), IsOk());
  EXPECT_THAT(looks.CheckVouching(now_), HasCode(kUnavailable));
}

TEST_F(SourceLooksTest, BuildsFromCopiesThatAreYoungEnough) {
  bool fails = false;
  Serve([&](const std::string&, Connection& connection) {
    connection.Answer(fails ? 500 : 200, "one.example\n");
    return true;
  });
  const Publication publication = OfWeb();
  SourceLooks looks(publication, {}, copies_.get());
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  looks.Tried();
  ASSERT_THAT(copies_->Accept("a-feed"), IsOk());
  looks.Published(now_);
  fails = true;
  now_ += absl::Hours(71);
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_THAT(looks.CheckAges(now_), IsOk());
  now_ += absl::Hours(2);
  EXPECT_THAT(looks.CheckAges(now_), HasCode(kUnavailable));
  EXPECT_THAT(std::string(looks.CheckAges(now_).message()), HasSubstr("answer 500"));
}

TEST_F(SourceLooksTest, WhatItsReaderRefusedIsNotTriedAgainUntilItChanges) {
  std::string body = "one.example\n";
  Serve([&](const std::string&, Connection& connection) {
    connection.Answer(200, body);
    return true;
  });
  const Publication publication = OfWeb();
  SourceLooks looks(publication, {}, copies_.get());
  const auto look = [&] {
    looks.LookAtAllNext();
    ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  };
  look();
  looks.Tried();
  ASSERT_THAT(copies_->Accept("a-feed"), IsOk());
  looks.Published(now_);
  body = "<html>";
  look();
  EXPECT_TRUE(looks.Changed());
  looks.Tried();
  ASSERT_THAT(copies_->Discard("a-feed"), IsOk());
  looks.Published(now_ + absl::Hours(100));
  look();
  EXPECT_FALSE(looks.Changed());
  EXPECT_THAT(looks.CheckVouching(now_ + absl::Hours(100)), HasCode(kUnavailable));
}

TEST_F(SourceLooksTest, VouchesForWhatAnotherRunOfTheProgramPublished) {
  std::string body = "one.example\n";
  Serve([&](const std::string&, Connection& connection) {
    connection.Answer(200, body);
    return true;
  });
  const Publication publication = OfWeb();
  SourceLooks looks(publication, {}, copies_.get());
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  looks.Tried();
  EXPECT_THAT(looks.CheckVouching(now_), HasCode(kUnavailable));
  copies_->Release();
  SourceCopies by_hand(directory_ / "copies");
  ASSERT_THAT(by_hand.Accept("a-feed"), IsOk());
  by_hand.Release();
  now_ += absl::Minutes(15);
  ASSERT_THAT(looks.LookAtDue(now_, 0), IsOk());
  EXPECT_THAT(looks.CheckVouching(now_), IsOk());
}

TEST_F(SourceLooksTest, TheStatusFileRemembersWhatIsKnown) {
  const std::string path = directory_ / "status.json";
  EXPECT_EQ(ReadDaemonStatus(path).outcome, "");
  DaemonStatus status;
  status.feed = "threats";
  status.version = 7;
  status.records = 12;
  status.outcome = "failed";
  status.error = "a \x1b[31mred\xff error";
  status.failures = 2;
  status.last_build = now_;
  status.configuration = "abc";
  status.repository = "/srv/repo";
  SourceState source;
  source.name = "a-feed";
  source.seen = "2";
  source.tried = "2";
  source.published = "1";
  source.vouched_at = now_ - absl::Hours(1);
  source.next_look = now_ + absl::Hours(2);
  source.not_before = now_ + absl::Hours(1);
  source.failures = 3;
  source.error = "answer 500";
  status.sources = {source};
  ASSERT_THAT(WriteDaemonStatus(path, status), IsOk());

  const DaemonStatus read = ReadDaemonStatus(path);
  EXPECT_EQ(read.version, 7u);
  EXPECT_EQ(read.outcome, "failed");
  EXPECT_EQ(read.last_build, now_);
  EXPECT_EQ(read.configuration, "abc");
  EXPECT_EQ(read.repository, "/srv/repo");
  ASSERT_EQ(read.sources.size(), 1u);
  EXPECT_EQ(read.sources[0].published, "1");
  EXPECT_EQ(read.sources[0].vouched_at, source.vouched_at);
  EXPECT_EQ(read.sources[0].next_look, source.next_look);
  EXPECT_EQ(read.sources[0].not_before, source.not_before);
  EXPECT_EQ(read.sources[0].looked_at, absl::InfinitePast());
  const std::string text = DaemonStatusText(read, now_);
  EXPECT_THAT(text, HasSubstr("a-feed: looked at never, as published 1h ago; failed 3 times"));
  EXPECT_THAT(text, HasSubstr("nothing is published yet"));
  EXPECT_FALSE(absl::StrContains(text, "\x1b"));

  Write("status.json", "[{\"version\": -1}]");
  EXPECT_EQ(ReadDaemonStatus(path).version, 0u);
}

}  // namespace
}  // namespace cloister::publisher
