#include "server/lookup/answerer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

using reputation::AnswerStatus;
using reputation::LayerKind;
using reputation::LookupForm;
using reputation::LookupKey;
using reputation::LookupKeys;
using reputation::Match;
using storage::Generation;

std::vector<reputation::Layer> LayersOf(const std::vector<FeedConfig>& feeds) {
  std::vector<reputation::Layer> layers = {{.kind = LayerKind::kOverride, .priority = 0}};
  for (const FeedConfig& feed : feeds) {
    layers.push_back({.kind = feed.authoritative ? LayerKind::kAuthoritative : LayerKind::kFeed,
                      .priority = feed.priority});
  }
  return layers;
}

bool CoversAny(const storage::ServedFeed& feed, const LookupKeys& keys) {
  return std::any_of(keys.keys.begin(), keys.keys.end(),
                     [&](const LookupKey& key) { return feed.coverage.Covers(key.form()); });
}

void AddFeeds(const Generation& generation, const LookupKeys& keys, absl::Time now,
              v1::LookupResponse* response) {
  for (const storage::ServedFeed& feed : generation.feeds()) {
    if (CoversAny(feed, keys)) SetFeedState(feed, now, response->add_feeds());
  }
}

}  // namespace

Answerer::Answerer(const storage::ReputationReader* reader, Options options)
    : reader_(reader), options_(std::move(options)), layers_(LayersOf(options_.feeds)) {}

void Answerer::Answer(const reputation::Object& object, reputation::LookupContext context,
                      absl::Time now, v1::LookupResponse* response, AnswerCounts* counts) const {
  const std::shared_ptr<const Generation> generation = reader_->Current();
  const bool masked = AnswerFrom(*generation, object, context, now, response);
  if (counts == nullptr) return;
  *counts = {};
  counts->by_status[response->status()] = 1;
  counts->masked = masked ? 1 : 0;
}

std::optional<std::string> Answerer::MaskOf(const LookupKeys& keys, const Match& match) const {
  if (options_.protection == nullptr || layers_[match.layer].kind == LayerKind::kOverride ||
      !ProtectedObjects::Masks(match.record.verdict)) {
    return std::nullopt;
  }
  const size_t index = match.key_index;
  const ProtectedObjects& protection = *options_.protection;
  std::optional<std::string> mask = protection.ProtectsAnswer(keys.keys, index, match.record.scope);
  if (mask.has_value() || index >= keys.expressions.size()) return mask;
  return protection.ProtectsText(keys.keys[index].kind(), keys.expressions[index],
                                 match.record.scope);
}

std::vector<Match> Answerer::ResolveUnmasked(const Question& question, std::vector<Match> matches,
                                             bool* masked) const {
  *masked = false;
  if (matches.empty()) return matches;
  // First what may answer at all: only that is worth a look at what it condemns.
  matches = reputation::Resolve(question.keys, layers_, std::move(matches), question.context,
                                question.now);
  *masked = std::erase_if(matches, [&](const Match& match) {
              return MaskOf(question.keys, match).has_value();
            }) > 0;
  return matches;
}

bool Answerer::AnswerFrom(const Generation& generation, const reputation::Object& object,
                          reputation::LookupContext context, absl::Time now,
                          v1::LookupResponse* response) const {
  LookupKeys keys = object.Keys(/*with_expressions=*/false);
  reputation::AddIpPrefixes(generation.prefix_lengths(), &keys);
  storage::FindResult found = generation.Find(keys.keys);
  response->set_generation(generation.number());
  response->set_canonical(object.ToString());
  AddFeeds(generation, keys, now, response);

  if (!found.matches.empty()) {
    // Most lookups match nothing; only the others pay for the words.
    keys = object.Keys(/*with_expressions=*/true);
    reputation::AddIpPrefixes(generation.prefix_lengths(), &keys);
  }
  bool masked = false;
  const std::vector<Match> matches =
      ResolveUnmasked({keys, context, now}, std::move(found.matches), &masked);
  if (matches.empty()) {
    response->set_status(
        ToProto(StatusWithoutMatch(generation, keys.keys.front().form(), found.partial)));
    response->set_cache_ttl_s(
        static_cast<uint32_t>(absl::ToInt64Seconds(options_.answers.not_listed_ttl)));
    return masked;
  }
  response->set_status(v1::ANSWER_STATUS_LISTED);
  response->set_cache_ttl_s(ListedTtlSeconds(options_.answers, matches.front().record, now));
  const MatchWriter writer(generation, layers_, keys, now);
  for (size_t i = 0; i < std::min(matches.size(), kMaxMatches); ++i) {
    writer.Write(matches[i], response->add_matches());
  }
  return masked;
}

bool IsCovered(const Generation& generation, LookupForm form) {
  for (const storage::ServedFeed& feed : generation.feeds()) {
    if (feed.coverage.Covers(form)) return true;
  }
  return false;
}

AnswerStatus StatusWithoutMatch(const Generation& generation, LookupForm own_form, bool partial) {
  if (partial) return AnswerStatus::kPartial;
  return IsCovered(generation, own_form) ? AnswerStatus::kNotListed : AnswerStatus::kNotCovered;
}

reputation::Label LabelOf(const Generation& generation, const Match& match, const LookupKey& key) {
  if (match.layer == 0) {
    absl::StatusOr<storage::Override> value = generation.FindOverride(key);
    return value.ok() ? std::move(value->label) : reputation::Label();
  }
  if (match.record.label_id == 0) return {};
  absl::StatusOr<reputation::Label> label =
      generation.FindLabel(match.layer - 1, match.record.label_id);
  return label.ok() ? *std::move(label) : reputation::Label();
}

uint64_t DataAgeSeconds(const storage::ServedFeed& feed, absl::Time now) {
  return static_cast<uint64_t>(std::max<int64_t>(0, absl::ToInt64Seconds(now - feed.published)));
}

void SetFeedState(const storage::ServedFeed& feed, absl::Time now, v1::FeedState* out) {
  out->set_feed(feed.feed);
  out->set_version(feed.version);
  if (feed.version != 0) out->set_data_age_s(DataAgeSeconds(feed, now));
}

uint32_t ListedTtlSeconds(const AnswersConfig& answers, const reputation::Record& record,
                          absl::Time now) {
  const absl::Duration left = record.valid_until() - now;
  const absl::Duration ttl = std::clamp(left, absl::ZeroDuration(), answers.listed_ttl);
  return static_cast<uint32_t>(absl::ToInt64Seconds(ttl));
}

void MatchWriter::Write(const Match& match, v1::Match* out) const {
  SetRecord(match.record, out);
  SetLabel(LabelOf(generation_, match, keys_.keys[match.key_index]), out);
  if (match.key_index < keys_.expressions.size()) {
    out->set_matched_expression(keys_.expressions[match.key_index]);
  }
  out->set_layer(ToProto(layers_[match.layer].kind));
  if (match.layer == 0) return;
  const storage::ServedFeed& feed = generation_.feeds()[match.layer - 1];
  out->set_feed(feed.feed);
  out->set_feed_version(feed.version);
  out->set_data_age_s(DataAgeSeconds(feed, now_));
}

}  // namespace cloister::server
