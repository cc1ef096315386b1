#include "client-sdk/src/decode.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cloister::client {
namespace {

// Keys of one object after the server has added IP prefixes.
constexpr uint32_t kMaxKeys = reputation::LookupKeys::kMaxKeys;
constexpr uint32_t kMaxConfidence = 100;
constexpr uint32_t kMaxPrevalence = 63;
constexpr uint64_t kMaxAgeS = uint64_t{1} << 40;

constexpr char kUnknownVerdict[] =
    "the server's verdict is not known to this client: update the client";

bool IsKnown(int verdict) { return verdict >= 1 && verdict <= 5; }

std::optional<Scope> ScopeFrom(int scope) {
  if (scope < 1 || scope > 3) return std::nullopt;
  return static_cast<Scope>(scope);
}

Layer LayerFrom(int layer) {
  return layer >= 1 && layer <= 3 ? static_cast<Layer>(layer) : Layer::kNone;
}

std::chrono::seconds Age(uint64_t age_s) {
  return std::chrono::seconds(static_cast<int64_t>(std::min(age_s, kMaxAgeS)));
}

template <typename Numbers>
std::vector<Category> CategoriesFrom(const Numbers& numbers) {
  std::vector<Category> categories;
  for (int number : numbers) {
    if (number >= 1 && number <= static_cast<int>(Category::kTest)) {
      categories.push_back(static_cast<Category>(number));
    }
  }
  return categories;
}

SoftwareIdentity SoftwareFrom(const v1::SoftwareIdentity& software) {
  return {software.product(), software.vendor(), software.version()};
}

std::optional<TimePoint> TimeFrom(bool is_set, const google::protobuf::Timestamp& time) {
  // The range that google.protobuf.Timestamp allows: years 1 to 9999.
  if (!is_set || time.seconds() < -62135596800 || time.seconds() > 253402300799) {
    return std::nullopt;
  }
  return TimePoint(std::chrono::seconds(time.seconds()));
}

Match MatchFrom(const v1::Match& from) {
  Match match;
  match.verdict = static_cast<Verdict>(from.verdict());
  match.confidence = static_cast<uint8_t>(std::min(from.confidence(), kMaxConfidence));
  match.categories = CategoriesFrom(from.categories());
  match.threat_name = from.threat_name();
  match.software = SoftwareFrom(from.software());
  match.first_seen = TimeFrom(from.has_first_seen(), from.first_seen());
  match.last_seen = TimeFrom(from.has_last_seen(), from.last_seen());
  match.valid_until = TimeFrom(from.has_valid_until(), from.valid_until());
  match.prevalence_log2 = static_cast<uint8_t>(std::min(from.prevalence_log2(), kMaxPrevalence));
  match.scope = ScopeFrom(from.scope());
  match.matched_expression = from.matched_expression();
  match.layer = LayerFrom(from.layer());
  match.feed = from.feed();
  match.feed_version = from.feed_version();
  match.data_age = Age(from.data_age_s());
  return match;
}

Failure Senseless(absl::string_view what) {
  return {ErrorKind::kProtocol, absl::StrCat("the server's answer makes no sense: ", what,
                                             "; check that client and server are of one release")};
}

Failure UnknownStatus(int status) { return Senseless(absl::StrCat("unknown status ", status)); }

// The answer without matches that a status number stands for.
Answer AnswerFor(int status) {
  switch (status) {
    case v1::ANSWER_STATUS_LISTED:
    case v1::ANSWER_STATUS_NOT_LISTED:
    case v1::ANSWER_STATUS_NOT_COVERED:
    case v1::ANSWER_STATUS_PARTIAL: {
      Answer answer;
      answer.status = static_cast<AnswerStatus>(status);
      return answer;
    }
    case v1::ANSWER_STATUS_ERROR:
      return FailedAnswer({ErrorKind::kInternal, "the server could not look this object up"});
    default:
      return FailedAnswer(UnknownStatus(status));
  }
}

std::vector<FeedState> FeedsFrom(const google::protobuf::RepeatedPtrField<v1::FeedState>& feeds) {
  std::vector<FeedState> states;
  states.reserve(static_cast<size_t>(feeds.size()));
  for (const v1::FeedState& feed : feeds) {
    states.push_back({feed.feed(), feed.version(), Age(feed.data_age_s())});
  }
  return states;
}

// A record that cannot be read may have been the gravest: nothing is known for certain.
void MakeUnreadable(Answer* answer) {
  answer->status = AnswerStatus::kPartial;
  answer->error_message = kUnknownVerdict;
}

Failure CheckColumns(const v1::BatchLookupResponse& response, size_t objects) {
  if (response.statuses().size() != objects) {
    return Senseless(
        absl::StrCat(response.statuses().size(), " statuses for ", objects, " objects"));
  }
  const size_t listed = static_cast<size_t>(std::count(
      response.statuses().begin(), response.statuses().end(), char{v1::ANSWER_STATUS_LISTED}));
  const std::pair<const char*, size_t> columns[] = {
      {"verdicts", response.verdicts().size()},
      {"confidences", response.confidences().size()},
      {"source_indexes", static_cast<size_t>(response.source_indexes_size())},
      {"matched_keys", static_cast<size_t>(response.matched_keys_size())},
      {"label_indexes", static_cast<size_t>(response.label_indexes_size())},
  };
  for (const auto& [name, size] : columns) {
    if (size != listed) {
      return Senseless(absl::StrCat(size, " ", name, " for ", listed, " listed objects"));
    }
  }
  return {};
}

Failure CheckIndexes(const v1::BatchLookupResponse& response,
                     const std::vector<KeyBatch::Asked>& asked) {
  int row = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (response.statuses()[i] != v1::ANSWER_STATUS_LISTED) continue;
    const uint32_t keys = asked[i].ends_in_ip ? kMaxKeys : asked[i].keys;
    if (response.source_indexes(row) >= static_cast<uint32_t>(response.sources_size())) {
      return Senseless("a source index out of range");
    }
    if (response.label_indexes(row) > static_cast<uint32_t>(response.labels_size())) {
      return Senseless("a label index out of range");
    }
    if (response.matched_keys(row) >= keys) return Senseless("a key index out of range");
    ++row;
  }
  return {};
}

// Row `row` of the columns; indexes have been checked.
Match MatchFromRow(const v1::BatchLookupResponse& response, int row) {
  Match match;
  match.verdict = static_cast<Verdict>(response.verdicts()[row]);
  match.confidence =
      std::min<uint8_t>(static_cast<uint8_t>(response.confidences()[row]), kMaxConfidence);
  const auto& source = response.sources(static_cast<int>(response.source_indexes(row)));
  match.layer = LayerFrom(source.layer());
  match.feed = source.feed().feed();
  match.feed_version = source.feed().version();
  match.data_age = Age(source.feed().data_age_s());
  if (const uint32_t label_index = response.label_indexes(row); label_index > 0) {
    const auto& label = response.labels(static_cast<int>(label_index - 1));
    match.threat_name = label.threat_name();
    match.categories = CategoriesFrom(label.categories());
    match.software = SoftwareFrom(label.software());
  }
  return match;
}

}  // namespace

Answer DecodeLookup(const v1::LookupResponse& response) {
  Answer answer = AnswerFor(response.status());
  answer.canonical = response.canonical();
  answer.cache_ttl = std::chrono::seconds(response.cache_ttl_s());
  answer.generation = response.generation();
  answer.feeds = FeedsFrom(response.feeds());
  if (answer.status != AnswerStatus::kListed) return answer;
  for (const v1::Match& match : response.matches()) {
    if (IsKnown(match.verdict())) answer.matches.push_back(MatchFrom(match));
  }
  if (response.matches().empty()) return FailedAnswer(Senseless("listed, but by no record"));
  if (answer.matches.empty()) MakeUnreadable(&answer);
  return answer;
}

Failure DecodeBatch(const v1::BatchLookupResponse& response,
                    const std::vector<KeyBatch::Asked>& asked, const ExpressionOf& expression_of,
                    std::vector<Answer>* answers) {
  Failure failure = CheckColumns(response, asked.size());
  if (failure.ok()) failure = CheckIndexes(response, asked);
  if (!failure.ok()) return failure;
  const std::vector<FeedState> feeds = FeedsFrom(response.feeds());
  int row = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    Answer answer = AnswerFor(static_cast<uint8_t>(response.statuses()[i]));
    const bool listed = answer.status == AnswerStatus::kListed;
    answer.cache_ttl =
        std::chrono::seconds(listed ? response.listed_ttl_s() : response.not_listed_ttl_s());
    answer.generation = response.generation();
    answer.feeds = feeds;
    if (listed && IsKnown(static_cast<uint8_t>(response.verdicts()[row]))) {
      Match match = MatchFromRow(response, row);
      match.matched_expression = expression_of(asked[i].index, response.matched_keys(row));
      answer.matches.push_back(std::move(match));
    } else if (listed) {
      MakeUnreadable(&answer);
    }
    if (listed) ++row;
    Answer& slot = (*answers)[asked[i].index];
    answer.canonical = std::move(slot.canonical);
    slot = std::move(answer);
  }
  return {};
}

}  // namespace cloister::client
