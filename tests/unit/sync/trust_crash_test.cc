// A crash at any instant of keeping trusted metadata leaves a state that a client starts from
// soundly: it trusts nothing that it should not, forgets no version that it must not, and reaches
// what the run before the crash had reached.

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "sync/trust_state/trust_state.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using cloister::testing::RepositorySimulator;
using cloister::testing::TestKey;
using reputation::RejectReason;

struct Scenario {
  std::string name;
  // What the publisher does between the run that is kept and the one whose keeping ends early.
  std::function<void(RepositorySimulator&)> change;
  // Whether an older timestamp has to be refused at every step (not so after a recovery from a
  // fast-forward attack, which begins versions anew).
  bool refuses_old = true;
};

class CrashTest : public TrustFixture, public ::testing::WithParamInterface<Scenario> {
 protected:
  CrashTest() {
    std::ofstream(initial_root_, std::ios::binary) << upstream_.InitialState().root;
    // Both keys sign, so that what they signed outlives one of them.
    upstream_.SetKeys(Role::kTimestamp, {TestKey(), TestKey()}, 1);
    upstream_.SetKeys(Role::kSnapshot, {TestKey(), TestKey()}, 1);
    upstream_.UpdateRoot();
    upstream_.snapshot["version"] = 999;
    upstream_.timestamp["version"] = 999;
    upstream_.Delegate("targets", {"A", {"a/*"}});
    upstream_.Delegate("targets", {"B", {"b/*"}});
    upstream_.AddTargetTo("A", "a/file", "content");
    upstream_.AddTargetTo("B", "b/file", "content");
    old_timestamp_ = upstream_.Bytes(Role::kTimestamp);
    upstream_.UpdateTargets();
  }

  absl::StatusOr<TrustStateDirectory> Open(const std::string& directory,
                                           const TrustStateOptions& options = {}) {
    return TrustStateDirectory::Open(directory, initial_root_, limits_, options);
  }

  // A client that starts from what `directory` holds, follows the publisher and looks for targets.
  absl::Status Follow(const std::string& directory) {
    absl::StatusOr<TrustStateDirectory> kept = Open(directory);
    if (!kept.ok()) return kept.status();
    StartFrom(kept->state());
    if (absl::Status s = Refresh(); !s.ok()) return s;
    for (const char* path : {"a/file", "b/file"}) {
      absl::Status found = client_->FindTarget(upstream_, path, {.now = now_}).status();
      if (!found.ok() && !absl::IsNotFound(found)) return found;
    }
    return absl::OkStatus();
  }

  // Keeps what the client trusts, up to the change number `step`; whether it got to the end.
  bool SaveUntil(const std::string& directory, int step) {
    int changes = 0;
    const auto crash = [&](const std::string& path) {
      if (changes++ < step) return absl::OkStatus();
      std::ofstream(path + ".tmp-of-a-crash", std::ios::binary) << "half a fi";
      return absl::AbortedError("crash");
    };
    absl::StatusOr<TrustStateDirectory> kept = Open(directory, {.before_change = crash});
    EXPECT_THAT(kept, IsOk());
    return kept.ok() && kept->Save(client_->state(), client_->new_roots()).ok();
  }

  // Whether a client of `directory` takes the timestamp from before the first run.
  absl::Status Roll(const std::string& directory) {
    absl::StatusOr<TrustStateDirectory> kept = Open(directory);
    if (!kept.ok()) return kept.status();
    auto client = Updater::Create(kept->state(), limits_);
    if (!client.ok()) return client.status();
    RepositorySimulator attacker = upstream_;
    attacker.replaced["timestamp.json"] = old_timestamp_;
    return (*client)->Refresh(attacker, {.now = now_});
  }

  std::string NewDirectory() { return temporary_ / absl::StrCat("state", directories_++); }

  testing::TemporaryDirectory temporary_;
  std::string initial_root_ = temporary_ / "initial.json";
  std::string old_timestamp_;
  int directories_ = 0;
};

TEST_P(CrashTest, AtEachStepLeavesASoundState) {
  const std::string before = NewDirectory();
  ASSERT_THAT(Follow(before), IsOk());
  ASSERT_TRUE(SaveUntil(before, INT32_MAX));
  GetParam().change(upstream_);
  ASSERT_THAT(Follow(before), IsOk());
  const TrustedState reached = client_->state();
  bool ended = false;
  int steps = 0;
  for (; !ended; ++steps) {
    const std::string crashed = NewDirectory();
    std::filesystem::copy(before, crashed, std::filesystem::copy_options::recursive);
    ASSERT_THAT(Follow(crashed), IsOk());
    ASSERT_EQ(client_->state(), reached);
    ended = SaveUntil(crashed, steps);
    if (GetParam().refuses_old) {
      EXPECT_THAT(Roll(crashed), IsRejectedFor(RejectReason::kMetadataRollback)) << steps;
    }
    ASSERT_THAT(Follow(crashed), IsOk()) << steps;
    EXPECT_EQ(client_->state(), reached) << steps;
    ASSERT_TRUE(SaveUntil(crashed, INT32_MAX));
    ASSERT_OK_AND_ASSIGN(TrustStateDirectory kept, Open(crashed));
    EXPECT_EQ(kept.state(), reached);
    EXPECT_EQ(kept.roots().rbegin()->second, reached.root);
  }
  EXPECT_GT(steps, 1);
}

TEST_P(CrashTest, OfTheFirstRunLeavesASoundState) {
  GetParam().change(upstream_);
  bool ended = false;
  for (int steps = 0; !ended; ++steps) {
    const std::string crashed = NewDirectory();
    ASSERT_THAT(Follow(crashed), IsOk());
    const TrustedState reached = client_->state();
    ended = SaveUntil(crashed, steps);
    ASSERT_THAT(Follow(crashed), IsOk()) << steps;
    EXPECT_EQ(client_->state(), reached) << steps;
  }
}

const Scenario kScenarios[] = {
    {"new_version",
     [](RepositorySimulator& upstream) {
       upstream.UpdateDelegated("A");
       upstream.UpdateTargets();
     }},
    {"delegation_withdrawn",
     [](RepositorySimulator& upstream) {
       upstream.targets["delegations"]["roles"].erase(0);
       upstream.UpdateTargets();
     }},
    {"several_roots",
     [](RepositorySimulator& upstream) {
       upstream.RotateRootKey();
       upstream.RotateRootKey();
       upstream.UpdateTargets();
     }},
    {"new_targets_key",
     [](RepositorySimulator& upstream) {
       upstream.RotateKey(Role::kTargets);
       upstream.UpdateRoot();
       upstream.UpdateTargets();
     }},
    {"recovery_from_a_fast_forward",
     [](RepositorySimulator& upstream) {
       for (Role role : {Role::kTimestamp, Role::kSnapshot}) {
         upstream.SetKeys(role, {upstream.signers[role].front()}, 1);
       }
       upstream.UpdateRoot();
       upstream.snapshot["version"] = 0;
       upstream.timestamp["version"] = 0;
       upstream.UpdateSnapshot();
     },
     false},
};

INSTANTIATE_TEST_SUITE_P(Changes, CrashTest, ::testing::ValuesIn(kScenarios),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace cloister::trust
