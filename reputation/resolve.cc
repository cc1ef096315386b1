#include "reputation/resolve.h"

#include <algorithm>

#include "reputation/names.h"

namespace cloister::reputation {
namespace {

constexpr internal::Named<MatchOutcome> kOutcomes[] = {
    {MatchOutcome::kWon, "won"},
    {MatchOutcome::kOutranked, "outranked"},
    {MatchOutcome::kRemoved, "removed"},
    {MatchOutcome::kExpired, "expired"},
    {MatchOutcome::kScope, "scope"},
    {MatchOutcome::kContext, "context"},
    {MatchOutcome::kTrustNotAllowed, "trust_not_allowed"},
    {MatchOutcome::kExcluded, "excluded"},
    {MatchOutcome::kExclusion, "exclusion"},
};

struct Circumstances {
  LookupContext context;
  absl::Time now;
};

// One lookup's circumstances, and the rules by which its matches are judged.
class Judge {
 public:
  Judge(const LookupKeys& keys, std::span<const Layer> layers, const std::vector<Match>& matches,
        const Circumstances& circumstances)
      : keys_(keys), layers_(layers), context_(circumstances.context), now_(circumstances.now) {
    for (const Match& match : matches) {
      if (OwnOutcomeOf(match) == MatchOutcome::kExclusion) exclusions_.push_back(match);
    }
  }

  // kOutranked stands for "may answer": which of those won is a matter of order.
  MatchOutcome OutcomeOf(const Match& match) const {
    const MatchOutcome own = OwnOutcomeOf(match);
    const bool excluded =
        own == MatchOutcome::kOutranked &&
        std::any_of(exclusions_.begin(), exclusions_.end(),
                    [&](const Match& exclusion) { return Excludes(exclusion, match); });
    return excluded ? MatchOutcome::kExcluded : own;
  }

  bool MayAnswer(const Match& match) const { return OutcomeOf(match) == MatchOutcome::kOutranked; }

  // Whether `a` stands above `b`.
  bool Outranks(const Match& a, const Match& b) const {
    const Layer& a_layer = layers_[a.layer];
    const Layer& b_layer = layers_[b.layer];
    if (a_layer.kind != b_layer.kind) return a_layer.kind < b_layer.kind;
    bool nearest_first = a_layer.kind == LayerKind::kOverride;
    if (nearest_first && a.key_index != b.key_index) return a.key_index < b.key_index;
    if (!nearest_first && a.record.verdict != b.record.verdict) {
      return a.record.verdict < b.record.verdict;
    }
    if (a_layer.priority != b_layer.priority) return a_layer.priority > b_layer.priority;
    if (a.key_index != b.key_index) return a.key_index < b.key_index;
    return a.layer < b.layer;
  }

 private:
  // What the match is without regard to the others.
  MatchOutcome OwnOutcomeOf(const Match& match) const {
    const Record& record = match.record;
    if (record.removed) return MatchOutcome::kRemoved;
    if (record.ExpiredAt(now_)) return MatchOutcome::kExpired;
    const LookupKey& key = keys_.keys[match.key_index];
    if (!record.AppliesTo(ContextFor(key))) return MatchOutcome::kContext;
    bool exact = keys_.IsExact(match.key_index);
    if (!Reaches(record.scope, key, exact)) return MatchOutcome::kScope;
    if (record.excluded) return MatchOutcome::kExclusion;
    if (record.verdict == Verdict::kTrusted && !MayTrust(match, key, exact)) {
      return MatchOutcome::kTrustNotAllowed;
    }
    return MatchOutcome::kOutranked;
  }

  // `exclusion` is in force, and `match` may answer but for it.
  bool Excludes(const Match& exclusion, const Match& match) const {
    if (exclusion.layer != match.layer || exclusion.key_index >= match.key_index) return false;
    if (layers_[match.layer].kind == LayerKind::kOverride) return false;
    const LookupKey& key = keys_.keys[match.key_index];
    if (keys_.keys[exclusion.key_index].kind() != key.kind()) return false;
    const uint8_t contexts = exclusion.record.applies_to;
    if (contexts == 0 || ContextFor(key) != LookupContext::kAny) return true;
    return match.record.applies_to != 0 && (match.record.applies_to & ~contexts) == 0;
  }

  LookupContext ContextFor(const LookupKey& key) const {
    bool host_of_url =
        key.kind() != ObjectKind::kUrl && keys_.keys.front().kind() == ObjectKind::kUrl;
    return host_of_url && context_ == LookupContext::kAny ? LookupContext::kUrlHost : context_;
  }

  static bool Reaches(Scope scope, const LookupKey& key, bool exact) {
    switch (scope) {
      case Scope::kExact:
        return exact;
      case Scope::kSubtree:
        return true;
      case Scope::kSubdomainsOnly:
        return !exact && key.kind() == ObjectKind::kHost;
    }
    return false;
  }

  bool MayTrust(const Match& match, const LookupKey& key, bool exact) const {
    if (key.form() == LookupForm::kFileSha1 || key.form() == LookupForm::kFileMd5) return false;
    return exact || layers_[match.layer].kind == LayerKind::kOverride;
  }

  const LookupKeys& keys_;
  std::span<const Layer> layers_;
  LookupContext context_;
  absl::Time now_;
  std::vector<Match> exclusions_;  // in force
};

}  // namespace

std::vector<Match> Resolve(const LookupKeys& keys, std::span<const Layer> layers,
                           std::vector<Match> matches, LookupContext context, absl::Time now) {
  Judge judge(keys, layers, matches, {context, now});
  std::erase_if(matches, [&judge](const Match& match) { return !judge.MayAnswer(match); });
  std::sort(matches.begin(), matches.end(),
            [&judge](const Match& a, const Match& b) { return judge.Outranks(a, b); });
  return matches;
}

absl::string_view MatchOutcomeName(MatchOutcome outcome) {
  return internal::NameOf(kOutcomes, outcome);
}

std::vector<std::pair<Match, MatchOutcome>> ResolveExplained(const LookupKeys& keys,
                                                             std::span<const Layer> layers,
                                                             const std::vector<Match>& matches,
                                                             LookupContext context,
                                                             absl::Time now) {
  Judge judge(keys, layers, matches, {context, now});
  std::vector<std::pair<Match, MatchOutcome>> explained;
  explained.reserve(matches.size());
  for (const Match& match : matches) explained.emplace_back(match, judge.OutcomeOf(match));
  std::sort(explained.begin(), explained.end(), [&judge](const auto& a, const auto& b) {
    bool a_answers = a.second == MatchOutcome::kOutranked;
    bool b_answers = b.second == MatchOutcome::kOutranked;
    return a_answers != b_answers ? a_answers : judge.Outranks(a.first, b.first);
  });
  if (!explained.empty() && explained.front().second == MatchOutcome::kOutranked) {
    explained.front().second = MatchOutcome::kWon;
  }
  return explained;
}

}  // namespace cloister::reputation
