// Answers over a store that a test makes up: what real data cannot easily show.

#include "server/lookup/answerer.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace cloister::server {
namespace {

using reputation::LookupForm;
using reputation::LookupKey;
using reputation::Match;
using reputation::Object;
using reputation::Record;
using reputation::Verdict;
using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

// Records by layer and key.
class MadeUpGeneration : public storage::Generation {
 public:
  MadeUpGeneration() {
    for (const char* name : {"low", "high"}) {
      storage::ServedFeed feed;
      feed.feed = name;
      feed.version = 3;
      feed.published = kNow - absl::Seconds(90);
      feed.coverage.Add(LookupForm::kFileSha256);
      feeds_.push_back(feed);
    }
  }

  void Put(size_t layer, const LookupKey& key, const Record& record) {
    records_[{layer, std::string(key.bytes())}] = record;
  }
  bool partial_ = false;
  std::vector<storage::ServedFeed> feeds_;

  uint64_t number() const override { return 41; }
  std::span<const storage::ServedFeed> feeds() const override { return feeds_; }
  const reputation::PrefixLengths& prefix_lengths() const override { return lengths_; }
  uint64_t override_count() const override { return 0; }
  storage::FindResult Find(std::span<const LookupKey> keys) const override {
    storage::FindResult result;
    result.partial = partial_;
    for (size_t layer = 0; layer <= feeds_.size(); ++layer) {
      for (size_t i = 0; i < keys.size(); ++i) {
        auto found = records_.find({layer, std::string(keys[i].bytes())});
        if (found != records_.end()) result.matches.push_back({layer, i, found->second});
      }
    }
    return result;
  }
  absl::StatusOr<reputation::Label> FindLabel(size_t feed, uint32_t id) const override {
    ++labels_read_;
    reputation::Label label;
    label.threat_name = feeds_[feed].feed + std::to_string(id);
    return label;
  }
  absl::StatusOr<storage::Override> FindOverride(const LookupKey&) const override {
    storage::Override value;
    value.label.threat_name = "ours";
    return value;
  }
  absl::StatusOr<std::vector<std::pair<LookupKey, storage::Override>>> ListOverrides(
      absl::string_view, size_t) const override {
    return absl::UnimplementedError("not asked for");
  }

  mutable int labels_read_ = 0;

 private:
  reputation::PrefixLengths lengths_;
  std::map<std::pair<size_t, std::string>, Record> records_;
};

class AnswererTest : public ::testing::Test, public storage::ReputationReader {
 public:
  std::shared_ptr<const storage::Generation> Current() const override { return generation_; }

 protected:
  static Object File(char digit) { return *Object::FileHex(std::string(64, digit)); }
  static LookupKey KeyOf(char digit) { return File(digit).Keys(false).keys.front(); }
  static Record Says(Verdict verdict, uint32_t label = 0, uint32_t until_hours = 0) {
    Record record;
    record.verdict = verdict;
    record.label_id = label;
    record.valid_until_hours = until_hours;
    return record;
  }
  v1::LookupResponse Answer(char digit) const {
    v1::LookupResponse response;
    answerer_.Answer(File(digit), reputation::LookupContext::kAny, kNow, &response, nullptr);
    return response;
  }
  v1::BatchLookupResponse Batch(const std::string& digits) const {
    v1::BatchLookupRequest request;
    for (char digit : digits) {
      request.mutable_lookup_keys()->append(std::string(KeyOf(digit).bytes()));
    }
    v1::BatchLookupResponse response;
    EXPECT_TRUE(answerer_.AnswerBatch(request, kNow, &response, nullptr).ok());
    return response;
  }

  static FeedConfig Feed(const char* name, int priority) {
    FeedConfig feed;
    feed.name = name;
    feed.priority = priority;
    return feed;
  }

  std::shared_ptr<MadeUpGeneration> generation_ = std::make_shared<MadeUpGeneration>();
  // Protects what a test puts in.
  class Protection : public ProtectedObjects {
   public:
    std::optional<std::string> Protects(const LookupKey& key, reputation::Scope) const override {
      const auto found = keys_.find(std::string(key.bytes()));
      if (found == keys_.end()) return std::nullopt;
      return found->second;
    }
    std::optional<std::string> ProtectsAnswer(std::span<const LookupKey> keys, size_t index,
                                              reputation::Scope scope) const override {
      ++asked_;
      return Protects(keys[index], scope);
    }
    std::optional<std::string> ProtectsText(reputation::ObjectKind, absl::string_view expression,
                                            reputation::Scope) const override {
      return expression == text_ ? std::make_optional(text_) : std::nullopt;
    }
    size_t size() const override { return keys_.size(); }

    std::map<std::string, std::string> keys_;
    std::string text_;  // protected by its text alone
    mutable int asked_ = 0;
  };

  Protection protection_;
  Answerer answerer_{this,
                     {.feeds = {Feed("low", 10), Feed("high", 90)},
                      .answers = AnswersConfig(),
                      .max_batch_keys = 1000,
                      .protection = &protection_}};
};

TEST_F(AnswererTest, HigherPriorityBreaksTies) {
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious));
  generation_->Put(2, KeyOf('a'), Says(Verdict::kMalicious));
  const v1::LookupResponse answer = Answer('a');
  ASSERT_EQ(answer.matches_size(), 2);
  EXPECT_EQ(answer.matches(0).feed(), "high");
  EXPECT_EQ(answer.matches(0).data_age_s(), 90u);
  EXPECT_EQ(answer.generation(), 41u);
}

TEST_F(AnswererTest, OverrideCarriesItsOwnWordsAndNoFeed) {
  generation_->Put(0, KeyOf('a'), Says(Verdict::kTrusted));
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious, 5));
  const v1::LookupResponse answer = Answer('a');
  ASSERT_EQ(answer.matches_size(), 2);
  EXPECT_EQ(answer.matches(0).layer(), v1::LAYER_KIND_OVERRIDE);
  EXPECT_EQ(answer.matches(0).threat_name(), "ours");
  EXPECT_EQ(answer.matches(0).feed(), "");
  EXPECT_EQ(answer.matches(1).threat_name(), "low5");
}

TEST_F(AnswererTest, ExpiredRecordsFallThrough) {
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious, 0, 10));
  EXPECT_EQ(Answer('a').status(), v1::ANSWER_STATUS_NOT_LISTED);
  EXPECT_EQ(Batch("a").statuses(), std::string("\x02"));
}

TEST_F(AnswererTest, AnswerIsNotReusedBeyondTheRecordsValidity) {
  const uint32_t soon = static_cast<uint32_t>(absl::ToUnixSeconds(kNow) / 3600);
  const absl::Time almost = absl::FromUnixSeconds((soon + 1) * 3600ll) - absl::Seconds(7);
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious, 0, soon + 1));
  v1::LookupResponse answer;
  answerer_.Answer(File('a'), reputation::LookupContext::kAny, almost, &answer, nullptr);
  EXPECT_EQ(answer.cache_ttl_s(), 7u);
}

TEST_F(AnswererTest, UnreadablePartIsToldWhereNothingWasFound) {
  generation_->partial_ = true;
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious));
  EXPECT_EQ(Answer('a').status(), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(Answer('b').status(), v1::ANSWER_STATUS_PARTIAL);
  EXPECT_EQ(Batch("ab").statuses(), std::string("\x01\x04"));
}

TEST_F(AnswererTest, EmptyFeedsCoverNothing) {
  for (storage::ServedFeed& feed : generation_->feeds_) feed.coverage = {};
  EXPECT_EQ(Answer('a').status(), v1::ANSWER_STATUS_NOT_COVERED);
  EXPECT_EQ(Answer('a').feeds_size(), 0);
}

TEST_F(AnswererTest, BatchReadsAndWritesEachLabelAndSourceOnce) {
  for (char digit : {'a', 'b', 'c'}) {
    generation_->Put(1, KeyOf(digit), Says(Verdict::kMalicious, 5));
  }
  generation_->Put(2, KeyOf('d'), Says(Verdict::kUnwanted, 5));
  generation_->Put(2, KeyOf('e'), Says(Verdict::kKnown));
  const v1::BatchLookupResponse answer = Batch("abfcde");
  EXPECT_EQ(answer.statuses(), std::string("\x01\x01\x02\x01\x01\x01"));
  EXPECT_EQ(answer.verdicts(), std::string("\x01\x01\x01\x02\x05"));
  EXPECT_THAT(answer.source_indexes(), ElementsAre(0, 0, 0, 1, 1));
  EXPECT_THAT(answer.label_indexes(), ElementsAre(1, 1, 1, 2, 0));
  EXPECT_EQ(answer.sources_size(), 2);
  EXPECT_EQ(answer.labels_size(), 2);
  EXPECT_EQ(generation_->labels_read_, 2);
}

TEST_F(AnswererTest, BatchTakesTheShortestTtlOfItsRecords) {
  const uint32_t hour = static_cast<uint32_t>(absl::ToUnixSeconds(kNow) / 3600);
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious));
  generation_->Put(1, KeyOf('b'), Says(Verdict::kMalicious, 0, hour + 1));
  const v1::BatchLookupResponse answer = Batch("ab");
  EXPECT_LE(answer.listed_ttl_s(), 300u);
  EXPECT_EQ(answer.listed_ttl_s(),
            std::min<int64_t>(300, (hour + 1) * 3600ll - absl::ToUnixSeconds(kNow)));
}

TEST_F(AnswererTest, BatchCountsItsAnswers) {
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious));
  v1::BatchLookupRequest request;
  for (char digit : {'a', 'b', 'b'}) {
    request.mutable_lookup_keys()->append(std::string(KeyOf(digit).bytes()));
  }
  v1::BatchLookupResponse response;
  AnswerCounts counts;
  ASSERT_TRUE(answerer_.AnswerBatch(request, kNow, &response, &counts).ok());
  EXPECT_THAT(counts.by_status, ElementsAre(0, 1, 2, 0, 0, 0));
}

TEST_F(AnswererTest, ExplanationNamesTheOutcomeOfEveryRecord) {
  generation_->Put(0, KeyOf('a'), Says(Verdict::kMalicious, 0, 10));
  generation_->Put(1, KeyOf('a'), Says(Verdict::kKnown));
  generation_->Put(2, KeyOf('a'), Says(Verdict::kTrusted));
  v1::ExplainResponse explained;
  answerer_.Explain(File('a'), reputation::LookupContext::kAny, kNow, &explained);
  EXPECT_EQ(explained.answer().matches_size(), 2);
  ASSERT_EQ(explained.found_size(), 3);
  EXPECT_EQ(explained.found(0).outcome(), "won");
  EXPECT_EQ(explained.found(0).match().verdict(), v1::VERDICT_TRUSTED);
  EXPECT_EQ(explained.found(1).outcome(), "outranked");
  EXPECT_EQ(explained.found(2).outcome(), "expired");
  ASSERT_EQ(explained.probed_keys_size(), 1);
  EXPECT_EQ(explained.probed_keys(0).expression(), std::string(64, 'a'));
}

TEST_F(AnswererTest, AThreatThatListsAProtectedObjectIsPassedOver) {
  protection_.keys_[std::string(KeyOf('a').bytes())] = "empty file";
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious));
  generation_->Put(1, KeyOf('b'), Says(Verdict::kMalicious));
  EXPECT_EQ(Answer('a').status(), v1::ANSWER_STATUS_NOT_LISTED);
  EXPECT_EQ(Answer('b').status(), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(Batch("abc").statuses(), std::string("\x02\x01\x02"));
  generation_->Put(2, KeyOf('a'), Says(Verdict::kKnown));
  const v1::LookupResponse answer = Answer('a');
  ASSERT_EQ(answer.matches_size(), 1) << "what is no threat answers still";
  EXPECT_EQ(answer.matches(0).verdict(), v1::VERDICT_KNOWN);
  EXPECT_EQ(Batch("a").verdicts(), std::string("\x05"));
}

TEST_F(AnswererTest, WhatOnlyATextTellsIsMaskedWhereTheTextIsKnown) {
  protection_.text_ = std::string(64, 'a');
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious));
  generation_->Put(1, KeyOf('b'), Says(Verdict::kMalicious));
  EXPECT_EQ(Answer('a').status(), v1::ANSWER_STATUS_NOT_LISTED);
  EXPECT_EQ(Answer('b').status(), v1::ANSWER_STATUS_LISTED);
  EXPECT_EQ(Batch("a").statuses(), std::string("\x01")) << "a batch holds keys alone";
  v1::ExplainResponse explained;
  answerer_.Explain(File('a'), reputation::LookupContext::kAny, kNow, &explained);
  EXPECT_EQ(explained.found(0).outcome(), "masked");
}

TEST_F(AnswererTest, AnOverrideMayCondemnAProtectedObject) {
  protection_.keys_[std::string(KeyOf('a').bytes())] = "own domain bank.example";
  generation_->Put(0, KeyOf('a'), Says(Verdict::kMalicious));
  generation_->Put(1, KeyOf('a'), Says(Verdict::kSuspicious));
  const v1::LookupResponse answer = Answer('a');
  ASSERT_EQ(answer.matches_size(), 1);
  EXPECT_EQ(answer.matches(0).layer(), v1::LAYER_KIND_OVERRIDE);
}

TEST_F(AnswererTest, MaskedAnswersAreCountedOnceAnObject) {
  protection_.keys_[std::string(KeyOf('a').bytes())] = "empty file";
  for (size_t layer : {1, 2}) generation_->Put(layer, KeyOf('a'), Says(Verdict::kMalicious));
  v1::LookupResponse one;
  AnswerCounts counts;
  answerer_.Answer(File('a'), reputation::LookupContext::kAny, kNow, &one, &counts);
  EXPECT_EQ(counts.masked, 1u);
  v1::BatchLookupRequest request;
  for (char digit : {'a', 'a', 'b'}) {
    request.mutable_lookup_keys()->append(std::string(KeyOf(digit).bytes()));
  }
  v1::BatchLookupResponse many;
  ASSERT_TRUE(answerer_.AnswerBatch(request, kNow, &many, &counts).ok());
  EXPECT_EQ(counts.masked, 2u);
}

TEST_F(AnswererTest, ProtectionIsAskedAboutThreatsThatMayAnswerOnly) {
  generation_->Put(1, KeyOf('a'), Says(Verdict::kKnown));
  generation_->Put(1, KeyOf('b'), Says(Verdict::kMalicious, 0, 10));  // expired
  Batch("abcdef");
  Answer('c');
  EXPECT_EQ(protection_.asked_, 0);
}

TEST_F(AnswererTest, ExplanationNamesWhatIsMaskedAndWhatWonInstead) {
  protection_.keys_[std::string(KeyOf('a').bytes())] = "empty file";
  generation_->Put(1, KeyOf('a'), Says(Verdict::kMalicious));
  generation_->Put(2, KeyOf('a'), Says(Verdict::kKnown));
  v1::ExplainResponse explained;
  answerer_.Explain(File('a'), reputation::LookupContext::kAny, kNow, &explained);
  EXPECT_EQ(explained.answer().matches_size(), 1);
  ASSERT_EQ(explained.found_size(), 2);
  EXPECT_EQ(explained.found(0).outcome(), "won");
  EXPECT_EQ(explained.found(0).match().verdict(), v1::VERDICT_KNOWN);
  EXPECT_EQ(explained.found(0).masked_by(), "");
  EXPECT_EQ(explained.found(1).outcome(), "masked");
  EXPECT_EQ(explained.found(1).masked_by(), "empty file");
}

}  // namespace
}  // namespace cloister::server
