// The client library and the command `cloister` against a real cloisterd, with certificates.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/integration/client_fixture.h"

namespace cloister::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Expected {
  Object object;
  AnswerStatus status;
  Verdict verdict;
  std::string matched;
};

const std::vector<Expected>& Samples() {
  static const std::vector<Expected> samples = {
      {Object::File(std::string(64, 'A')), AnswerStatus::kListed, Verdict::kMalicious,
       std::string(64, 'a')},
      {Object::File(std::string(64, 'b')), AnswerStatus::kListed, Verdict::kKnown,
       std::string(64, 'b')},
      {Object::File(std::string(64, 'c')), AnswerStatus::kNotListed, Verdict::kNone, ""},
      {Object::File(std::string(32, 'c')), AnswerStatus::kNotListed, Verdict::kNone, ""},
      {Object::File(std::string(40, 'c')), AnswerStatus::kNotCovered, Verdict::kNone, ""},
      {Object::Url("HTTP://downloads.EXAMPLE.com/a/../installer.exe?who=alice"),
       AnswerStatus::kListed, Verdict::kMalicious, "downloads.example.com/installer.exe"},
      {Object::Url("http://downloads.example.com/readme.txt"), AnswerStatus::kNotListed,
       Verdict::kNone, ""},
      {Object::Url("http://a.phishing.example/x"), AnswerStatus::kListed, Verdict::kMalicious,
       "phishing.example"},
      {Object::Host("login.phishing.example."), AnswerStatus::kListed, Verdict::kMalicious,
       "phishing.example"},
      {Object::Host("example"), AnswerStatus::kNotListed, Verdict::kNone, ""},
      {Object::Software("pkg:deb/debian/curl@1"), AnswerStatus::kNotCovered, Verdict::kNone, ""},
  };
  return samples;
}

TEST_F(ClientWithCloisterdTest, OneAndManyAreAnsweredAlike) {
  const auto client = NewClient();
  std::vector<Object> objects;
  for (const Expected& expected : Samples()) objects.push_back(expected.object);
  const std::vector<Answer> many = client->BatchLookup(objects);
  ASSERT_EQ(many.size(), objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    SCOPED_TRACE(objects[i].text);
    const Expected& expected = Samples()[i];
    const Answer one = client->Lookup(objects[i]);
    for (const Answer* answer : {&one, &many[i]}) {
      EXPECT_EQ(Name(answer->status), Name(expected.status)) << answer->error_message;
      EXPECT_EQ(answer->verdict(), expected.verdict);
      if (answer->winner() == nullptr) continue;
      EXPECT_EQ(answer->winner()->matched_expression, expected.matched);
      EXPECT_EQ(answer->winner()->feed, "threats");
      EXPECT_EQ(answer->winner()->feed_version, 1u);
    }
    EXPECT_EQ(one.canonical, many[i].canonical);
    EXPECT_EQ(one.generation, many[i].generation);
    EXPECT_EQ(one.cache_ttl, many[i].cache_ttl);
  }
}

TEST_F(ClientWithCloisterdTest, APrefixAnswersForItsAddresses) {
  const auto client = NewClient();
  const std::vector<Object> objects = {Object::Ip("192.0.2.77"), Object::Ip("::ffff:192.0.2.77"),
                                       Object::Url("http://192.0.2.77/x")};
  const std::vector<Answer> many = client->BatchLookup(objects);
  ASSERT_EQ(many.size(), objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    SCOPED_TRACE(objects[i].text);
    const Answer one = client->Lookup(objects[i]);
    EXPECT_EQ(one.verdict(), Verdict::kSuspicious) << one.error_message;
    EXPECT_EQ(one.winner()->matched_expression, "192.0.2.0/24");
    EXPECT_EQ(one.winner()->scope, Scope::kSubtree);
    EXPECT_EQ(many[i].verdict(), Verdict::kSuspicious) << many[i].error_message;
    EXPECT_EQ(many[i].winner()->matched_expression, "") << "the address is not what matched";
    EXPECT_EQ(many[i].winner()->scope, std::nullopt);
  }
  EXPECT_EQ(client->Lookup(Object::Ip("198.51.100.1")).status, AnswerStatus::kNotListed);
}

TEST_F(ClientWithCloisterdTest, DigestsInHandAreAnswered) {
  Sha256 listed;
  listed.fill(0xaa);
  Sha256 unknown;
  unknown.fill(0xcc);
  const std::vector<Sha256> digests = {unknown, listed};
  const auto answers = NewClient()->BatchLookupSha256(digests);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status, AnswerStatus::kNotListed) << answers[0].error_message;
  EXPECT_EQ(answers[1].verdict(), Verdict::kMalicious);
  EXPECT_EQ(answers[1].winner()->threat_name, "Test.File");
}

TEST_F(ClientWithCloisterdTest, TheCommandAsksAndOperates) {
  const ProcessResult url = Run({"lookup", "hxxp://downloads[.]example[.]com/installer.exe"});
  EXPECT_EQ(url.exit_code, 10) << url.errors;
  EXPECT_THAT(url.output, AllOf(HasSubstr("MALICIOUS"), HasSubstr("Test.Url"),
                                HasSubstr("feed threats v1, "), HasSubstr(" old")));
  EXPECT_EQ(Run({"lookup", "192.0.2.77"}).exit_code, 12);
  const ProcessResult many = Run({"lookup", "-"}, "x.phishing.example\nother.example\n");
  EXPECT_EQ(many.exit_code, 10) << many.errors;
  EXPECT_THAT(many.output, HasSubstr("NOT LISTED  host other.example"));

  EXPECT_THAT(Run({"feeds"}).output, HasSubstr("SERVING  threats v1"));
  EXPECT_THAT(Run({"feeds", "versions", "threats"}).output, HasSubstr("serving  threats v1"));
  EXPECT_THAT(Run({"status"}).output, HasSubstr("all serve"));
}

TEST_F(ClientWithCloisterdTest, AnOverrideWinsUntilItIsDeleted) {
  const ProcessResult set = Run({"override", "set", "192.0.2.77", "--verdict", "trusted",
                                 "--reason", "our own scanner", "--valid-for", "30d"});
  EXPECT_EQ(set.exit_code, 0) << set.errors;
  EXPECT_EQ(Run({"lookup", "192.0.2.77"}).exit_code, 0);
  EXPECT_THAT(
      Run({"explain", "192.0.2.77"}).output,
      AllOf(HasSubstr("TRUSTED by override"), HasSubstr("outranked"), HasSubstr("SUSPICIOUS by")));
  EXPECT_THAT(Run({"override", "list"}).output,
              AllOf(HasSubstr("192.0.2.77"), HasSubstr("our own scanner")));
  EXPECT_EQ(Run({"override", "delete", "192.0.2.77", "--reason", "over"}).exit_code, 0);
  EXPECT_EQ(Run({"lookup", "192.0.2.77"}).exit_code, 12);
  EXPECT_THAT(Run({"audit"}).output,
              AllOf(HasSubstr("override.set"), HasSubstr("override.delete"), HasSubstr("over")));
}

TEST_F(ClientWithCloisterdTest, RolesAndCertificatesDecide) {
  EXPECT_EQ(RunAs(certificates_.gateway, {"lookup", "x.example"}).exit_code, 0);
  const ProcessResult gateway = RunAs(certificates_.gateway, {"status"});
  EXPECT_EQ(gateway.exit_code, 4);
  EXPECT_THAT(gateway.errors, AllOf(HasSubstr("operator"), HasSubstr("CN=gateway")));
  EXPECT_EQ(RunAs(certificates_.stranger, {"lookup", "x.example"}).exit_code, 4);
  EXPECT_EQ(RunAs(certificates_.expired_client, {"lookup", "x.example"}).exit_code, 4);
  const TemporaryDirectory elsewhere;
  const TestCertificates others(elsewhere.path());
  EXPECT_EQ(RunAs(others.operator_, {"status"}).exit_code, 4);
}

TEST_F(ClientWithCloisterdTest, AServerThatEndedIsUnavailable) {
  const auto client = NewClient();
  EXPECT_EQ(client->Lookup(Object::Host("other.example")).status, AnswerStatus::kNotListed);
  const std::string address = GrpcAddress();
  Stop();
  const Answer answer = client->Lookup(Object::Host("other.example"));
  EXPECT_EQ(answer.error, ErrorKind::kUnavailable) << answer.error_message;
  const ProcessResult result = Run({"lookup", "other.example"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, AllOf(HasSubstr(address), HasSubstr("CLOISTER_SERVER")));
}

}  // namespace
}  // namespace cloister::testing
