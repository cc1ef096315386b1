#include "cloister/fake_client.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cloister {
namespace {

using ::testing::ElementsAre;

TEST(FakeClientTest, AnswersFromItsScript) {
  FakeClient fake;
  fake.SetAnswer(Object::Url("http://bad.example/"), FakeClient::Listed(Verdict::kMalicious, "T"));
  fake.SetAnswer(Object::Host("down.example"), FakeClient::Failed(ErrorKind::kUnavailable, "down"));
  Client& client = fake;
  const Answer bad = client.Lookup(Object::Url("http://bad.example/"));
  EXPECT_EQ(bad.verdict(), Verdict::kMalicious);
  EXPECT_EQ(bad.winner()->threat_name, "T");
  EXPECT_EQ(client.Lookup(Object::Host("down.example")).error, ErrorKind::kUnavailable);
  EXPECT_EQ(client.Lookup(Object::Url("http://other.example/")).status, AnswerStatus::kNotListed);
  EXPECT_EQ(client.Lookup(Object::Host("http://bad.example/")).status, AnswerStatus::kNotListed);
  fake.SetDefaultAnswer(FakeClient::Listed(Verdict::kKnown));
  EXPECT_EQ(client.Lookup(Object::Ip("192.0.2.1")).verdict(), Verdict::kKnown);
}

TEST(FakeClientTest, BatchesAnswerInOrderAndAreRemembered) {
  FakeClient fake;
  Sha256 digest = {};
  digest[0] = 0xab;
  const std::string hex = "ab" + std::string(62, '0');
  fake.SetAnswer(Object::File(hex), FakeClient::Listed(Verdict::kTrusted));
  const auto answers = fake.BatchLookup({Object::Host("a.example"), Object::File(hex)});
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status, AnswerStatus::kNotListed);
  EXPECT_EQ(answers[1].verdict(), Verdict::kTrusted);
  const auto by_digest = fake.BatchLookupSha256({&digest, 1});
  ASSERT_EQ(by_digest.size(), 1u);
  EXPECT_EQ(by_digest[0].verdict(), Verdict::kTrusted);
  EXPECT_THAT(fake.asked(),
              ElementsAre(Object::Host("a.example"), Object::File(hex), Object::File(hex)));
}

TEST(NameTest, NumbersWithoutANameAreUnknown) {
  EXPECT_EQ(Name(Verdict::kMalicious), "malicious");
  EXPECT_EQ(Name(AnswerStatus::kNotCovered), "not_covered");
  EXPECT_EQ(Name(Category::kBotnetC2), "botnet_c2");
  EXPECT_EQ(Name(Category::kTest), "test");
  EXPECT_EQ(Name(Context::kAny), "any");
  EXPECT_EQ(Name(ErrorKind::kInternal), "internal");
  EXPECT_EQ(Name(static_cast<Verdict>(200)), "unknown");
  EXPECT_EQ(Name(static_cast<ObjectKind>(0)), "unknown");
}

}  // namespace
}  // namespace cloister
