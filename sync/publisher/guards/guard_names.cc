// The words of import_guard.h.

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "sync/publisher/guards/import_guard.h"
#include "sync/publisher/guards/named_object.h"

namespace cloister::publisher {
namespace {

constexpr absl::string_view kGuards[] = {"empty_file",  "public_suffix", "private_network",
                                         "wide_prefix", "warning_list",  "popular_host",
                                         "shared_host", "own_asset"};
constexpr absl::string_view kActions[] = {"hold", "refuse", "off"};

}  // namespace

absl::string_view GuardName(Guard guard) { return kGuards[static_cast<size_t>(guard)]; }

absl::string_view GuardActionName(GuardAction action) {
  return kActions[static_cast<size_t>(action)];
}

std::optional<GuardAction> GuardActionFromName(absl::string_view name) {
  for (const GuardAction action : {GuardAction::kHold, GuardAction::kRefuse, GuardAction::kOff}) {
    if (GuardActionName(action) == name) return action;
  }
  return std::nullopt;
}

std::string HeldLine(const GuardFinding& finding, const feeds::FeedEntry& entry) {
  return absl::StrCat(ObjectText(entry), "\t", GuardName(finding.guard), "\t", finding.why);
}

}  // namespace cloister::publisher
