// A feed that is published, handed over, verified and served by a real database.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "server/updates/feed_gate.h"
#include "server/updates/feed_updater.h"
#include "server/updates/known_chains.h"
#include "storage/store/reputation_store.h"
#include "tests/support/spooled_feed.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::server {

class FeedFixture : public ::testing::Test {
 protected:
  FeedFixture() {
    OpenStore();
    OpenUpdater();
  }

  void OpenStore() {
    CloseFeed();
    store_.reset();
    storage::ReputationStore::Options options;
    options.directory = directory_ / "data";
    options.feeds = {"threats"};
    options.reserve_bytes = 0;
    absl::StatusOr<std::unique_ptr<storage::ReputationStore>> opened =
        storage::ReputationStore::Open(options);
    if (!opened.ok()) GTEST_FAIL() << opened.status();
    store_ = *std::move(opened);
  }

  FeedUpdater::Options UpdaterOptions() {
    FeedUpdater::Options options;
    options.feed = "threats";
    options.root = feed_.RootPath();
    options.spool_directory = spool();
    options.state_directory = directory_ / "trust";
    options.intake.store = store_.get();
    return options;
  }

  // As a process that starts does: what was known in memory alone is gone.
  void OpenUpdater() { OpenUpdater(UpdaterOptions()); }
  void OpenUpdater(FeedUpdater::Options options) {
    CloseFeed();
    chains_ = std::make_unique<KnownChains>(options.state_directory + "/chains", options.feed);
    absl::StatusOr<std::unique_ptr<FeedGate>> gate =
        FeedGate::Open({.feed = options.feed,
                        .policy = policy_,
                        .store = store_.get(),
                        .protection = protection_.get(),
                        .observer = &observer_,
                        .state_directory = options.state_directory,
                        .clock = [this] { return now_; }});
    if (!gate.ok()) GTEST_FAIL() << gate.status();
    gate_ = *std::move(gate);
    options.gate = gate_.get();
    options.chains = chains_.get();
    absl::StatusOr<std::unique_ptr<FeedUpdater>> opened = FeedUpdater::Create(options);
    if (!opened.ok()) GTEST_FAIL() << opened.status();
    updater_ = *std::move(opened);
  }
  void CloseFeed() {
    updater_.reset();
    gate_.reset();
    chains_.reset();
  }
  // The process ends and starts.
  void Restart() {
    OpenStore();
    OpenUpdater();
  }

  // One look at the spool.
  UpdateOutcome Poll() { return updater_->Poll(now_); }
  void ExpectTaken(uint64_t version) {
    const UpdateOutcome outcome = Poll();
    EXPECT_EQ(outcome.kind, UpdateOutcome::Kind::kAccepted) << outcome.status;
    EXPECT_EQ(outcome.version, version);
    EXPECT_EQ(ServedVersion(), version);
  }
  void ExpectHeld(uint64_t version, HoldReason reason) {
    const uint64_t before = ServedVersion();
    const UpdateOutcome outcome = Poll();
    EXPECT_EQ(outcome.kind, UpdateOutcome::Kind::kHeld) << outcome.status;
    EXPECT_EQ(outcome.version, version);
    EXPECT_EQ(HoldReasonName(outcome.reason), HoldReasonName(reason));
    EXPECT_EQ(ServedVersion(), before) << "what is held must not serve";
  }
  void ExpectMended() { EXPECT_EQ(Poll().kind, UpdateOutcome::Kind::kMended); }
  void ExpectNothing() { EXPECT_EQ(Poll().kind, UpdateOutcome::Kind::kNothing); }
  void ExpectRefused(reputation::RejectReason reason) {
    const uint64_t before = ServedVersion();
    const UpdateOutcome outcome = Poll();
    EXPECT_EQ(outcome.kind, UpdateOutcome::Kind::kRefused);
    EXPECT_THAT(outcome.status, testing::IsRejectedFor(reason));
    EXPECT_EQ(ServedVersion(), before) << "what is served must stay served";
  }
  uint64_t ServedVersion() const { return store_->Current()->feeds()[0].version; }
  std::string spool() const { return directory_ / "spool"; }

  testing::TemporaryDirectory directory_;
  absl::Time now_ = absl::Now();
  testing::SpooledFeed feed_{directory_ / "spool", directory_.path(), "threats", now_};
  std::unique_ptr<storage::ReputationStore> store_;
  UpdatePolicy policy_;
  std::unique_ptr<ProtectedObjects> protection_;
  UpdateObserver observer_;
  std::unique_ptr<KnownChains> chains_;
  std::unique_ptr<FeedGate> gate_;
  std::unique_ptr<FeedUpdater> updater_;
};

}  // namespace cloister::server
