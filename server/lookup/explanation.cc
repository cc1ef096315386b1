// Answerer::Explain: the answer with everything that led to it.

#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "server/lookup/answerer.h"
#include "server/lookup/proto_conversion.h"

namespace cloister::server {
namespace {

// How many records an explanation lists; an object has at most 255 keys in each layer.
constexpr size_t kMaxExplained = 1024;

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
  const MatchWriter writer(*generation, layers_, keys, now);
  for (const auto& [match, outcome] :
       reputation::ResolveExplained(keys, layers_, found.matches, context, now)) {
    if (static_cast<size_t>(response->found_size()) == kMaxExplained) break;
    v1::ExplainedMatch* explained = response->add_found();
    writer.Write(match, explained->mutable_match());
    explained->set_outcome(std::string(reputation::MatchOutcomeName(outcome)));
  }
}

}  // namespace cloister::server
