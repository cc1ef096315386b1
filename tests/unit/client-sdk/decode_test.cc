// What a newer, broken or hostile server may send.

#include "client-sdk/src/decode.h"

#include <google/protobuf/stubs/logging.h>

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cloister::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Verdict NewVerdict() { return static_cast<v1::Verdict>(42); }

TEST(DecodeLookupTest, StatusesBecomeStatuses) {
  for (int status = 2; status <= 4; ++status) {
    v1::LookupResponse response;
    response.set_status(static_cast<v1::AnswerStatus>(status));
    const Answer answer = DecodeLookup(response);
    EXPECT_EQ(static_cast<int>(answer.status), status);
    EXPECT_EQ(answer.error, ErrorKind::kNone);
  }
}

TEST(DecodeLookupTest, UnknownStatusIsAnError) {
  for (const int status : {0, 6, 99, -1}) {
    v1::LookupResponse response;
    response.set_status(static_cast<v1::AnswerStatus>(status));
    const Answer answer = DecodeLookup(response);
    EXPECT_EQ(answer.status, AnswerStatus::kError) << status;
    EXPECT_EQ(answer.error, ErrorKind::kProtocol) << status;
  }
}

TEST(DecodeLookupTest, AnErrorOfTheServerIsAnError) {
  v1::LookupResponse response;
  response.set_status(v1::ANSWER_STATUS_ERROR);
  EXPECT_EQ(DecodeLookup(response).error, ErrorKind::kInternal);
}

TEST(DecodeLookupTest, ARecordWithAnUnknownVerdictIsLeftOut) {
  v1::LookupResponse response;
  response.set_status(v1::ANSWER_STATUS_LISTED);
  response.add_matches()->set_verdict(NewVerdict());
  response.add_matches()->set_verdict(v1::VERDICT_UNWANTED);
  const Answer answer = DecodeLookup(response);
  EXPECT_EQ(answer.status, AnswerStatus::kListed);
  ASSERT_EQ(answer.matches.size(), 1u);
  EXPECT_EQ(answer.verdict(), Verdict::kUnwanted);
}

TEST(DecodeLookupTest, NothingButUnknownVerdictsIsPartialAndNotNothingKnown) {
  v1::LookupResponse response;
  response.set_status(v1::ANSWER_STATUS_LISTED);
  response.add_matches()->set_verdict(NewVerdict());
  const Answer answer = DecodeLookup(response);
  EXPECT_EQ(answer.status, AnswerStatus::kPartial);
  EXPECT_THAT(answer.error_message, HasSubstr("update"));
}

TEST(DecodeLookupTest, ListedByNoRecordIsAnError) {
  v1::LookupResponse response;
  response.set_status(v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(DecodeLookup(response).error, ErrorKind::kProtocol);
}

TEST(DecodeLookupTest, RecordsOfAnUnlistedObjectAreLeftOut) {
  v1::LookupResponse response;
  response.set_status(v1::ANSWER_STATUS_NOT_LISTED);
  response.add_matches()->set_verdict(v1::VERDICT_MALICIOUS);
  EXPECT_THAT(DecodeLookup(response).matches, IsEmpty());
}

TEST(DecodeLookupTest, NumbersOutOfRangeAreTamed) {
  v1::LookupResponse response;
  response.set_status(v1::ANSWER_STATUS_LISTED);
  auto* from = response.add_matches();
  from->set_verdict(v1::VERDICT_KNOWN);
  from->set_confidence(4'000'000'000);
  from->set_prevalence_log2(4'000'000'000);
  from->add_categories(static_cast<v1::Category>(77));
  from->add_categories(v1::CATEGORY_SCAM);
  from->add_categories(static_cast<v1::Category>(-1));
  from->set_scope(static_cast<v1::Scope>(9));
  from->set_layer(static_cast<v1::LayerKind>(9));
  from->set_data_age_s(~uint64_t{0});
  from->mutable_first_seen()->set_seconds(std::numeric_limits<int64_t>::min());
  from->mutable_valid_until()->set_seconds(std::numeric_limits<int64_t>::max());
  const Answer answer = DecodeLookup(response);
  ASSERT_EQ(answer.matches.size(), 1u);
  const Match& match = answer.matches[0];
  EXPECT_EQ(match.confidence, 100);
  EXPECT_EQ(match.prevalence_log2, 63);
  EXPECT_THAT(match.categories, ElementsAre(Category::kScam));
  EXPECT_EQ(match.scope, std::nullopt);
  EXPECT_EQ(match.layer, Layer::kNone);
  EXPECT_GT(match.data_age.count(), 0);
  EXPECT_EQ(match.first_seen, std::nullopt);
  EXPECT_EQ(match.valid_until, std::nullopt);
}

// Three objects: listed, not listed, listed by an IP prefix that the server added.
class DecodeBatchTest : public ::testing::Test {
 protected:
  DecodeBatchTest() {
    response_.set_statuses(std::string("\1\2\1", 3));
    response_.set_verdicts(std::string("\1\5", 2));
    response_.set_confidences(std::string("\x5a\0", 2));
    for (const uint32_t source : {0, 1}) response_.add_source_indexes(source);
    for (const uint32_t key : {1, 7}) response_.add_matched_keys(key);
    for (const uint32_t label : {1, 0}) response_.add_label_indexes(label);
    auto* source = response_.add_sources();
    source->set_layer(v1::LAYER_KIND_FEED);
    source->mutable_feed()->set_feed("threats");
    source->mutable_feed()->set_version(3);
    source->mutable_feed()->set_data_age_s(12);
    *response_.add_feeds() = source->feed();
    response_.add_sources()->set_layer(v1::LAYER_KIND_OVERRIDE);
    auto* label = response_.add_labels();
    label->set_threat_name("T");
    label->add_categories(v1::CATEGORY_MALWARE);
    label->mutable_software()->set_product("p");
    response_.set_listed_ttl_s(60);
    response_.set_not_listed_ttl_s(30);
    response_.set_generation(9);
  }

  Failure Decode() {
    answers_ = std::vector<Answer>(3);
    answers_[2].canonical = "kept";
    return DecodeBatch(
        response_, asked_,
        [](size_t index, uint32_t key) {
          return std::to_string(index) + "/" + std::to_string(key);
        },
        &answers_);
  }

  void ExpectRefused(const char* part) {
    const Failure failure = Decode();
    EXPECT_EQ(failure.kind, ErrorKind::kProtocol) << part;
    EXPECT_THAT(failure.message, HasSubstr(part));
    EXPECT_EQ(answers_[0], Answer()) << part;
  }

  // Indexes are the caller's, not the server's.
  const std::vector<KeyBatch::Asked> asked_ = {{2, 3, false}, {0, 1, false}, {1, 1, true}};
  v1::BatchLookupResponse response_;
  std::vector<Answer> answers_;
};

TEST_F(DecodeBatchTest, ColumnsBecomeAnswers) {
  ASSERT_TRUE(Decode().ok());
  const Answer& listed = answers_[2];
  EXPECT_EQ(listed.status, AnswerStatus::kListed);
  EXPECT_EQ(listed.canonical, "kept");
  EXPECT_EQ(listed.cache_ttl, std::chrono::seconds(60));
  EXPECT_EQ(listed.generation, 9u);
  ASSERT_EQ(listed.matches.size(), 1u);
  EXPECT_EQ(listed.matches[0].verdict, Verdict::kMalicious);
  EXPECT_EQ(listed.matches[0].confidence, 90);
  EXPECT_EQ(listed.matches[0].feed, "threats");
  EXPECT_EQ(listed.matches[0].feed_version, 3u);
  EXPECT_EQ(listed.matches[0].data_age, std::chrono::seconds(12));
  EXPECT_EQ(listed.matches[0].threat_name, "T");
  EXPECT_EQ(listed.matches[0].software.product, "p");
  EXPECT_THAT(listed.matches[0].categories, ElementsAre(Category::kMalware));
  EXPECT_EQ(listed.matches[0].matched_expression, "2/1");
  EXPECT_EQ(answers_[0].status, AnswerStatus::kNotListed);
  EXPECT_EQ(answers_[0].cache_ttl, std::chrono::seconds(30));
  EXPECT_THAT(answers_[0].feeds, ElementsAre(FeedState{"threats", 3, std::chrono::seconds(12)}));
  EXPECT_EQ(answers_[1].winner()->layer, Layer::kOverride);
  EXPECT_EQ(answers_[1].verdict(), Verdict::kKnown);
}

TEST_F(DecodeBatchTest, UnknownNumbersAreOneObjectsTrouble) {
  response_.set_statuses(std::string("\1\x63\1", 3));
  response_.set_verdicts(std::string("\x2a\5", 2));
  ASSERT_TRUE(Decode().ok());
  EXPECT_EQ(answers_[2].status, AnswerStatus::kPartial);
  EXPECT_EQ(answers_[0].status, AnswerStatus::kError);
  EXPECT_EQ(answers_[0].error, ErrorKind::kProtocol);
  EXPECT_EQ(answers_[1].verdict(), Verdict::kKnown);
}

TEST_F(DecodeBatchTest, ColumnsOfWrongLengthAreRefused) {
  const auto good = response_;
  response_.set_statuses("\1\2");
  ExpectRefused("statuses");
  response_ = good;
  response_.set_statuses(std::string("\1\1\1", 3));
  ExpectRefused("verdicts");
  response_ = good;
  response_.mutable_verdicts()->push_back('\1');
  ExpectRefused("verdicts");
  response_ = good;
  response_.clear_confidences();
  ExpectRefused("confidences");
  response_ = good;
  response_.clear_source_indexes();
  ExpectRefused("source_indexes");
  response_ = good;
  response_.add_matched_keys(0);
  ExpectRefused("matched_keys");
  response_ = good;
  response_.clear_label_indexes();
  ExpectRefused("label_indexes");
}

TEST_F(DecodeBatchTest, IndexesOutOfRangeAreRefused) {
  const auto good = response_;
  response_.set_source_indexes(1, 2);
  ExpectRefused("source index");
  response_ = good;
  response_.set_label_indexes(1, 2);
  ExpectRefused("label index");
  response_ = good;
  response_.set_matched_keys(0, 3);
  ExpectRefused("key index");
  response_ = good;
  response_.set_matched_keys(1, 255);
  ExpectRefused("key index");
  response_ = good;
  response_.set_label_indexes(0, ~uint32_t{0});
  ExpectRefused("label index");
}

TEST_F(DecodeBatchTest, NoMutationOfAnAnswerCrashes) {
  const std::string good = response_.SerializeAsString();
  const google::protobuf::LogSilencer silencer;
  std::mt19937 random(20240101);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(bytes.size() - (random() % 8 == 0 ? random() % bytes.size() : 0));
    if (!response_.ParseFromString(bytes)) continue;
    const Failure failure = Decode();
    if (!failure.ok()) {
      EXPECT_EQ(failure.kind, ErrorKind::kProtocol);
    }
  }
}

}  // namespace
}  // namespace cloister::client
