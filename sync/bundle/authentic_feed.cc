#include "sync/bundle/authentic_feed.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/bundle/member_name.h"

namespace cloister::bundle {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr int kMoreRuns = 8;

// What the signed list says of itself; empty if it lists no pack.
std::string NameIn(const trust::Targets& targets) {
  for (const auto& [path, target] : targets.targets) {
    const auto ours =
        target.custom.is_object() ? target.custom.find("cloister") : target.custom.end();
    if (ours == target.custom.end() || !ours->is_object()) continue;
    const auto feed = ours->find("feed");
    if (feed != ours->end() && feed->is_string()) return feed->get<std::string>();
  }
  return "";
}

}  // namespace

absl::Time AuthenticFeed::expires() const {
  return std::min({updater->root().expires, updater->timestamp()->expires,
                   updater->snapshot()->expires, updater->targets()->expires});
}

std::string AuthenticFeed::FileName(const trust::PackTarget& pack) const {
  return trust::ConsistentTargetName(pack.path, updater->targets()->targets.at(pack.path));
}

absl::StatusOr<AuthenticFeed> VerifyFeed(trust::Fetcher& fetcher, const trust::TrustedState& state,
                                         absl::string_view feed,
                                         const trust::RefreshOptions& options) {
  auto updater = trust::Updater::Create(state, trust::Limits());
  if (!updater.ok()) return updater.status();
  absl::Status s = (*updater)->Refresh(fetcher, options);
  // A long chain of roots is gone on with, as far as one of them a day for years.
  for (int more = 0; more < kMoreRuns; ++more) {
    if (reputation::ReasonOf(s) != RejectReason::kRootRotationLimit) break;
    s = (*updater)->Refresh(fetcher, options);
  }
  if (!s.ok()) return s;
  AuthenticFeed result;
  result.feed = feed.empty() ? NameIn(*(*updater)->targets()) : std::string(feed);
  if (!IsFeedName(result.feed)) {
    return Rejected(RejectReason::kTargetUndescribed,
                    "the signed list of targets names no feed; has a version been published?");
  }
  auto listed = trust::PacksOnOffer(*(*updater)->targets(), result.feed);
  if (!listed.ok()) return listed.status();
  result.updater = *std::move(updater);
  result.listed = *std::move(listed);
  return result;
}

}  // namespace cloister::bundle
