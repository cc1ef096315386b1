#include "sync/worker/trusted_feed.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"
#include "sync/trust_state/trust_state.h"

namespace cloister::worker {
namespace {

// Of max_root_rotations roots each; a publisher that changes keys daily is away for years before.
constexpr int kMaxRefreshes = 4;

absl::Status Refresh(trust::Updater& updater, trust::Fetcher& fetcher,
                     const trust::RefreshOptions& options) {
  absl::Status s;
  for (int i = 0; i < kMaxRefreshes; ++i) {
    s = updater.Refresh(fetcher, options);
    if (reputation::ReasonOf(s) != reputation::RejectReason::kRootRotationLimit) break;
  }
  return s;
}

}  // namespace

const trust::TargetFile& TrustedFeed::FileOf(const trust::PackTarget& pack) const {
  return updater->targets()->targets.at(pack.path);
}

std::string TrustedFeed::NameOf(const trust::PackTarget& pack) const {
  return trust::ConsistentTargetName(pack.path, FileOf(pack));
}

std::map<std::string, std::string> TrustedFeed::MetadataFiles() const {
  std::map<std::string, std::string> metadata;
  for (const auto& [version, bytes] : roots) {
    metadata[absl::StrCat(version, ".root.json")] = bytes;
  }
  const trust::TrustedState& state = updater->state();
  metadata["timestamp.json"] = state.timestamp;
  metadata[absl::StrCat(updater->snapshot()->version, ".snapshot.json")] = state.snapshot;
  metadata[absl::StrCat(updater->targets()->version, ".targets.json")] = state.targets;
  return metadata;
}

absl::StatusOr<TrustedFeed> RefreshFeed(const RefreshFeedOptions& options, trust::Fetcher& fetcher,
                                        absl::Time now) {
  auto state =
      trust::TrustStateDirectory::Open(options.trust_directory, options.root, options.limits);
  if (!state.ok()) return state.status();
  absl::StatusOr<absl::Time> time = state->MonotonicTime(now);
  if (!time.ok()) return time.status();
  auto updater = trust::Updater::Create(state->state(), options.limits);
  if (!updater.ok()) return updater.status();
  absl::Status refreshed = Refresh(
      **updater, fetcher, {.now = *time, .accept_expired_within = options.accept_expired_within});
  absl::Status saved = state->Save((*updater)->state(), (*updater)->new_roots());
  if (!refreshed.ok()) return refreshed;
  if (!saved.ok()) return saved;
  auto offered = trust::PacksOnOffer(*(*updater)->targets(), options.feed);
  if (!offered.ok()) return offered.status();
  return TrustedFeed{*std::move(updater), state->roots(), *std::move(offered)};
}

}  // namespace cloister::worker
