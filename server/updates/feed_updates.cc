#include "server/updates/feed_updates.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/updates/feed_updater.h"
#include "storage/files/files.h"

namespace cloister::server {
namespace {

// How often to look whether something in the background is due.
constexpr absl::Duration kBackgroundInterval = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<FeedUpdates>> FeedUpdates::Create(const Options& options) {
  auto updates = std::unique_ptr<FeedUpdates>(new FeedUpdates(options));
  for (const FeedConfig& feed : options.configuration->feeds) {
    if (absl::Status s = updates->OpenFeed(feed); !s.ok()) return s;
  }
  return updates;
}

absl::Status FeedUpdates::OpenFeed(const FeedConfig& config) {
  const Configuration& configuration = *options_.configuration;
  const std::string state = absl::StrCat(configuration.data_directory, "/trust/", config.name);
  if (absl::Status s = storage::MakeDirectories(state); !s.ok()) return s;
  Feed feed;
  feed.chains = std::make_unique<KnownChains>(state + "/chains", config.name);
  absl::StatusOr<std::unique_ptr<FeedGate>> gate =
      FeedGate::Open({.feed = config.name,
                      .policy = config.updates,
                      .store = options_.store,
                      .protection = options_.protection,
                      .observer = options_.observer,
                      .state_directory = state,
                      .clock = options_.clock});
  if (!gate.ok()) return gate.status();
  feed.gate = *std::move(gate);

  FeedUpdater::Options updater_options;
  updater_options.feed = config.name;
  updater_options.root = config.root;
  updater_options.spool_directory = configuration.spool_directory;
  updater_options.state_directory = state;
  updater_options.accept_expired_within = configuration.updates.accept_expired_within;
  updater_options.intake.store = options_.store;
  updater_options.intake.reserve_bytes = configuration.storage.reserve_bytes;
  updater_options.gate = feed.gate.get();
  updater_options.chains = feed.chains.get();
  absl::StatusOr<std::unique_ptr<FeedUpdater>> updater = FeedUpdater::Create(updater_options);
  if (!updater.ok()) return updater.status();

  const std::shared_ptr<const storage::Generation> generation = options_.store->Current();
  for (const storage::ServedFeed& served : generation->feeds()) {
    if (served.feed != config.name || served.version == 0) continue;
    options_.reports->SetServing(config.name, served.version, feed.gate->serving_since());
  }
  options_.reports->ClearRefusal(config.name, (*updater)->expires());
  updaters_.push_back({.updater = *std::move(updater), .gate = feed.gate.get()});
  feeds_[config.name] = std::move(feed);
  return absl::OkStatus();
}

FeedUpdates::~FeedUpdates() { Stop(); }

void FeedUpdates::Start() {
  watcher_ = std::make_unique<SpoolWatcher>(
      SpoolRounds(
          std::move(updaters_),
          {.store = options_.store, .observer = options_.observer, .clock = options_.clock}),
      options_.configuration->updates.poll_interval);
  std::vector<BackgroundRounds::Feed> feeds;
  for (const auto& [name, feed] : feeds_) {
    feeds.push_back({.gate = feed.gate.get(), .chains = feed.chains.get()});
  }
  background_rounds_ = std::make_unique<BackgroundRounds>(
      std::move(feeds),
      BackgroundRounds::Options{
          .store = options_.store,
          .observer = options_.observer,
          .clock = options_.clock,
          .fold_bytes_per_second = options_.configuration->updates.fold_bytes_per_second});
  background_ = std::make_unique<BackgroundWork>(background_rounds_.get(), kBackgroundInterval);
}

void FeedUpdates::Stop() {
  for (const auto& [name, feed] : feeds_) feed.gate->Stop();
  background_.reset();
  watcher_.reset();
}

absl::StatusOr<FeedGate*> FeedUpdates::Find(absl::string_view feed) const {
  const auto found = feeds_.find(feed);
  if (found != feeds_.end()) return found->second.gate.get();
  return absl::NotFoundError(
      absl::StrCat("feed ", feed, " is not configured in ", options_.configuration->file));
}

absl::StatusOr<FeedGate*> FeedUpdates::FindFor(absl::string_view feed,
                                               const Decision& decision) const {
  if (decision.reason.empty()) {
    return absl::InvalidArgumentError("reason: say why, for the audit trail");
  }
  return Find(feed);
}

absl::StatusOr<FeedUpdateState> FeedUpdates::State(absl::string_view feed) const {
  const absl::StatusOr<FeedGate*> gate = Find(feed);
  if (!gate.ok()) return gate.status();
  return (*gate)->State();
}

absl::Status FeedUpdates::Accept(absl::string_view feed, uint64_t version,
                                 const Decision& decision) {
  const absl::StatusOr<FeedGate*> gate = FindFor(feed, decision);
  return gate.ok() ? (*gate)->Accept(version, decision) : gate.status();
}

absl::Status FeedUpdates::Reject(absl::string_view feed, uint64_t version,
                                 const Decision& decision) {
  const absl::StatusOr<FeedGate*> gate = FindFor(feed, decision);
  return gate.ok() ? (*gate)->Reject(version, decision) : gate.status();
}

absl::StatusOr<uint64_t> FeedUpdates::Rollback(absl::string_view feed, uint64_t version,
                                               const Decision& decision) {
  const absl::StatusOr<FeedGate*> gate = FindFor(feed, decision);
  if (!gate.ok()) return gate.status();
  return (*gate)->Rollback(version, decision);
}

absl::Status FeedUpdates::Pin(absl::string_view feed, const Decision& decision) {
  const absl::StatusOr<FeedGate*> gate = FindFor(feed, decision);
  return gate.ok() ? (*gate)->Pin(decision) : gate.status();
}

absl::Status FeedUpdates::Unpin(absl::string_view feed, const Decision& decision) {
  const absl::StatusOr<FeedGate*> gate = FindFor(feed, decision);
  return gate.ok() ? (*gate)->Unpin(decision) : gate.status();
}

absl::StatusOr<ChangeSummary> FeedUpdates::Diff(absl::string_view feed, uint64_t version) {
  const absl::StatusOr<FeedGate*> gate = Find(feed);
  if (!gate.ok()) return gate.status();
  return (*gate)->Diff(version);
}

absl::StatusOr<storage::VerifyReport> FeedUpdates::Verify(
    absl::string_view feed, const storage::StoreProgressCallback& progress) {
  if (absl::StatusOr<FeedGate*> gate = Find(feed); !gate.ok()) return gate.status();
  return options_.store->Verify(feed, progress);
}

absl::StatusOr<storage::RebuildReport> FeedUpdates::Rebuild(absl::string_view feed,
                                                            const Decision& decision) {
  const absl::StatusOr<FeedGate*> gate = FindFor(feed, decision);
  if (!gate.ok()) return gate.status();
  return (*gate)->Rebuild(decision);
}

}  // namespace cloister::server
