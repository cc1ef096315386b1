// What cloisterd does to its disk, a step at a time and in one thread, so that a fault can be put
// at each step again and again.
//
//   fault-update-child DIRECTORY update|override|rollback|fold
//
// Below DIRECTORY: data, trust, spool and threats.root.json. Prints "done" once what was asked for
// is acknowledged; exit code 1 with the reason if it was refused.

#include <iostream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "server/updates/feed_gate.h"
#include "server/updates/feed_updater.h"
#include "server/updates/known_chains.h"
#include "server/updates/update_observer.h"
#include "storage/files/files.h"
#include "storage/store/reputation_store.h"
#include "tests/fault/update_steps.h"

namespace cloister::fault {
namespace {

using storage::ReputationStore;

// One feed of a server, without its threads.
class Feed {
 public:
  static absl::StatusOr<std::unique_ptr<Feed>> Open(const std::string& directory) {
    absl::StatusOr<std::unique_ptr<ReputationStore>> store =
        ReputationStore::Open(StoreOptions(directory));
    if (!store.ok()) return store.status();
    auto feed = std::make_unique<Feed>();
    feed->store_ = *std::move(store);
    const std::string state = directory + "/trust";
    if (absl::Status s = storage::MakeDirectories(state); !s.ok()) return s;
    absl::StatusOr<std::unique_ptr<server::FeedGate>> gate =
        server::FeedGate::Open({.feed = kFeed,
                                .policy = {},
                                .store = feed->store_.get(),
                                .observer = &feed->observer_,
                                .state_directory = state,
                                .clock = absl::Now});
    if (!gate.ok()) return gate.status();
    feed->gate_ = *std::move(gate);
    feed->chains_ = std::make_unique<server::KnownChains>(state + "/chains", kFeed);
    server::FeedUpdater::Options options;
    options.feed = kFeed;
    options.root = directory + "/threats.root.json";
    options.spool_directory = directory + "/spool";
    options.state_directory = state;
    options.intake.store = feed->store_.get();
    options.gate = feed->gate_.get();
    options.chains = feed->chains_.get();
    absl::StatusOr<std::unique_ptr<server::FeedUpdater>> updater =
        server::FeedUpdater::Create(options);
    if (!updater.ok()) return updater.status();
    feed->updater_ = *std::move(updater);
    return feed;
  }

  absl::Status Act(const std::string& action) {
    if (action == "update") return Update();
    if (action == "override")
      return store_->SetOverride(OverriddenKey(), SampleOverride()).status();
    if (action == "rollback")
      return gate_->Rollback(kOldVersion, {"fault test", "a test"}).status();
    if (action == "fold") return Fold();
    return absl::InvalidArgumentError("no such action: " + action);
  }

 private:
  // Nobody has to be told.
  class Observer : public server::UpdateObserver {};

  absl::Status Update() {
    const server::UpdateOutcome outcome = updater_->Poll(absl::Now());
    return outcome.kind == server::UpdateOutcome::Kind::kRefused ? outcome.status
                                                                 : absl::OkStatus();
  }

  absl::Status Fold() {
    absl::StatusOr<std::vector<storage::VersionPack>> packs = store_->Fold(kFeed, 0, nullptr);
    if (!packs.ok()) return packs.status();
    return chains_->RememberFolded(store_->Current()->feeds()[0].version, *packs);
  }

  Observer observer_;
  std::unique_ptr<ReputationStore> store_;
  std::unique_ptr<server::FeedGate> gate_;
  std::unique_ptr<server::KnownChains> chains_;
  std::unique_ptr<server::FeedUpdater> updater_;
};

absl::Status Run(const std::string& directory, const std::string& action) {
  absl::StatusOr<std::unique_ptr<Feed>> feed = Feed::Open(directory);
  return feed.ok() ? (*feed)->Act(action) : feed.status();
}

}  // namespace
}  // namespace cloister::fault

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fault-update-child DIRECTORY ACTION" << std::endl;
    return 2;
  }
  const absl::Status status = cloister::fault::Run(argv[1], argv[2]);
  std::cout << (status.ok() ? "done" : std::string(status.ToString())) << std::endl;
  return status.ok() ? 0 : 1;
}
