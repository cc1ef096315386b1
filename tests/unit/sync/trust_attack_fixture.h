// An attacker who can serve what he likes to a client, and sometimes sign.

#pragma once

#include <string>

#include "gmock/gmock.h"
#include "sync/trust/updater.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {

inline constexpr Role kAllRoles[] = {Role::kRoot, Role::kTimestamp, Role::kSnapshot,
                                     Role::kTargets};
inline constexpr Role kLowerRoles[] = {Role::kTimestamp, Role::kSnapshot, Role::kTargets};

class Attack : public TrustFixture {
 protected:
  // The name under which the client asks for a role's file next.
  std::string FileName(Role role) {
    switch (role) {
      case Role::kRoot:
        return "2.root.json";
      case Role::kTimestamp:
        return "timestamp.json";
      case Role::kSnapshot:
        return upstream_.snapshot["version"].dump() + ".snapshot.json";
      case Role::kTargets:
        break;
    }
    return upstream_.targets["version"].dump() + ".targets.json";
  }

  // Refuses the repository that `breaks` made of a good one, for `reason`, and trusts no more
  // than before.
  template <typename Break>
  void ExpectRefused(Role role, reputation::RejectReason reason, Break breaks) {
    upstream_ = testing::RepositorySimulator(now_);
    upstream_.states_hashes = false;
    upstream_.UpdateTargets();
    StartFrom(upstream_.InitialState());
    breaks(upstream_.Signed(role));
    if (role == Role::kRoot) upstream_.UpdateRoot();
    EXPECT_THAT(Refresh(), testing::IsRejectedFor(reason)) << RoleName(role);
    EXPECT_EQ(client_->targets(), nullptr);
    EXPECT_EQ(client_->root().version, 1u);
  }
};

}  // namespace cloister::trust
