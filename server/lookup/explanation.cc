// Answerer::Explain: the answer with everything that led to it.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "server/lookup/answerer.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

// How many records an explanation lists; an object has at most 255 keys in each layer.
constexpr size_t kMaxExplained = 1024;
constexpr char kMasked[] = "masked";

struct Explained {
  reputation::Match match;
  reputation::MatchOutcome outcome;
  std::optional<std::string> mask;  // which protected object it would condemn
};

bool MayAnswer(reputation::MatchOutcome outcome) {
  return outcome == reputation::MatchOutcome::kWon ||
         outcome == reputation::MatchOutcome::kOutranked;
}

// Behind those that may answer, of which the first has then won.
void PutMaskedLast(std::vector<Explained>* explained) {
  const auto answering_end = std::stable_partition(
      explained->begin(), explained->end(),
      [](const Explained& one) { return MayAnswer(one.outcome) && !one.mask.has_value(); });
  if (answering_end != explained->begin()) {
    explained->front().outcome = reputation::MatchOutcome::kWon;
  }
}

}  // namespace

void Answerer::Explain(const reputation::Object& object, reputation::LookupContext context,
                       absl::Time now, v1::ExplainResponse* response) const {
  const std::shared_ptr<const storage::Generation> generation = reader_->Current();
  AnswerFrom(*generation, object, context, now, response->mutable_answer());
  reputation::LookupKeys keys = object.Keys(/*with_expressions=*/true);
  reputation::AddIpPrefixes(generation->prefix_lengths(), &keys);
  for (size_t i = 0; i < keys.keys.size(); ++i) {
    v1::ProbedKey* probed = response->add_probed_keys();
    if (i < keys.expressions.size()) probed->set_expression(keys.expressions[i]);
    const absl::string_view bytes = keys.keys[i].bytes();
    probed->set_lookup_key_hex(absl::BytesToHexString(bytes));
    probed->set_exact(keys.IsExact(i));
  }
  const storage::FindResult found = generation->Find(keys.keys);
  std::vector<Explained> explained;
  for (auto& [match, outcome] :
       reputation::ResolveExplained(keys, layers_, found.matches, context, now)) {
    std::optional<std::string> mask;
    if (MayAnswer(outcome)) mask = MaskOf(keys, match);
    explained.push_back({match, outcome, std::move(mask)});
  }
  PutMaskedLast(&explained);
  const MatchWriter writer(*generation, layers_, keys, now);
  for (const Explained& one : explained) {
    if (static_cast<size_t>(response->found_size()) == kMaxExplained) break;
    v1::ExplainedMatch* out = response->add_found();
    writer.Write(one.match, out->mutable_match());
    out->set_outcome(one.mask ? kMasked : std::string(reputation::MatchOutcomeName(one.outcome)));
    if (one.mask) out->set_masked_by(*one.mask);
  }
}

}  // namespace cloister::server
