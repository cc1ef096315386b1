// A good repository and a client of it, one of each for every test.

#pragma once

#include <memory>
#include <utility>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sync/trust/updater.h"
#include "tests/support/repository_simulator.h"
#include "tests/support/status_matchers.h"

namespace cloister::trust {

inline absl::Time TestTime() {
  return absl::FromCivil(absl::CivilSecond(2030, 1, 31, 12, 0, 0), absl::UTCTimeZone());
}

class TrustFixture : public ::testing::Test {
 protected:
  TrustFixture() : upstream_(TestTime()) { StartFrom(upstream_.InitialState()); }

  // A new client with what another kept.
  void StartFrom(const TrustedState& state) {
    auto created = Updater::Create(state, limits_);
    ASSERT_TRUE(created.ok()) << created.status();
    client_ = *std::move(created);
  }

  absl::Status Refresh() { return client_->Refresh(upstream_, {.now = now_}); }
  // As another run of the program would.
  absl::Status RestartAndRefresh() {
    StartFrom(client_->state());
    return Refresh();
  }

  Limits limits_;
  absl::Time now_ = TestTime();
  testing::RepositorySimulator upstream_;
  std::unique_ptr<Updater> client_;
};

}  // namespace cloister::trust
