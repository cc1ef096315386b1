// Each test is an attack (The Update Framework 1.0, section 1.5.2) or a breach of the
// specification, and each is refused by its own reason.

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "gmock/gmock.h"
#include "sync/trust/updater.h"
#include "tests/unit/sync/trust_attack_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using cloister::testing::RepositorySimulator;
using cloister::testing::SignFile;
using cloister::testing::TestKey;
using nlohmann::json;
using reputation::RejectReason;

TEST_F(Attack, ArbitrarySoftware) {
  ASSERT_THAT(Refresh(), IsOk());
  const TrustedState before = client_->state();
  for (Role role : kAllRoles) {
    upstream_.replaced.clear();
    json forged = upstream_.Signed(role);
    forged["version"] = 2;
    upstream_.UpdateTargets();
    upstream_.replaced[FileName(role)] = SignFile(forged, {TestKey()});
    Limits limits;
    auto fresh = Updater::Create(before, limits);
    ASSERT_THAT(fresh, IsOk());
    absl::Status status = (*fresh)->Refresh(upstream_, {.now = now_});
    EXPECT_FALSE(status.ok()) << RoleName(role);
    EXPECT_EQ((*fresh)->state().targets, before.targets);
  }
}

TEST_F(Attack, WrongKeys) {
  upstream_.states_hashes = false;
  upstream_.UpdateTargets();
  for (Role role : kLowerRoles) {
    auto good = upstream_.signers;
    upstream_.signers[role] = {TestKey()};
    EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold)) << RoleName(role);
    upstream_.signers = good;
  }
}

TEST_F(Attack, KeyOfAnotherRole) {
  upstream_.states_hashes = false;
  upstream_.UpdateTargets();
  auto good = upstream_.signers;
  for (Role role : kLowerRoles) {
    upstream_.signers[role] =
        role == Role::kTargets ? good[Role::kTimestamp] : good[Role::kTargets];
    EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold)) << RoleName(role);
    upstream_.signers = good;
  }
}

TEST_F(Attack, UnsignedFiles) {
  upstream_.states_hashes = false;
  upstream_.UpdateTargets();
  for (Role role : kLowerRoles) {
    auto good = upstream_.signers;
    upstream_.signers[role].clear();
    EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold)) << RoleName(role);
    upstream_.signers = good;
  }
}

TEST_F(Attack, AlteredAfterSigning) {
  std::string bytes = upstream_.Bytes(Role::kTimestamp);
  size_t place = bytes.find("\"version\": 1");
  ASSERT_NE(place, std::string::npos);
  bytes[place + 11] = '2';
  upstream_.replaced["timestamp.json"] = bytes;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold));
}

TEST_F(Attack, ThresholdOfOneKeyTooFew) {
  std::vector<TestKey> keys(3);
  upstream_.SetKeys(Role::kTimestamp, keys, 2);
  upstream_.UpdateRoot();
  upstream_.signers[Role::kTimestamp] = {keys[0]};
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold));
  upstream_.signers[Role::kTimestamp] = {keys[0], TestKey()};
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold));
  upstream_.signers[Role::kTimestamp] = {keys[0], keys[1]};
  EXPECT_THAT(Refresh(), IsOk());
}

TEST_F(Attack, DuplicatedSignatures) {
  std::vector<TestKey> keys(2);
  upstream_.SetKeys(Role::kTimestamp, keys, 2);
  upstream_.UpdateRoot();
  upstream_.signers[Role::kTimestamp] = {keys[0], keys[0]};
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMalformed));
}

TEST_F(Attack, DuplicatedKeyIdsInARole) {
  std::vector<TestKey> keys(2);
  upstream_.SetKeys(Role::kTimestamp, {keys[0], keys[0]}, 2);
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMalformed));
}

TEST_F(Attack, OneKeyUnderTwoIdsCountsOnce) {
  TestKey key;
  upstream_.SetKeys(Role::kTimestamp, {key}, 2);
  json again = upstream_.root["keys"][key.id()];
  again["keyval"]["public"] = absl::AsciiStrToUpper(again["keyval"]["public"].get<std::string>());
  upstream_.root["keys"]["alias"] = again;
  upstream_.root["roles"]["timestamp"]["keyids"].push_back("alias");
  upstream_.UpdateRoot();
  json file = json::parse(upstream_.Bytes(Role::kTimestamp));
  file["signatures"].push_back({{"keyid", "alias"}, {"sig", file["signatures"][0]["sig"]}});
  upstream_.replaced["timestamp.json"] = file.dump();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold));
}

TEST_F(Attack, RootNotSignedByItsPredecessor) {
  upstream_.RotateKey(Role::kRoot);
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold));
  EXPECT_EQ(client_->root().version, 1u);
}

TEST_F(Attack, RootNotSignedByItself) {
  std::vector<TestKey> old = upstream_.signers[Role::kRoot];
  upstream_.RotateKey(Role::kRoot);
  upstream_.signers[Role::kRoot] = old;
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold));
  EXPECT_EQ(client_->root().version, 1u);
}

TEST_F(Attack, RollbackOfTheRoot) {
  upstream_.UpdateRoot();
  upstream_.PublishedRoot(2) = upstream_.PublishedRoot(1);
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(Attack, RootVersionSkipped) {
  upstream_.root["version"] = 2;
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataVersionMismatch));
}

TEST_F(Attack, RootRotationLimit) {
  limits_.max_root_rotations = 3;
  StartFrom(upstream_.InitialState());
  for (int i = 0; i < 5; ++i) upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kRootRotationLimit));
  EXPECT_EQ(client_->root().version, 4u);
  // What was passed is kept, so that the next run reaches the end.
  EXPECT_THAT(RestartAndRefresh(), IsOk());
  EXPECT_EQ(client_->root().version, 6u);
}

TEST_F(Attack, RollbackOfTheTimestamp) {
  upstream_.UpdateTimestamp();
  std::string old = upstream_.Bytes(Role::kTimestamp);
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.replaced["timestamp.json"] = old;
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
  EXPECT_EQ(client_->timestamp()->version, 3u);
}

TEST_F(Attack, RollbackOfTheTimestampAfterItExpired) {
  std::string old = upstream_.Bytes(Role::kTimestamp);
  upstream_.SetExpires(Role::kTimestamp, now_ + absl::Hours(1));
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Refresh(), IsOk());
  now_ += absl::Hours(2);
  upstream_.replaced["timestamp.json"] = old;
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(Attack, RollbackOfTheSnapshotThatTheTimestampNames) {
  upstream_.UpdateSnapshot();
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.snapshot["version"] = 1;
  upstream_.UpdateTimestamp();
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(Attack, RollbackOfTheTargetsThatTheSnapshotNames) {
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.targets["version"] = 1;
  upstream_.UpdateSnapshot();
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
  EXPECT_EQ(client_->targets()->version, 2u);
}

TEST_F(Attack, DisappearingEntryOfTheSnapshot) {
  upstream_.snapshot["meta"]["role1.json"] = {{"version", 1}};
  upstream_.UpdateSnapshot();
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.snapshot["meta"].erase("role1.json");
  upstream_.UpdateSnapshot();
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(Attack, DisappearingTargetsEntry) {
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.snapshot["meta"].erase("targets.json");
  upstream_.snapshot["version"] = 2;
  upstream_.UpdateTimestamp();
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
  StartFrom(upstream_.InitialState());
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMalformed));
}

TEST_F(Attack, Freeze) {
  ASSERT_THAT(Refresh(), IsOk());
  now_ += absl::Hours(30 * 24) - absl::Seconds(1);
  EXPECT_THAT(RestartAndRefresh(), IsOk());
  now_ += absl::Seconds(1);
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataExpired));
  EXPECT_NE(client_->targets(), nullptr);
}

TEST_F(Attack, FreezeOfEachRole) {
  ASSERT_THAT(Refresh(), IsOk());
  for (Role role : kAllRoles) {
    RepositorySimulator upstream(now_);
    upstream.SetExpires(role, now_ + absl::Hours(1));
    if (role == Role::kRoot) upstream.UpdateRoot();
    upstream.UpdateTargets();
    StartFrom(upstream.InitialState());
    ASSERT_THAT(client_->Refresh(upstream, {.now = now_}), IsOk());
    // Nothing changed upstream, and still each file's own expiry counts.
    EXPECT_THAT(client_->Refresh(upstream, {.now = now_ + absl::Hours(1)}),
                IsRejectedFor(RejectReason::kMetadataExpired))
        << RoleName(role);
  }
}

TEST_F(Attack, ExpiredTimestampIsNotKept) {
  upstream_.SetExpires(Role::kTimestamp, now_);
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataExpired));
  EXPECT_EQ(client_->state().timestamp, "");
}

TEST_F(Attack, ClockSetBackDoesNotMatterToRollback) {
  std::string old = upstream_.Bytes(Role::kTimestamp);
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Refresh(), IsOk());
  now_ -= absl::Hours(24 * 365);
  upstream_.replaced["timestamp.json"] = old;
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(Attack, MixAndMatchOfSnapshots) {
  std::string old = upstream_.Bytes(Role::kSnapshot);
  upstream_.UpdateSnapshot();
  upstream_.replaced["2.snapshot.json"] = old;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataHashMismatch));
}

TEST_F(Attack, MixAndMatchOfTargets) {
  std::string old = upstream_.Bytes(Role::kTargets);
  upstream_.UpdateTargets();
  upstream_.replaced["2.targets.json"] = old;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataHashMismatch));
}

TEST_F(Attack, MixAndMatchWhereNoHashesAreStated) {
  upstream_.states_hashes = false;
  std::string old_snapshot = upstream_.Bytes(Role::kSnapshot);
  std::string old_targets = upstream_.Bytes(Role::kTargets);
  upstream_.UpdateTargets();
  upstream_.replaced["2.targets.json"] = old_targets;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataVersionMismatch));
  upstream_.replaced["2.snapshot.json"] = old_snapshot;
  StartFrom(upstream_.InitialState());
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataVersionMismatch));
}

TEST_F(Attack, SameVersionWithOtherContentIsFetchedAndChecked) {
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.AddTarget("full-1-1.sst", "content");
  upstream_.snapshot["version"] = 0;
  upstream_.UpdateSnapshot();  // version 1 again, listing other targets version 1
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->state().targets, upstream_.Bytes(Role::kTargets));
}

TEST_F(Attack, EndlessData) {
  upstream_.ignores_bounds = true;
  upstream_.UpdateRoot();
  for (Role role : kAllRoles) {
    upstream_.replaced.clear();
    upstream_.replaced[FileName(role)] = std::string(6 << 20, ' ');
    StartFrom(upstream_.InitialState());
    EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataTooLarge)) << RoleName(role);
  }
}

TEST_F(Attack, StatedLengthAboveTheLimit) {
  upstream_.timestamp["meta"]["snapshot.json"]["length"] = limits_.max_snapshot_bytes + 1;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataTooLarge));
}

TEST_F(Attack, LongerThanStated) {
  upstream_.timestamp["meta"]["snapshot.json"]["length"] = 10;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataTooLarge));
}

TEST_F(Attack, ShorterThanStated) {
  upstream_.timestamp["meta"]["snapshot.json"]["length"] = 100'000;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataHashMismatch));
}

TEST_F(Attack, MissingFiles) {
  for (Role role : kLowerRoles) {
    upstream_.missing = {FileName(role)};
    StartFrom(upstream_.InitialState());
    EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMissing)) << RoleName(role);
  }
}

TEST_F(Attack, FileOfAnotherRole) {
  for (Role role : kAllRoles) {
    ExpectRefused(role, RejectReason::kMetadataWrongRole, [&](json& part) {
      part["_type"] = role == Role::kTargets ? "snapshot" : "targets";
    });
  }
}

TEST_F(Attack, WrongSpecificationVersion) {
  for (Role role : kAllRoles) {
    for (const char* version : {"2.0.0", "0.9", "10.0", "", "one"}) {
      ExpectRefused(role, RejectReason::kMetadataWrongRole,
                    [&](json& part) { part["spec_version"] = version; });
    }
  }
}

TEST_F(Attack, FloatNumbers) {
  for (Role role : kAllRoles) {
    ExpectRefused(role, RejectReason::kMetadataMalformed,
                  [](json& part) { part["x-extra"] = 1.5; });
  }
}

TEST_F(Attack, DeepJson) {
  json deep = 1;
  for (uint32_t i = 0; i < limits_.max_json_depth; ++i) deep = json::array({deep});
  for (Role role : kAllRoles) {
    ExpectRefused(role, RejectReason::kMetadataMalformed,
                  [&](json& part) { part["x-extra"] = deep; });
  }
}

TEST_F(Attack, HugeJson) {
  for (Role role : kAllRoles) {
    ExpectRefused(role, RejectReason::kMetadataTooLarge,
                  [](json& part) { part["x-extra"] = std::string(5 << 20, 'a'); });
  }
}

}  // namespace
}  // namespace cloister::trust
