// What gateways see of a real server.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/integration/server_fixture.h"

namespace cloister::testing {
namespace {

using reputation::ObjectKind;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServerLookupTest : public ServerFixture {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_NO_FATAL_FAILURE(ServeSamples());
  }

  // Adds all keys of an object to a batch.
  static void Add(ObjectKind kind, const std::string& text, v1::BatchLookupRequest* request) {
    const auto keys = reputation::Object::Parse(kind, text)->Keys(false);
    for (const auto& key : keys.keys) {
      request->mutable_lookup_keys()->append(key.bytes().data(), key.bytes().size());
    }
    request->add_key_counts(static_cast<uint32_t>(keys.keys.size()));
    request->add_exact_counts(static_cast<uint32_t>(keys.exact_count));
  }
  grpc::Status Batch(const v1::BatchLookupRequest& request, v1::BatchLookupResponse* response) {
    return Gateway()->BatchLookup(CallContext().get(), request, response);
  }
};

TEST_F(ServerLookupTest, ListedFileComesWithAllThatIsKnown) {
  const v1::LookupResponse answer = LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'A'));
  EXPECT_EQ(answer.status(), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(answer.canonical(), std::string(64, 'a'));
  EXPECT_EQ(answer.cache_ttl_s(), 300u);
  EXPECT_GT(answer.generation(), 0u);
  ASSERT_EQ(answer.matches_size(), 1);
  const v1::Match& match = answer.matches(0);
  EXPECT_EQ(match.verdict(), v1::VERDICT_MALICIOUS);
  EXPECT_EQ(match.confidence(), 90u);
  EXPECT_EQ(match.threat_name(), "Test.File");
  EXPECT_THAT(match.categories(), ElementsAre(v1::CATEGORY_MALWARE));
  EXPECT_EQ(match.matched_expression(), std::string(64, 'a'));
  EXPECT_EQ(match.layer(), v1::LAYER_KIND_FEED);
  EXPECT_EQ(match.feed(), "threats");
  EXPECT_EQ(match.feed_version(), 1u);
  EXPECT_LT(match.data_age_s(), 600u);
  ASSERT_EQ(answer.feeds_size(), 1);
  EXPECT_EQ(answer.feeds(0).feed(), "threats");
}

TEST_F(ServerLookupTest, StatusesAreTold) {
  struct Case {
    v1::ObjectKind kind;
    std::string text;
    v1::AnswerStatus status;
    v1::Verdict verdict;
    std::string expression;
  };
  const auto listed = v1::ANSWER_STATUS_LISTED;
  const auto not_listed = v1::ANSWER_STATUS_NOT_LISTED;
  const auto not_covered = v1::ANSWER_STATUS_NOT_COVERED;
  const v1::Verdict none = v1::VERDICT_UNSPECIFIED;
  const Case cases[] = {
      {v1::OBJECT_KIND_FILE, std::string(64, 'b'), listed, v1::VERDICT_KNOWN, std::string(64, 'b')},
      {v1::OBJECT_KIND_FILE, std::string(64, 'c'), not_listed, none, ""},
      {v1::OBJECT_KIND_FILE, std::string(32, 'c'), not_listed, none, ""},   // declared
      {v1::OBJECT_KIND_FILE, std::string(40, 'c'), not_covered, none, ""},  // SHA-1 is not
      {v1::OBJECT_KIND_URL, "http://Downloads.EXAMPLE.com.:80/x/../%69nstaller.exe?to=alice",
       listed, v1::VERDICT_MALICIOUS, "downloads.example.com/installer.exe"},
      {v1::OBJECT_KIND_URL, "http://downloads.example.com/readme.txt", not_listed, none, ""},
      {v1::OBJECT_KIND_URL, "http://login.phishing.example/x", listed, v1::VERDICT_MALICIOUS,
       "phishing.example"},
      {v1::OBJECT_KIND_URL, "http://192.0.2.9/x", listed, v1::VERDICT_SUSPICIOUS, "192.0.2.0/24"},
      {v1::OBJECT_KIND_HOST, "a.b.phishing.example", listed, v1::VERDICT_MALICIOUS,
       "phishing.example"},
      {v1::OBJECT_KIND_HOST, "downloads.example.com", not_listed, none, ""},
      {v1::OBJECT_KIND_IP, "192.0.2.77", listed, v1::VERDICT_SUSPICIOUS, "192.0.2.0/24"},
      {v1::OBJECT_KIND_IP, "::ffff:192.0.2.77", listed, v1::VERDICT_SUSPICIOUS, "192.0.2.0/24"},
      {v1::OBJECT_KIND_IP, "192.0.3.1", not_listed, none, ""},
      {v1::OBJECT_KIND_IP, "2001:db8::1", not_covered, none, ""},
      {v1::OBJECT_KIND_SOFTWARE, "pkg:deb/debian/curl@1", not_covered, none, ""},
  };
  for (const Case& c : cases) {
    const v1::LookupResponse answer = LookupOrFail(c.kind, c.text);
    EXPECT_EQ(answer.status(), c.status) << c.text;
    EXPECT_EQ(answer.matches_size(), c.status == listed ? 1 : 0) << c.text;
    if (answer.matches_size() == 0) {
      EXPECT_EQ(answer.cache_ttl_s(), 60u);
      continue;
    }
    EXPECT_EQ(answer.matches(0).verdict(), c.verdict) << c.text;
    EXPECT_EQ(answer.matches(0).matched_expression(), c.expression) << c.text;
  }
}

TEST_F(ServerLookupTest, WrongRequestsAreToldFieldAndMend) {
  struct Case {
    v1::ObjectKind kind;
    std::string text;
    std::string says;
  };
  const Case cases[] = {
      {v1::OBJECT_KIND_UNSPECIFIED, "x", "object.kind"},
      {static_cast<v1::ObjectKind>(77), "x", "object.kind: 77"},
      {v1::OBJECT_KIND_FILE, std::string(63, 'a'), "object.text"},
      {v1::OBJECT_KIND_FILE, "", "object.text"},
      {v1::OBJECT_KIND_URL, "mailto:a@b", "object.text"},
      {v1::OBJECT_KIND_HOST, "a b", "object.text"},
      {v1::OBJECT_KIND_IP, "300.1.1.1", "object.text"},
      {v1::OBJECT_KIND_SOFTWARE, "curl", "object.text"},
  };
  for (const Case& c : cases) {
    v1::LookupResponse answer;
    const grpc::Status status = Lookup(c.kind, c.text, &answer);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << c.text;
    EXPECT_THAT(status.error_message(), HasSubstr(c.says));
  }
}

TEST_F(ServerLookupTest, ContextOfANewerPeerIsRefusedByName) {
  v1::LookupResponse answer;
  const grpc::Status status =
      Lookup(v1::OBJECT_KIND_HOST, "a.example", &answer, static_cast<v1::LookupContext>(99));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("context: 99"));
}

TEST_F(ServerLookupTest, BatchAnswersInColumns) {
  v1::BatchLookupRequest request;
  Add(ObjectKind::kFile, std::string(64, 'c'), &request);
  Add(ObjectKind::kFile, std::string(64, 'a'), &request);
  Add(ObjectKind::kUrl, "http://x.phishing.example/a/b?c", &request);
  Add(ObjectKind::kIp, "192.0.2.1", &request);
  Add(ObjectKind::kFile, std::string(40, 'c'), &request);
  v1::BatchLookupResponse answer;
  const grpc::Status status = Batch(request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer.statuses(), std::string("\x02\x01\x01\x01\x03", 5));
  EXPECT_EQ(answer.verdicts(), std::string("\x01\x01\x03", 3));
  EXPECT_EQ(answer.confidences(), std::string(3, 90));
  EXPECT_THAT(answer.source_indexes(), ElementsAre(0, 0, 0));
  EXPECT_THAT(answer.label_indexes(), ElementsAre(1, 2, 3));
  // The URL matches through its host's parent, the last of its keys; the address through a
  // prefix, which stands under the address's own key.
  EXPECT_THAT(answer.matched_keys(), ElementsAre(0, request.key_counts(2) - 1, 0));
  ASSERT_EQ(answer.sources_size(), 1);
  EXPECT_EQ(answer.sources(0).feed().feed(), "threats");
  EXPECT_EQ(answer.sources(0).feed().version(), 1u);
  ASSERT_EQ(answer.labels_size(), 3);
  EXPECT_EQ(answer.labels(1).threat_name(), "Test.Host");
  EXPECT_EQ(answer.listed_ttl_s(), 300u);
  EXPECT_EQ(answer.not_listed_ttl_s(), 60u);
  EXPECT_GT(answer.generation(), 0u);
  ASSERT_EQ(answer.feeds_size(), 1);
  EXPECT_EQ(answer.feeds(0).feed(), "threats");
  EXPECT_EQ(answer.feeds(0).version(), 1u);
}

TEST_F(ServerLookupTest, BatchAndLookupAgree) {
  const std::vector<std::pair<ObjectKind, std::string>> objects = {
      {ObjectKind::kUrl, "http://downloads.example.com/installer.exe?to=x"},
      {ObjectKind::kUrl, "http://downloads.example.com/"},
      {ObjectKind::kHost, "phishing.example"},
      {ObjectKind::kIp, "192.0.2.200"},
      {ObjectKind::kIp, "10.0.0.1"},
      {ObjectKind::kSoftware, "pkg:deb/debian/curl@1"},
  };
  v1::BatchLookupRequest request;
  for (const auto& [kind, text] : objects) Add(kind, text, &request);
  v1::BatchLookupResponse batch;
  ASSERT_TRUE(Batch(request, &batch).ok());
  ASSERT_EQ(batch.statuses().size(), objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    const v1::LookupResponse one =
        LookupOrFail(static_cast<v1::ObjectKind>(objects[i].first), objects[i].second);
    EXPECT_EQ(static_cast<int>(batch.statuses()[i]), one.status()) << objects[i].second;
  }
}

TEST_F(ServerLookupTest, MalformedKeyIsToldByItsOffset) {
  v1::BatchLookupRequest request;
  request.set_lookup_keys(std::string("\x01\x01", 2) + std::string(32, 'a') + "\x07");
  v1::BatchLookupResponse answer;
  const grpc::Status status = Batch(request, &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("lookup_keys"), HasSubstr("offset 34")));
}

TEST_F(ServerLookupTest, BatchOverTheLimitIsRefused) {
  v1::BatchLookupRequest request;
  const std::string key = std::string("\x01\x03", 2) + std::string(16, 'a');
  for (int i = 0; i < 100'001; ++i) request.mutable_lookup_keys()->append(key);
  v1::BatchLookupResponse answer;
  const grpc::Status status = Batch(request, &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("100000"));
  request.mutable_lookup_keys()->resize(100'000 * key.size());
  EXPECT_TRUE(Batch(request, &answer).ok());
  EXPECT_EQ(answer.statuses(), std::string(100'000, '\x02'));
}

TEST_F(ServerLookupTest, MessageOverTheLimitIsRefused) {
  v1::BatchLookupRequest request;
  request.set_lookup_keys(std::string(5 << 20, '\x01'));
  v1::BatchLookupResponse answer;
  EXPECT_EQ(Batch(request, &answer).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServerLookupTest, DeltaFlipsAnAnswerAndRaisesTheGeneration) {
  const v1::LookupResponse before = LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'd'));
  EXPECT_EQ(before.status(), v1::ANSWER_STATUS_NOT_LISTED);
  feed_.PublishDelta({ListingOf(ObjectKind::kFile, std::string(64, 'd'),
                                reputation::Verdict::kMalicious, "Test.New")});
  ASSERT_NO_FATAL_FAILURE(HandOverAndExpectTaken());
  const v1::LookupResponse after = LookupOrFail(v1::OBJECT_KIND_FILE, std::string(64, 'd'));
  EXPECT_EQ(after.status(), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(after.matches(0).feed_version(), 2u);
  EXPECT_GT(after.generation(), before.generation());
}

}  // namespace
}  // namespace cloister::testing
