// Answerer::AnswerBatch: a Find over many keys at once, then a verdict for each object that
// matched.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/lookup/answerer.h"
#include "server/lookup/batch_request.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

using reputation::AnswerStatus;
using reputation::LookupKey;
using reputation::Match;
using storage::Generation;

// What an object without a match is answered, by the form of its first key.
class UnlistedStatus {
 public:
  UnlistedStatus(const Generation& generation, bool partial) : partial_(partial) {
    for (const storage::ServedFeed& feed : generation.feeds()) coverage_.Add(feed.coverage);
  }

  AnswerStatus Of(reputation::LookupForm form) const {
    if (partial_) return AnswerStatus::kPartial;
    return coverage_.Covers(form) ? AnswerStatus::kNotListed : AnswerStatus::kNotCovered;
  }

 private:
  reputation::Coverage coverage_;
  bool partial_;
};

// Writes the columns of LISTED objects; each source and label is written once.
class ListedColumns {
 public:
  ListedColumns(const Generation& generation, const std::vector<reputation::Layer>& layers,
                absl::Time now, v1::BatchLookupResponse* response)
      : generation_(generation),
        layers_(layers),
        now_(now),
        response_(response),
        source_of_layer_(layers.size()) {}

  void Add(const Match& winner, const LookupKey& key, uint32_t matched_key) {
    response_->mutable_verdicts()->push_back(static_cast<char>(winner.record.verdict));
    response_->mutable_confidences()->push_back(static_cast<char>(winner.record.confidence));
    response_->add_source_indexes(SourceIndex(winner.layer));
    response_->add_matched_keys(matched_key);
    response_->add_label_indexes(LabelIndex(winner, key));
  }

 private:
  uint32_t SourceIndex(size_t layer) {
    std::optional<uint32_t>& index = source_of_layer_[layer];
    if (index) return *index;
    index = static_cast<uint32_t>(response_->sources_size());
    v1::BatchLookupResponse::Source* source = response_->add_sources();
    source->set_layer(ToProto(layers_[layer].kind));
    if (layer > 0) SetFeedState(generation_.feeds()[layer - 1], now_, source->mutable_feed());
    return *index;
  }

  uint32_t LabelIndex(const Match& winner, const LookupKey& key) {
    if (winner.layer == 0) return IndexOfWords(LabelOf(generation_, winner, key));
    if (winner.record.label_id == 0) return 0;
    const std::pair<size_t, uint32_t> id(winner.layer, winner.record.label_id);
    auto [known, is_new] = index_of_id_.try_emplace(id, 0);
    if (is_new) known->second = IndexOfWords(LabelOf(generation_, winner, key));
    return known->second;
  }

  // Index plus 1; 0 for a label without words.
  uint32_t IndexOfWords(const reputation::Label& label) {
    if (label.empty()) return 0;
    auto [known, is_new] = index_of_words_.try_emplace(label, 0);
    if (is_new) {
      SetLabel(label, response_->add_labels());
      known->second = static_cast<uint32_t>(response_->labels_size());
    }
    return known->second;
  }

  const Generation& generation_;
  const std::vector<reputation::Layer>& layers_;
  absl::Time now_;
  v1::BatchLookupResponse* response_;
  std::vector<std::optional<uint32_t>> source_of_layer_;
  absl::flat_hash_map<std::pair<size_t, uint32_t>, uint32_t> index_of_id_;
  std::map<reputation::Label, uint32_t> index_of_words_;
};

// Takes from the front of `*matches`, ordered by key, those of one object, counted from its first
// key.
std::vector<Match> TakeMatches(const BatchObject& object, std::span<const Match>* matches) {
  std::vector<Match> taken;
  while (!matches->empty() && matches->front().key_index < object.first + object.count) {
    taken.push_back(matches->front());
    taken.back().key_index -= object.first;
    *matches = matches->subspan(1);
  }
  return taken;
}

}  // namespace

// An answer in the making.
struct Answerer::BatchAnswer {
  reputation::LookupContext context;
  absl::Time now;
  const Generation& generation;
  ListedColumns listed;
  std::string* statuses;
  uint32_t listed_ttl_s;
  AnswerCounts counts;
};

absl::Status Answerer::AnswerBatch(const v1::BatchLookupRequest& request, absl::Time now,
                                   v1::BatchLookupResponse* response, AnswerCounts* counts) const {
  absl::StatusOr<reputation::LookupContext> context = ContextFromProto(request.context());
  if (!context.ok()) return context.status();
  const std::shared_ptr<const Generation> generation = reader_->Current();
  absl::StatusOr<DecodedBatch> batch =
      DecodeBatch(request, options_.max_batch_keys, generation->prefix_lengths());
  if (!batch.ok()) return batch.status();

  BatchAnswer answer{
      .context = *context,
      .now = now,
      .generation = *generation,
      .listed = ListedColumns(*generation, layers_, now, response),
      .statuses = response->mutable_statuses(),
      .listed_ttl_s = static_cast<uint32_t>(absl::ToInt64Seconds(options_.answers.listed_ttl)),
      .counts = {}};
  answer.statuses->resize(batch->object_count());
  BatchSlices slices(*batch, generation->prefix_lengths());
  for (BatchSlice slice; slices.Next(&slice);) AnswerSlice(slice, &answer);
  response->set_listed_ttl_s(answer.listed_ttl_s);
  response->set_not_listed_ttl_s(
      static_cast<uint32_t>(absl::ToInt64Seconds(options_.answers.not_listed_ttl)));
  response->set_generation(generation->number());
  for (const storage::ServedFeed& feed : generation->feeds()) {
    SetFeedState(feed, now, response->add_feeds());
  }
  if (counts != nullptr) *counts = answer.counts;
  return absl::OkStatus();
}

void Answerer::AnswerSlice(const BatchSlice& slice, BatchAnswer* answer) const {
  storage::FindResult found = answer->generation.Find(slice.keys);
  std::stable_sort(found.matches.begin(), found.matches.end(),
                   [](const Match& a, const Match& b) { return a.key_index < b.key_index; });
  std::span<const Match> matches = found.matches;
  const UnlistedStatus unlisted(answer->generation, found.partial);
  reputation::LookupKeys keys;
  for (size_t i = 0; i < slice.object_count; ++i) {
    const BatchObject object = slice.object(i);
    AnswerStatus status = unlisted.Of(slice.keys[object.first].form());
    if (!matches.empty() && matches.front().key_index < object.first + object.count) {
      const auto begin = slice.keys.begin() + object.first;
      keys.keys.assign(begin, begin + object.count);
      keys.exact_count = object.exact;
      bool masked = false;
      const std::vector<Match> resolved = ResolveUnmasked({keys, answer->context, answer->now},
                                                          TakeMatches(object, &matches), &masked);
      if (masked) ++answer->counts.masked;
      if (!resolved.empty()) {
        status = AnswerStatus::kListed;
        const Match& winner = resolved.front();
        const size_t matched = std::min<size_t>(winner.key_index, object.given - 1u);
        answer->listed.Add(winner, keys.keys[winner.key_index], static_cast<uint32_t>(matched));
        answer->listed_ttl_s = std::min(
            answer->listed_ttl_s, ListedTtlSeconds(options_.answers, winner.record, answer->now));
      }
    }
    (*answer->statuses)[slice.first_object + i] = static_cast<char>(status);
    ++answer->counts.by_status[static_cast<size_t>(status)];
  }
}

}  // namespace cloister::server
