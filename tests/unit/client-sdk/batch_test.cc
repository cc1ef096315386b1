// BatchLookup through a server that answers by rule.

#include <atomic>
#include <map>

#include "absl/strings/string_view.h"
#include "cloister/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/unit/client-sdk/scripted_server.h"

namespace cloister {
namespace {

using reputation::LookupKey;
using ::testing::HasSubstr;
using testing::ScriptedServer;

// Lists objects one of whose lookup keys is in its list, as a real server would.
class ListingServer {
 public:
  ListingServer() {
    server_.batch_lookup = [this](const auto& request, auto* response) {
      return Answer(request, response);
    };
  }

  void List(const LookupKey& key, v1::Verdict verdict) {
    list_[std::string(key.bytes())] = verdict;
  }

  std::unique_ptr<Client> NewClient(size_t max_keys_per_call = 100'000) const {
    ClientOptions options = server_.ForClient();
    options.max_keys_per_call = max_keys_per_call;
    options.default_deadline = std::chrono::seconds(60);
    std::string error;
    auto client = Client::Create(options, &error);
    EXPECT_NE(client, nullptr) << error;
    return client;
  }

  ScriptedServer& script() { return server_; }
  int calls() const { return calls_; }
  size_t most_keys() const { return most_keys_; }

 private:
  grpc::Status Answer(const v1::BatchLookupRequest& request, v1::BatchLookupResponse* response) {
    ++calls_;
    absl::string_view rest = request.lookup_keys();
    size_t keys = 0;
    auto* source = response->add_sources();
    source->set_layer(v1::LAYER_KIND_FEED);
    source->mutable_feed()->set_feed("threats");
    source->mutable_feed()->set_version(3);
    for (int object = 0; !rest.empty(); ++object) {
      const uint32_t count = request.key_counts().empty() ? 1 : request.key_counts(object);
      bool listed = false;
      for (uint32_t i = 0; i < count; ++i, ++keys) {
        const auto key = LookupKey::Consume(&rest);
        if (!key.ok()) return {grpc::StatusCode::INVALID_ARGUMENT, "a malformed key"};
        const auto found = list_.find(std::string(key->bytes()));
        if (listed || found == list_.end()) continue;
        listed = true;
        response->mutable_statuses()->push_back(v1::ANSWER_STATUS_LISTED);
        response->mutable_verdicts()->push_back(static_cast<char>(found->second));
        response->mutable_confidences()->push_back(50);
        response->add_source_indexes(0);
        response->add_matched_keys(i);
        response->add_label_indexes(0);
      }
      if (!listed) response->mutable_statuses()->push_back(v1::ANSWER_STATUS_NOT_LISTED);
    }
    most_keys_ = std::max(most_keys_.load(), keys);
    return grpc::Status::OK;
  }

  std::map<std::string, v1::Verdict> list_;
  // Written by the server's threads, read by the test.
  std::atomic<int> calls_ = 0;
  std::atomic<size_t> most_keys_ = 0;
  ScriptedServer server_;
};

TEST(BatchLookupTest, MixedObjectsAreAnsweredInTheirOrder) {
  ListingServer server;
  server.List(LookupKey::ForUrlExpression("example.com/a/", false), v1::VERDICT_MALICIOUS);
  server.List(LookupKey::ForHost("bad.example"), v1::VERDICT_SUSPICIOUS);
  server.List(LookupKey::ForFile(*reputation::Digest::FromHex(std::string(32, 'c'))),
              v1::VERDICT_UNWANTED);
  const auto client = server.NewClient();
  const auto answers =
      client->BatchLookup({Object::Url("http://EXAMPLE.com/a/b?c"), Object::File("nonsense"),
                           Object::Host("x.bad.example"), Object::Ip("192.0.2.1"),
                           Object::File(std::string(32, 'C')), Object::Software("pkg:a/b@1")});
  ASSERT_EQ(answers.size(), 6u);
  EXPECT_EQ(answers[0].verdict(), Verdict::kMalicious) << answers[0].error_message;
  EXPECT_EQ(answers[0].canonical, "example.com/a/b?c");
  EXPECT_EQ(answers[0].winner()->matched_expression, "example.com/a/");
  EXPECT_EQ(answers[0].winner()->feed, "threats");
  EXPECT_EQ(answers[1].error, ErrorKind::kInvalidArgument);
  EXPECT_EQ(answers[2].verdict(), Verdict::kSuspicious);
  EXPECT_EQ(answers[2].winner()->matched_expression, "bad.example");
  EXPECT_EQ(answers[3].status, AnswerStatus::kNotListed);
  EXPECT_EQ(answers[4].verdict(), Verdict::kUnwanted);
  EXPECT_EQ(answers[5].status, AnswerStatus::kNotListed);
  EXPECT_EQ(server.calls(), 1);
}

TEST(BatchLookupTest, NothingAskedIsNoCall) {
  ListingServer server;
  const auto client = server.NewClient();
  EXPECT_TRUE(client->BatchLookup({}).empty());
  EXPECT_TRUE(client->BatchLookupSha256({}).empty());
  EXPECT_EQ(server.calls(), 0);
}

TEST(BatchLookupTest, LargeBatchesAreSplit) {
  ListingServer server;
  server.List(LookupKey::ForHost("h777.example"), v1::VERDICT_MALICIOUS);
  const auto client = server.NewClient(255);
  std::vector<Object> objects;
  for (int i = 0; i < 1000; ++i)
    objects.push_back(Object::Host("h" + std::to_string(i) + ".example"));
  const auto answers = client->BatchLookup(objects);
  ASSERT_EQ(answers.size(), objects.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].canonical, objects[i].text);
    EXPECT_EQ(answers[i].status, i == 777 ? AnswerStatus::kListed : AnswerStatus::kNotListed) << i;
  }
  EXPECT_GE(server.calls(), 4);
  EXPECT_LE(server.most_keys(), 255u);
}

TEST(BatchLookupTest, DigestsBeyondOneCallAreSplitAtTheDefaultLimit) {
  ListingServer server;
  std::vector<Sha256> digests(100'001);
  for (size_t i = 0; i < digests.size(); ++i) {
    digests[i][0] = static_cast<uint8_t>(i);
    digests[i][1] = static_cast<uint8_t>(i >> 8);
    digests[i][2] = static_cast<uint8_t>(i >> 16);
  }
  const absl::string_view last(reinterpret_cast<const char*>(digests.back().data()), 32);
  server.List(LookupKey::ForFile(
                  *reputation::Digest::FromBytes(reputation::DigestAlgorithm::kSha256, last)),
              v1::VERDICT_TRUSTED);
  const auto client = server.NewClient();
  const auto answers = client->BatchLookupSha256(digests);
  ASSERT_EQ(answers.size(), digests.size());
  EXPECT_EQ(answers.front().status, AnswerStatus::kNotListed) << answers.front().error_message;
  EXPECT_EQ(answers.back().verdict(), Verdict::kTrusted);
  EXPECT_EQ(server.calls(), 2);
  EXPECT_EQ(server.most_keys(), 100'000u);
}

TEST(BatchLookupTest, AnAnswerThatMakesNoSenseIsAnErrorForEveryObjectOfTheCall) {
  ScriptedServer server;
  server.batch_lookup = [](const auto&, auto* response) {
    response->set_statuses(std::string(1000, '\1'));
    return grpc::Status::OK;
  };
  std::string error;
  const auto client = Client::Create(server.ForClient(), &error);
  ASSERT_NE(client, nullptr) << error;
  const auto answers = client->BatchLookup({Object::Host("a.example"), Object::Host("b.example")});
  ASSERT_EQ(answers.size(), 2u);
  for (const Answer& answer : answers) {
    EXPECT_EQ(answer.status, AnswerStatus::kError);
    EXPECT_EQ(answer.error, ErrorKind::kProtocol);
    EXPECT_THAT(answer.error_message, HasSubstr("1000 statuses for 2 objects"));
  }
}

TEST(BatchLookupTest, AnAnswerBeyondTheLimitIsRefused) {
  ScriptedServer server;
  server.batch_lookup = [](const auto&, auto* response) {
    response->set_statuses(std::string(1 << 20, '\2'));
    return grpc::Status::OK;
  };
  ClientOptions options = server.ForClient();
  options.max_answer_bytes = 1 << 16;
  std::string error;
  const auto client = Client::Create(options, &error);
  ASSERT_NE(client, nullptr) << error;
  const auto answers = client->BatchLookup({Object::Host("a.example")});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].error, ErrorKind::kOverloaded) << answers[0].error_message;
}

TEST(BatchLookupTest, OneCallThatFailsDoesNotDisturbTheNext) {
  ListingServer server;
  const auto client = server.NewClient(255);
  const auto answer_by_rule = server.script().batch_lookup;
  int calls = 0;
  server.script().batch_lookup = [&](const auto& request, auto* response) {
    if (calls++ == 0) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too busy");
    return answer_by_rule(request, response);
  };
  const std::vector<Object> objects(300, Object::Ip("192.0.2.1"));
  const auto answers = client->BatchLookup(objects);
  ASSERT_EQ(answers.size(), 300u);
  EXPECT_EQ(answers.front().error, ErrorKind::kOverloaded);
  EXPECT_EQ(answers.back().status, AnswerStatus::kNotListed);
}

}  // namespace
}  // namespace cloister
