// The matching rules, one test each. Records are listed by the expression they stand under.

#include "reputation/resolve.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace cloister::reputation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(24 * 20000);
constexpr size_t kFeed = 2;
constexpr char kSha256[] = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
constexpr char kSha1[] = "3395856ce81f2b7382dee72602f798b642f14140";
constexpr char kMd5[] = "44d88612fea8a8f36de82e1278abb02f";

// An override, an authoritative feed, two feeds of which the second has the higher priority.
const std::vector<Layer>& Layers() {
  static const auto* const kLayers = new std::vector<Layer>{{LayerKind::kOverride, 0},
                                                            {LayerKind::kAuthoritative, 0},
                                                            {LayerKind::kFeed, 0},
                                                            {LayerKind::kFeed, 10},
                                                            {LayerKind::kFeed, 0}};
  return *kLayers;
}

Record Says(Verdict verdict, Scope scope = Scope::kExact) {
  Record record;
  record.verdict = verdict;
  record.scope = scope;
  return record;
}

// One object and the records that were found for it.
class Question {
 public:
  Question(ObjectKind kind, absl::string_view text) : keys_(Object::Parse(kind, text)->Keys(true)) {
    PrefixLengths lengths;
    for (size_t length : {8, 24}) lengths.v4.set(length);
    AddIpPrefixes(lengths, &keys_);
  }

  Question& In(LookupContext context) {
    context_ = context;
    return *this;
  }

  // The record stands in `layer` under `expression`; ignored if the object does not ask for it.
  Question& Listed(absl::string_view expression, const Record& record, size_t layer = kFeed) {
    for (size_t i = 0; i < keys_.expressions.size(); ++i) {
      if (keys_.expressions[i] == expression) matches_.push_back({layer, i, record});
    }
    return *this;
  }

  // "verdict layer expression" of those that may answer.
  std::vector<std::string> Answers() const {
    std::vector<std::string> answers;
    for (const Match& match : Resolve(keys_, Layers(), matches_, context_, kNow)) {
      answers.push_back(Describe(match));
    }
    return answers;
  }

  // The same of all, with their outcome.
  std::vector<std::string> Explained() const {
    std::vector<std::string> all;
    for (const auto& [match, outcome] :
         ResolveExplained(keys_, Layers(), matches_, context_, kNow)) {
      all.push_back(absl::StrCat(MatchOutcomeName(outcome), ": ", Describe(match)));
    }
    return all;
  }

 private:
  std::string Describe(const Match& match) const {
    return absl::StrCat(VerdictName(match.record.verdict), " ", match.layer, " ",
                        keys_.expressions[match.key_index]);
  }

  LookupKeys keys_;
  LookupContext context_ = LookupContext::kAny;
  std::vector<Match> matches_;
};

TEST(ScopeTest, ExactAnswersForTheObjectOnly) {
  Record record = Says(Verdict::kMalicious, Scope::kExact);
  EXPECT_THAT(Question(ObjectKind::kHost, "example.com").Listed("example.com", record).Answers(),
              ElementsAre("malicious 2 example.com"));
  EXPECT_THAT(Question(ObjectKind::kHost, "a.example.com").Listed("example.com", record).Answers(),
              IsEmpty());
}

TEST(ScopeTest, SubtreeAnswersForTheObjectAndAllBelow) {
  Record record = Says(Verdict::kMalicious, Scope::kSubtree);
  EXPECT_EQ(
      Question(ObjectKind::kHost, "example.com").Listed("example.com", record).Answers().size(),
      1u);
  EXPECT_EQ(
      Question(ObjectKind::kHost, "a.b.example.com").Listed("example.com", record).Answers().size(),
      1u);
}

TEST(ScopeTest, SubdomainsOnlyAnswersBelowAndNotForTheNameItself) {
  Record record = Says(Verdict::kMalicious, Scope::kSubdomainsOnly);
  EXPECT_THAT(Question(ObjectKind::kHost, "example.com").Listed("example.com", record).Answers(),
              IsEmpty());
  EXPECT_EQ(
      Question(ObjectKind::kHost, "a.example.com").Listed("example.com", record).Answers().size(),
      1u);
  EXPECT_EQ(Question(ObjectKind::kUrl, "http://a.example.com/x")
                .Listed("example.com", record)
                .Answers()
                .size(),
            1u);
  EXPECT_THAT(
      Question(ObjectKind::kUrl, "http://example.com/x").Listed("example.com", record).Answers(),
      IsEmpty());
}

TEST(ScopeTest, SubdomainsOnlySaysNothingOfPathsOrPrefixes) {
  Record record = Says(Verdict::kMalicious, Scope::kSubdomainsOnly);
  EXPECT_THAT(Question(ObjectKind::kUrl, "http://example.com/a/b")
                  .Listed("example.com/a/", record)
                  .Answers(),
              IsEmpty());
  EXPECT_THAT(Question(ObjectKind::kIp, "192.0.2.1").Listed("192.0.2.0/24", record).Answers(),
              IsEmpty());
}

TEST(ScopeTest, PrefixAnswersForItsAddressesBySubtree) {
  Question question(ObjectKind::kIp, "192.0.2.1");
  question.Listed("192.0.2.0/24", Says(Verdict::kSuspicious, Scope::kSubtree));
  question.Listed("192.0.0.0/8", Says(Verdict::kMalicious, Scope::kExact));
  EXPECT_THAT(question.Answers(), ElementsAre("suspicious 2 192.0.2.0/24"));
}

TEST(UrlRulesTest, ListedWithoutQueryMatchesAnyQuery) {
  Record record = Says(Verdict::kMalicious);
  for (const char* url :
       {"http://example.com/p", "http://example.com/p?id=1", "http://example.com/p?id=2"}) {
    EXPECT_EQ(Question(ObjectKind::kUrl, url).Listed("example.com/p", record).Answers().size(), 1u)
        << url;
  }
}

TEST(UrlRulesTest, ListedWithQueryMatchesThatQueryOnly) {
  Record record = Says(Verdict::kMalicious);
  EXPECT_EQ(Question(ObjectKind::kUrl, "http://example.com/p?id=1")
                .Listed("example.com/p?id=1", record)
                .Answers()
                .size(),
            1u);
  for (const char* url : {"http://example.com/p", "http://example.com/p?id=2"}) {
    EXPECT_THAT(Question(ObjectKind::kUrl, url).Listed("example.com/p?id=1", record).Answers(),
                IsEmpty())
        << url;
  }
}

TEST(UrlRulesTest, ListedRootIsTheRootPageOnlyUnlessSubtree) {
  Question below(ObjectKind::kUrl, "http://example.com/p");
  EXPECT_THAT(below.Listed("example.com/", Says(Verdict::kMalicious)).Answers(), IsEmpty());
  below.Listed("example.com/", Says(Verdict::kMalicious, Scope::kSubtree));
  EXPECT_THAT(below.Answers(), ElementsAre("malicious 2 example.com/"));
  EXPECT_EQ(Question(ObjectKind::kUrl, "http://example.com/?a")
                .Listed("example.com/", Says(Verdict::kMalicious))
                .Answers()
                .size(),
            1u);
}

TEST(UrlRulesTest, ListedPortAnswersForThatPortOnly) {
  Record record = Says(Verdict::kMalicious);
  EXPECT_EQ(Question(ObjectKind::kUrl, "http://example.com:8080/")
                .Listed("example.com:8080/", record)
                .Answers()
                .size(),
            1u);
  for (const char* url : {"http://example.com/", "http://example.com:81/"}) {
    EXPECT_THAT(Question(ObjectKind::kUrl, url).Listed("example.com:8080/", record).Answers(),
                IsEmpty())
        << url;
  }
}

TEST(UrlRulesTest, UrlListingIsNoHostListing) {
  Record record = Says(Verdict::kMalicious, Scope::kSubtree);
  EXPECT_THAT(Question(ObjectKind::kHost, "example.com").Listed("example.com/", record).Answers(),
              IsEmpty());
}

TEST(UrlRulesTest, HostListingAnswersForItsUrls) {
  EXPECT_THAT(Question(ObjectKind::kUrl, "http://example.com/p")
                  .Listed("example.com", Says(Verdict::kMalicious))
                  .Answers(),
              ElementsAre("malicious 2 example.com"));
  EXPECT_THAT(Question(ObjectKind::kUrl, "http://192.0.2.1/p")
                  .Listed("192.0.2.1", Says(Verdict::kMalicious))
                  .Answers(),
              ElementsAre("malicious 2 192.0.2.1"));
}

TEST(ContextTest, RecordOfAnotherContextDoesNotAnswer) {
  Record record = Says(Verdict::kMalicious);
  record.applies_to = ContextBit(LookupContext::kUrlHost);
  Question question(ObjectKind::kHost, "example.com");
  question.Listed("example.com", record);
  EXPECT_THAT(question.In(LookupContext::kSenderDomain).Answers(), IsEmpty());
  EXPECT_EQ(question.In(LookupContext::kUrlHost).Answers().size(), 1u);
  EXPECT_EQ(question.In(LookupContext::kAny).Answers().size(), 1u);
}

TEST(ContextTest, HostOfUrlIsTakenAsUrlHost) {
  Record record = Says(Verdict::kMalicious);
  record.applies_to = ContextBit(LookupContext::kSenderDomain);
  EXPECT_THAT(
      Question(ObjectKind::kUrl, "http://example.com/").Listed("example.com", record).Answers(),
      IsEmpty());
  EXPECT_EQ(Question(ObjectKind::kUrl, "http://example.com/")
                .Listed("example.com/", record)
                .Answers()
                .size(),
            1u);
  record.applies_to = ContextBit(LookupContext::kUrlHost);
  EXPECT_EQ(Question(ObjectKind::kUrl, "http://example.com/")
                .Listed("example.com", record)
                .Answers()
                .size(),
            1u);
}

TEST(TrustTest, ComesOnlyBySha256) {
  EXPECT_EQ(Question(ObjectKind::kFile, kSha256)
                .Listed(kSha256, Says(Verdict::kTrusted))
                .Answers()
                .size(),
            1u);
  for (const char* digest : {kSha1, kMd5}) {
    for (size_t layer : {0, 1, 2}) {
      Question question(ObjectKind::kFile, digest);
      question.Listed(digest, Says(Verdict::kTrusted), layer);
      EXPECT_THAT(question.Answers(), IsEmpty()) << digest << " in layer " << layer;
    }
  }
}

TEST(TrustTest, WeakDigestsMayCondemnOrIdentify) {
  for (const char* digest : {kSha1, kMd5}) {
    for (Verdict verdict :
         {Verdict::kMalicious, Verdict::kUnwanted, Verdict::kSuspicious, Verdict::kKnown}) {
      EXPECT_EQ(Question(ObjectKind::kFile, digest).Listed(digest, Says(verdict)).Answers().size(),
                1u);
    }
  }
}

TEST(TrustTest, FromAFeedNeverInherits) {
  Record record = Says(Verdict::kTrusted, Scope::kSubtree);
  for (size_t layer : {1, 2}) {
    EXPECT_THAT(
        Question(ObjectKind::kHost, "a.example.com").Listed("example.com", record, layer).Answers(),
        IsEmpty());
    EXPECT_THAT(
        Question(ObjectKind::kIp, "192.0.2.1").Listed("192.0.2.0/24", record, layer).Answers(),
        IsEmpty());
  }
  EXPECT_EQ(Question(ObjectKind::kHost, "a.example.com")
                .Listed("example.com", record, 0)
                .Answers()
                .size(),
            1u);
}

TEST(TrustTest, VersionlessPurlDoesNotMakeAVersionTrusted) {
  EXPECT_THAT(Question(ObjectKind::kSoftware, "pkg:deb/debian/curl@1")
                  .Listed("pkg:deb/debian/curl", Says(Verdict::kTrusted, Scope::kSubtree))
                  .Answers(),
              IsEmpty());
  EXPECT_EQ(Question(ObjectKind::kSoftware, "pkg:deb/debian/curl@1?arch=amd64")
                .Listed("pkg:deb/debian/curl@1", Says(Verdict::kTrusted))
                .Answers()
                .size(),
            1u);
}

TEST(LapseTest, ExpiredRecordsFallThrough) {
  Record expired = Says(Verdict::kMalicious);
  expired.valid_until_hours = HoursSinceEpoch(kNow);
  Question question(ObjectKind::kHost, "example.com");
  question.Listed("example.com", expired, 0).Listed("example.com", Says(Verdict::kKnown));
  EXPECT_THAT(question.Answers(), ElementsAre("known 2 example.com"));
}

TEST(LapseTest, RemovedRecordsDoNotAnswer) {
  EXPECT_THAT(
      Question(ObjectKind::kHost, "example.com").Listed("example.com", Record::Removed()).Answers(),
      IsEmpty());
}

TEST(OrderTest, OverridesThenAuthoritativeThenFeeds) {
  Question question(ObjectKind::kHost, "example.com");
  question.Listed("example.com", Says(Verdict::kMalicious), 3);
  question.Listed("example.com", Says(Verdict::kKnown), 1);
  question.Listed("example.com", Says(Verdict::kTrusted), 0);
  EXPECT_THAT(question.Answers(), ElementsAre("trusted 0 example.com", "known 1 example.com",
                                              "malicious 3 example.com"));
}

TEST(OrderTest, AmongFeedsTheGravestVerdict) {
  Question question(ObjectKind::kHost, "a.example.com");
  question.Listed("a.example.com", Says(Verdict::kKnown), 3);
  question.Listed("a.example.com", Says(Verdict::kTrusted), 3);
  question.Listed("a.example.com", Says(Verdict::kSuspicious), 3);
  question.Listed("a.example.com", Says(Verdict::kUnwanted), 3);
  question.Listed("example.com", Says(Verdict::kMalicious, Scope::kSubtree), 2);
  EXPECT_THAT(question.Answers(), ElementsAre("malicious 2 example.com", "unwanted 3 a.example.com",
                                              "suspicious 3 a.example.com",
                                              "trusted 3 a.example.com", "known 3 a.example.com"));
}

TEST(OrderTest, PriorityBreaksTiesOfVerdict) {
  Question question(ObjectKind::kHost, "a.example.com");
  question.Listed("a.example.com", Says(Verdict::kMalicious), 2);
  question.Listed("example.com", Says(Verdict::kMalicious, Scope::kSubtree), 3);
  EXPECT_THAT(question.Answers(),
              ElementsAre("malicious 3 example.com", "malicious 2 a.example.com"));
}

TEST(OrderTest, ThenTheMostSpecificThenTheFirstLayer) {
  Question question(ObjectKind::kHost, "a.example.com");
  question.Listed("example.com", Says(Verdict::kMalicious, Scope::kSubtree), 2);
  question.Listed("a.example.com", Says(Verdict::kMalicious), 4);
  question.Listed("a.example.com", Says(Verdict::kMalicious), 2);
  EXPECT_THAT(question.Answers(),
              ElementsAre("malicious 2 a.example.com", "malicious 4 a.example.com",
                          "malicious 2 example.com"));
}

TEST(OrderTest, AmongOverridesTheMostSpecific) {
  Question question(ObjectKind::kUrl, "http://a.example.com/p");
  question.Listed("example.com", Says(Verdict::kMalicious, Scope::kSubtree), 0);
  question.Listed("a.example.com", Says(Verdict::kTrusted), 0);
  EXPECT_THAT(question.Answers(),
              ElementsAre("trusted 0 a.example.com", "malicious 0 example.com"));
}

TEST(ExplainTest, SaysWhatBecameOfEachMatch) {
  Record expired = Says(Verdict::kMalicious);
  expired.valid_until_hours = 1;
  Record mail_only = Says(Verdict::kMalicious);
  mail_only.applies_to = ContextBit(LookupContext::kSmtpClient);
  Question question(ObjectKind::kUrl, "http://a.example.com/p");
  question.Listed("a.example.com/p", expired, 0);
  question.Listed("a.example.com/p", Record::Removed(), 2);
  question.Listed("a.example.com", mail_only, 3);
  question.Listed("example.com", Says(Verdict::kTrusted, Scope::kSubtree), 2);
  question.Listed("example.com", Says(Verdict::kUnwanted), 4);
  question.Listed("a.example.com/", Says(Verdict::kSuspicious, Scope::kSubtree), 2);
  question.Listed("a.example.com", Says(Verdict::kKnown), 1);
  EXPECT_THAT(
      question.Explained(),
      ElementsAre("won: known 1 a.example.com", "outranked: suspicious 2 a.example.com/",
                  "expired: malicious 0 a.example.com/p", "context: malicious 3 a.example.com",
                  "scope: unwanted 4 example.com", "trust_not_allowed: trusted 2 example.com",
                  "removed: known 2 a.example.com/p"));
}

TEST(ExplainTest, NothingWinsWhereNothingAnswers) {
  EXPECT_THAT(Question(ObjectKind::kHost, "a.example.com").Explained(), IsEmpty());
  EXPECT_THAT(Question(ObjectKind::kHost, "a.example.com")
                  .Listed("example.com", Says(Verdict::kMalicious))
                  .Explained(),
              ElementsAre("scope: malicious 2 example.com"));
}

// The answer is a property of the set of matches.
TEST(OrderTest, DoesNotDependOnTheOrderFound) {
  LookupKeys keys = Object::Host("a.b.example.com")->Keys(false);
  std::vector<Match> matches;
  for (size_t layer = 0; layer < Layers().size(); ++layer) {
    for (size_t key = 0; key < keys.keys.size(); ++key) {
      Verdict verdict = static_cast<Verdict>(1 + (3 * layer + 2 * key) % 5);
      matches.push_back({layer, key, Says(verdict, Scope::kSubtree)});
    }
  }
  std::vector<Match> expected = Resolve(keys, Layers(), matches, LookupContext::kAny, kNow);
  EXPECT_GT(expected.size(), 10u);
  for (int i = 0; i < 100; ++i) {
    std::rotate(matches.begin(), matches.begin() + 1 + i % 4, matches.end());
    std::reverse(matches.begin(), matches.begin() + i % 7);
    EXPECT_EQ(Resolve(keys, Layers(), matches, LookupContext::kAny, kNow), expected);
  }
}

}  // namespace
}  // namespace cloister::reputation
