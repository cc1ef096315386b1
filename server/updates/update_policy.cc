#include "server/updates/update_policy.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"

namespace cloister::server {
namespace {

using reputation::Verdict;

constexpr size_t kShownExamples = 5;  // of protected objects, in one line

using Transition = std::pair<Verdict, Verdict>;

bool IsThreat(Verdict verdict) {
  return verdict == Verdict::kMalicious || verdict == Verdict::kUnwanted ||
         verdict == Verdict::kSuspicious;
}

// The lower, the graver. What turns good into bad blocks business; what turns bad into good, or
// forgets it, opens the door.
int Gravity(const Transition& transition) {
  const auto [before, after] = transition;
  const bool was_threat = IsThreat(before);
  const bool is_threat = IsThreat(after);
  // What is excluded is a threat no more.
  if (before == kNoRecord) return is_threat ? 4 : after == kExclusion ? 2 : 7;
  if (after == kNoRecord) return was_threat ? 2 : before == kExclusion ? 4 : 6;
  if (is_threat != was_threat) return is_threat ? 0 : 1;
  return is_threat ? 3 : 5;
}

std::string Loud(Verdict verdict) {
  if (verdict == kExclusion) return "EXCLUDED";
  return absl::AsciiStrToUpper(reputation::VerdictName(verdict));
}

std::string Line(const Transition& transition, uint64_t records) {
  const auto [before, after] = transition;
  if (before == kNoRecord) return absl::StrCat(records, " ", Loud(after), " added");
  if (after == kNoRecord) return absl::StrCat(records, " ", Loud(before), " removed");
  return absl::StrCat(records, " ", Loud(before), records == 1 ? " becomes " : " become ",
                      Loud(after));
}

bool IsMassChange(const UpdatePolicy& policy, const ChangeSummary& changes) {
  if (!changes.complete) return true;
  if (changes.records_before == 0 || policy.max_changed_share >= 1) return false;
  return changes.total() >= policy.max_changed_records &&
         changes.share() > policy.max_changed_share;
}

bool IsHeldOff(const UpdatePolicy& policy, absl::Time taken, absl::Time now) {
  const absl::Duration known = now - taken;
  return known < policy.hold_off && known > -policy.hold_off;
}

}  // namespace

absl::string_view HoldReasonName(HoldReason reason) {
  switch (reason) {
    case HoldReason::kNone:
      return "";
    case HoldReason::kManual:
      return "manual";
    case HoldReason::kHoldOff:
      return "hold_off";
    case HoldReason::kPinned:
      return "pinned";
    case HoldReason::kMassChange:
      return "mass_change";
    case HoldReason::kRejected:
      return "rejected";
  }
  return "";
}

double ChangeSummary::share() const {
  if (records_before == 0) return 0;
  return static_cast<double>(total()) / static_cast<double>(records_before);
}

std::vector<std::string> ChangeSummary::Lines() const {
  std::vector<Transition> order;
  for (const auto& [transition, records] : transitions) order.push_back(transition);
  std::sort(order.begin(), order.end(), [](const Transition& a, const Transition& b) {
    // Within one gravity the gravest verdict first, which has the lowest number.
    return std::tuple(Gravity(a), a.second, a.first) < std::tuple(Gravity(b), b.second, b.first);
  });
  std::vector<std::string> lines;
  for (const Transition& transition : order) {
    lines.push_back(Line(transition, transitions.at(transition)));
  }
  if (protected_listed != 0) {
    const size_t shown = std::min(protected_examples.size(), kShownExamples);
    lines.push_back(
        absl::StrCat(protected_listed, protected_listed == 1 ? " lists" : " list",
                     " a protected object and will be masked: ",
                     absl::StrJoin(absl::MakeConstSpan(protected_examples).first(shown), ", "),
                     shown < protected_listed ? ", …" : ""));
  }
  if (!complete) lines.push_back("and more: counting took too long and was ended");
  return lines;
}

HoldReason Decide(const UpdatePolicy& policy, const storage::FeedDirective& directive,
                  const VerifiedVersion& verified, absl::Time now) {
  const uint64_t version = verified.version;
  if (directive.pinned != 0) {
    return directive.pinned == version ? HoldReason::kNone : HoldReason::kPinned;
  }
  if (directive.rejected == version) return HoldReason::kRejected;
  if (directive.accepted == version) return HoldReason::kNone;
  if (policy.manual) return HoldReason::kManual;
  if (IsMassChange(policy, *verified.changes)) return HoldReason::kMassChange;
  if (IsHeldOff(policy, verified.taken, now)) return HoldReason::kHoldOff;
  return HoldReason::kNone;
}

}  // namespace cloister::server
