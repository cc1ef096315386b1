// Exclusions as gateways and operators see them: out of networks, and out of a zone of names.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {
namespace {

using reputation::ObjectKind;
using reputation::Record;
using reputation::Scope;
using reputation::Verdict;
using ::testing::ElementsAre;

Listing Excluded(ObjectKind kind, const std::string& text, Scope scope) {
  Listing listing = ListingOf(kind, text, Verdict::kKnown);
  listing.record = Record::Excluded(scope);
  return listing;
}

class ServerExclusionsTest : public ServerFixture {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Start());
    feed_.PublishSnapshot({
        ListingOf(ObjectKind::kIp, "192.0.2.0/24", Verdict::kMalicious),
        Excluded(ObjectKind::kIp, "192.0.2.7", Scope::kExact),
        Excluded(ObjectKind::kIp, "192.0.2.64/28", Scope::kSubtree),
        ListingOf(ObjectKind::kIp, "192.0.2.66", Verdict::kMalicious),
        ListingOf(ObjectKind::kIp, "2001:db8::/32", Verdict::kMalicious),
        Excluded(ObjectKind::kIp, "2001:db8::7", Scope::kExact),
        // A response policy zone: example.com, *.example.com, and rpz-passthru. for one below.
        ListingOf(ObjectKind::kHost, "example.com", Verdict::kMalicious, "", Scope::kSubtree),
        Excluded(ObjectKind::kHost, "good.example.com", Scope::kExact),
        Excluded(ObjectKind::kHost, "cdn.example.com", Scope::kSubtree),
        ListingOf(ObjectKind::kUrl, "http://cdn.example.com/malware", Verdict::kMalicious),
    });
    ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  }
};

struct Question {
  ObjectKind kind;
  std::string text;
  bool listed;
};

const std::vector<Question>& Questions() {
  static const auto* const kQuestions = new std::vector<Question>{
      {ObjectKind::kIp, "192.0.2.7", false},
      {ObjectKind::kIp, "::ffff:192.0.2.7", false},
      {ObjectKind::kIp, "192.0.2.8", true},
      {ObjectKind::kIp, "192.0.2.65", false},
      {ObjectKind::kIp, "192.0.2.66", true},
      {ObjectKind::kIp, "192.0.2.80", true},
      {ObjectKind::kIp, "2001:db8::7", false},
      {ObjectKind::kIp, "2001:db8::8", true},
      {ObjectKind::kUrl, "http://192.0.2.7/x", false},
      {ObjectKind::kUrl, "http://[2001:db8::8]/x", true},
      {ObjectKind::kHost, "example.com", true},
      {ObjectKind::kHost, "bad.example.com", true},
      {ObjectKind::kHost, "good.example.com", false},
      {ObjectKind::kHost, "a.good.example.com", true},
      {ObjectKind::kHost, "a.cdn.example.com", false},
      {ObjectKind::kUrl, "http://good.example.com/x", false},
      {ObjectKind::kUrl, "http://cdn.example.com/x", false},
      {ObjectKind::kUrl, "http://cdn.example.com/malware", true},
  };
  return *kQuestions;
}

TEST_F(ServerExclusionsTest, KeepWiderRecordsFromWhatTheyName) {
  for (const Question& question : Questions()) {
    const v1::LookupResponse answer =
        LookupOrFail(static_cast<v1::ObjectKind>(question.kind), question.text);
    EXPECT_EQ(answer.status(),
              question.listed ? v1::ANSWER_STATUS_LISTED : v1::ANSWER_STATUS_NOT_LISTED)
        << question.text;
    for (const v1::Match& match : answer.matches()) {
      EXPECT_EQ(match.verdict(), v1::VERDICT_MALICIOUS) << question.text;
    }
  }
}

TEST_F(ServerExclusionsTest, HoldInBatches) {
  v1::BatchLookupRequest request;
  std::string expected;
  for (const Question& question : Questions()) {
    const reputation::LookupKeys keys =
        reputation::Object::Parse(question.kind, question.text)->Keys(false);
    for (const auto& key : keys.keys)
      request.mutable_lookup_keys()->append(std::string(key.bytes()));
    request.add_key_counts(static_cast<uint32_t>(keys.keys.size()));
    request.add_exact_counts(static_cast<uint32_t>(keys.exact_count));
    expected.push_back(question.listed ? v1::ANSWER_STATUS_LISTED : v1::ANSWER_STATUS_NOT_LISTED);
  }
  v1::BatchLookupResponse answer;
  const grpc::Status status = Gateway()->BatchLookup(CallContext().get(), request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer.statuses(), expected);
  for (const char verdict : answer.verdicts()) EXPECT_EQ(verdict, v1::VERDICT_MALICIOUS);
}

TEST_F(ServerExclusionsTest, AreExplained) {
  v1::ExplainRequest request;
  request.mutable_object()->set_kind(v1::OBJECT_KIND_HOST);
  request.mutable_object()->set_text("good.example.com");
  v1::ExplainResponse explained;
  const grpc::Status status = Operator()->Explain(CallContext().get(), request, &explained);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(explained.answer().status(), v1::ANSWER_STATUS_NOT_LISTED);
  std::vector<std::string> found;
  for (const v1::ExplainedMatch& one : explained.found()) {
    found.push_back(one.outcome() + " " + one.match().matched_expression() + " " +
                    v1::Verdict_Name(one.match().verdict()));
  }
  EXPECT_THAT(found, ElementsAre("excluded example.com VERDICT_MALICIOUS",
                                 "exclusion good.example.com VERDICT_UNSPECIFIED"));
}

// A delta brings an exclusion, the next one takes it away.
TEST_F(ServerExclusionsTest, ComeAndGoWithDeltas) {
  const Listing excluded = Excluded(ObjectKind::kHost, "bad.example.com", Scope::kExact);
  const auto status_of = [this] {
    return LookupOrFail(v1::OBJECT_KIND_HOST, "bad.example.com").status();
  };
  EXPECT_EQ(status_of(), v1::ANSWER_STATUS_LISTED);
  feed_.PublishDelta({excluded});
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  EXPECT_EQ(status_of(), v1::ANSWER_STATUS_NOT_LISTED);
  feed_.PublishDelta({}, {excluded.key});
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  EXPECT_EQ(status_of(), v1::ANSWER_STATUS_LISTED);
}

}  // namespace
}  // namespace cloister::testing
