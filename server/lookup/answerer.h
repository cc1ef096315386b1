// Answers lookups from one generation each. Pure but for reading the store: `now` is brought by
// the caller, and nothing is recorded.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.pb.h"
#include "cloister/v1/reputation.pb.h"
#include "reputation/object.h"
#include "reputation/resolve.h"
#include "reputation/verdict.h"
#include "server/config/configuration.h"
#include "storage/store/generation.h"

namespace cloister::server {

// How many objects of a batch got each status; by the numbers of reputation::AnswerStatus.
struct AnswerCounts {
  uint64_t by_status[6] = {};
};

// Thread-safe.
class Answerer {
 public:
  static constexpr size_t kMaxMatches = 64;

  // `reader` must outlive this object, and serve `feeds` in this order.
  Answerer(const storage::ReputationReader* reader, const std::vector<FeedConfig>& feeds,
           const AnswersConfig& answers, uint32_t max_batch_keys);

  // Fills an empty `response`.
  void Answer(const reputation::Object& object, reputation::LookupContext context, absl::Time now,
              v1::LookupResponse* response) const;

  // Fills an empty `response` with the answer, every key probed and every record found.
  void Explain(const reputation::Object& object, reputation::LookupContext context, absl::Time now,
               v1::ExplainResponse* response) const;

  // Fills an empty `response`. InvalidArgument names the field, and for a malformed lookup key its
  // offset; ResourceExhausted if there are more keys than allowed. `counts` may be null.
  absl::Status AnswerBatch(const v1::BatchLookupRequest& request, absl::Time now,
                           v1::BatchLookupResponse* response, AnswerCounts* counts) const;

 private:
  void AnswerFrom(const storage::Generation& generation, const reputation::Object& object,
                  reputation::LookupContext context, absl::Time now,
                  v1::LookupResponse* response) const;

  const storage::ReputationReader* reader_;
  std::vector<reputation::Layer> layers_;  // of FindResult::matches
  AnswersConfig answers_;
  uint32_t max_batch_keys_;
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
