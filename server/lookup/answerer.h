// Answers lookups from one generation each. Pure but for reading the store: `now` is brought by
// the caller, and nothing is recorded.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.pb.h"
#include "cloister/v1/reputation.pb.h"
#include "reputation/object.h"
#include "reputation/resolve.h"
#include "reputation/verdict.h"
#include "server/config/configuration.h"
#include "server/protection/protected_objects.h"
#include "storage/store/generation.h"

namespace cloister::server {

class BatchSlice;

// How many objects got each status; by the numbers of reputation::AnswerStatus.
struct AnswerCounts {
  uint64_t by_status[6] = {};
  uint64_t masked = 0;  // for which a record was passed over that lists a protected object
};

// Thread-safe.
class Answerer {
 public:
  static constexpr size_t kMaxMatches = 64;

  struct Options {
    std::vector<FeedConfig> feeds;  // in the order in which the reader serves them
    AnswersConfig answers;
    uint32_t max_batch_keys = 100'000;
    // What no feed may condemn; null: nothing. Overrides may.
    const ProtectedObjects* protection = nullptr;
  };

  // `reader` and what `options` points to must outlive this object.
  Answerer(const storage::ReputationReader* reader, Options options);

  // Fills an empty `response`. `counts` may be null.
  void Answer(const reputation::Object& object, reputation::LookupContext context, absl::Time now,
              v1::LookupResponse* response, AnswerCounts* counts) const;

  // Fills an empty `response` with the answer, every key probed and every record found.
  void Explain(const reputation::Object& object, reputation::LookupContext context, absl::Time now,
               v1::ExplainResponse* response) const;

  // Fills an empty `response`. InvalidArgument names the field, and for a malformed lookup key its
  // offset; ResourceExhausted if there are more keys than allowed. `counts` may be null.
  absl::Status AnswerBatch(const v1::BatchLookupRequest& request, absl::Time now,
                           v1::BatchLookupResponse* response, AnswerCounts* counts) const;

 private:
  // One lookup's circumstances.
  struct Question {
    const reputation::LookupKeys& keys;
    reputation::LookupContext context;
    absl::Time now;
  };

  // The matches that answer, the winner first; `*masked` if there was one to pass over.
  std::vector<reputation::Match> ResolveUnmasked(const Question& question,
                                                 std::vector<reputation::Match> matches,
                                                 bool* masked) const;
  // Why an answer by `match` is masked; nullopt if it is not.
  std::optional<std::string> MaskOf(const reputation::LookupKeys& keys,
                                    const reputation::Match& match) const;
  struct BatchAnswer;
  void AnswerSlice(const BatchSlice& slice, BatchAnswer* answer) const;
  // Returns whether a record was masked.
  bool AnswerFrom(const storage::Generation& generation, const reputation::Object& object,
                  reputation::LookupContext context, absl::Time now,
                  v1::LookupResponse* response) const;

  const storage::ReputationReader* reader_;
  Options options_;
  std::vector<reputation::Layer> layers_;  // of FindResult::matches
};

// Whether a feed of `generation` declares to cover objects with such keys.
bool IsCovered(const storage::Generation& generation, reputation::LookupForm form);

// What is said where no record answers.
reputation::AnswerStatus StatusWithoutMatch(const storage::Generation& generation,
                                            reputation::LookupForm own_form, bool partial);

// The words of a match; empty if it has none or they cannot be read.
reputation::Label LabelOf(const storage::Generation& generation, const reputation::Match& match,
                          const reputation::LookupKey& key);

// Name, version and age of a feed.
void SetFeedState(const storage::ServedFeed& feed, absl::Time now, v1::FeedState* out);
uint64_t DataAgeSeconds(const storage::ServedFeed& feed, absl::Time now);

// Seconds for which an answer through `record` may be reused.
uint32_t ListedTtlSeconds(const AnswersConfig& answers, const reputation::Record& record,
                          absl::Time now);

// How an answer is put together; Explain shares it.
class MatchWriter {
 public:
  // All must outlive this object; `keys` need expressions.
  MatchWriter(const storage::Generation& generation, const std::vector<reputation::Layer>& layers,
              const reputation::LookupKeys& keys, absl::Time now)
      : generation_(generation), layers_(layers), keys_(keys), now_(now) {}

  void Write(const reputation::Match& match, v1::Match* out) const;

 private:
  const storage::Generation& generation_;
  const std::vector<reputation::Layer>& layers_;
  const reputation::LookupKeys& keys_;
  absl::Time now_;
};

}  // namespace cloister::server
