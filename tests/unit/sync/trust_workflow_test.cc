// What the client workflow does with a good repository.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sync/trust/updater.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using cloister::testing::TestKey;
using nlohmann::json;
using reputation::RejectReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Workflow : public TrustFixture {};

TEST_F(Workflow, TakesAllFourRoles) {
  upstream_.AddTarget("full-1-1.sst", "content");
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(upstream_.fetched,
              ElementsAre("2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"));
  EXPECT_EQ(client_->root().version, 1u);
  EXPECT_EQ(client_->timestamp()->version, 2u);
  EXPECT_EQ(client_->snapshot()->version, 2u);
  EXPECT_EQ(client_->targets()->version, 2u);
  EXPECT_EQ(client_->targets()->targets.at("full-1-1.sst").length, 7u);
  EXPECT_EQ(client_->state().targets, upstream_.Bytes(Role::kTargets));
  EXPECT_FALSE(client_->expired());
  EXPECT_THAT(client_->new_roots(), IsEmpty());
}

TEST_F(Workflow, HasNothingBeforeTheFirstRefresh) {
  EXPECT_EQ(client_->timestamp(), nullptr);
  EXPECT_EQ(client_->snapshot(), nullptr);
  EXPECT_EQ(client_->targets(), nullptr);
  EXPECT_EQ(client_->root().version, 1u);
}

TEST_F(Workflow, EqualTimestampFetchesNothingMore) {
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.fetched.clear();
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("2.root.json", "timestamp.json"));
  EXPECT_NE(client_->targets(), nullptr);
}

TEST_F(Workflow, EqualTimestampVersionKeepsTheTrustedFile) {
  ASSERT_THAT(Refresh(), IsOk());
  std::string kept = client_->state().timestamp;
  upstream_.SetExpires(Role::kTimestamp, now_ + absl::Hours(24 * 365));
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->state().timestamp, kept);
}

TEST_F(Workflow, NewTimestampAloneFetchesNothingElse) {
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.fetched.clear();
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("2.root.json", "timestamp.json"));
  EXPECT_EQ(client_->timestamp()->version, 2u);
}

TEST_F(Workflow, WorksWithoutStatedLengthsAndHashes) {
  upstream_.states_hashes = false;
  upstream_.UpdateTargets();
  EXPECT_THAT(Refresh(), IsOk());
  upstream_.UpdateTargets();
  EXPECT_THAT(RestartAndRefresh(), IsOk());
  EXPECT_EQ(client_->targets()->version, 3u);
}

TEST_F(Workflow, GoesOnWhereAnEarlierRefreshFailed) {
  upstream_.missing = {"1.targets.json"};
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMissing));
  EXPECT_NE(client_->snapshot(), nullptr);
  EXPECT_EQ(client_->targets(), nullptr);
  upstream_.missing.clear();
  upstream_.fetched.clear();
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("2.root.json", "timestamp.json", "1.targets.json"));
}

TEST_F(Workflow, KeepsTargetsWhenALaterRefreshFails) {
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.UpdateTargets();
  upstream_.missing = {"2.targets.json"};
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMissing));
  EXPECT_EQ(client_->snapshot()->version, 2u);
  EXPECT_EQ(client_->targets()->version, 1u);
}

TEST_F(Workflow, UnknownFieldsAreKeptAndSigned) {
  for (Role role : {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    upstream_.Signed(role)["x-later"] = {{"text", "\u00e9\n\"\\"}, {"list", {1, nullptr, true}}};
  }
  upstream_.root["keys"].front()["x-note"] = "a field of a key";
  upstream_.root["roles"]["mirrors"] = {{"keyids", nlohmann::json::array()}, {"threshold", 1}};
  upstream_.UpdateRoot();
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_THAT(client_->state().targets, ::testing::HasSubstr("x-later"));
  EXPECT_THAT(client_->state().root, ::testing::HasSubstr("x-later"));
  EXPECT_THAT(RestartAndRefresh(), IsOk());
}

TEST_F(Workflow, ReadsWhenTheTimestampWasIssued) {
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->timestamp()->issued, absl::InfinitePast());
  upstream_.timestamp["x-issued"] = "2030-01-31T11:59:00Z";
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->timestamp()->issued, now_ - absl::Minutes(1));
}

TEST_F(Workflow, RootRotationChainIsFollowedAndHandedOn) {
  for (int i = 0; i < 5; ++i) upstream_.RotateRootKey();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->root().version, 6u);
  ASSERT_THAT(client_->new_roots(), SizeIs(5));
  EXPECT_EQ(client_->new_roots().at(2), upstream_.PublishedRoot(2));
  EXPECT_EQ(client_->state().root, upstream_.PublishedRoot(6));
  EXPECT_THAT(RestartAndRefresh(), IsOk());
  EXPECT_THAT(client_->new_roots(), IsEmpty());
}

TEST_F(Workflow, KeysOfOtherRolesRotate) {
  ASSERT_THAT(Refresh(), IsOk());
  for (Role role : {Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    upstream_.RotateKey(role);
    upstream_.UpdateRoot();
    upstream_.UpdateTargets();
    EXPECT_THAT(RestartAndRefresh(), IsOk()) << RoleName(role);
    EXPECT_EQ(client_->state().timestamp, upstream_.Bytes(Role::kTimestamp));
    EXPECT_EQ(client_->state().snapshot, upstream_.Bytes(Role::kSnapshot));
    EXPECT_EQ(client_->state().targets, upstream_.Bytes(Role::kTargets));
  }
}

TEST_F(Workflow, ThresholdOfSeveralKeysIsMet) {
  std::vector<TestKey> keys(3);
  upstream_.SetKeys(Role::kTargets, keys, 2);
  upstream_.UpdateRoot();
  upstream_.signers[Role::kTargets] = {keys[2], keys[0]};
  upstream_.UpdateTargets();
  EXPECT_THAT(Refresh(), IsOk());
}

TEST_F(Workflow, SignaturesOfUnknownKeysAndKeyTypesAreNoHarm) {
  upstream_.signers[Role::kTimestamp].push_back(TestKey());
  upstream_.root["keys"]["another-kind"] = {
      {"keytype", "rsa"}, {"scheme", "rsassa-pss-sha256"}, {"keyval", {{"public", "PEM"}}}};
  upstream_.root["roles"]["timestamp"]["keyids"].push_back("another-kind");
  upstream_.root["roles"]["timestamp"]["keyids"].push_back("a key that is not there");
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsOk());
}

TEST_F(Workflow, ErrorsOfTheFetcherPassThrough) {
  class Unreachable : public Fetcher {
    absl::StatusOr<std::string> Metadata(absl::string_view, uint64_t) override {
      return absl::UnavailableError("no route");
    }
    absl::Status Target(absl::string_view, uint64_t, uint64_t, const ByteSink&) override {
      return absl::UnavailableError("no route");
    }
  } unreachable;
  EXPECT_THAT(client_->Refresh(unreachable, {.now = now_}),
              HasCode(absl::StatusCode::kUnavailable));
}

TEST_F(Workflow, ExpiredIntermediateRootDoesNotMatter) {
  upstream_.SetExpires(Role::kRoot, now_ - absl::Hours(1));
  upstream_.UpdateRoot();
  upstream_.SetExpires(Role::kRoot, now_ + absl::Hours(1));
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->root().version, 3u);
}

TEST_F(Workflow, ExpiredFilesAreTakenWhenAskedForAndReported) {
  for (Role role : {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    testing::RepositorySimulator upstream(now_);
    upstream.SetExpires(role, now_);
    if (role == Role::kRoot) upstream.UpdateRoot();
    upstream.UpdateTargets();
    StartFrom(upstream.InitialState());
    EXPECT_THAT(client_->Refresh(upstream, {.now = now_}),
                IsRejectedFor(RejectReason::kMetadataExpired));
    ASSERT_THAT(client_->Refresh(upstream,
                                 {.now = now_, .accept_expired_within = absl::InfiniteDuration()}),
                IsOk());
    EXPECT_TRUE(client_->expired()) << RoleName(role);
    ASSERT_THAT(client_->Refresh(upstream, {.now = now_ - absl::Seconds(1)}), IsOk());
    EXPECT_FALSE(client_->expired());
  }
}

TEST_F(Workflow, ExpiryIsJudgedToTheInstant) {
  const absl::Time expires = now_ + absl::Hours(24);
  upstream_.SetExpires(Role::kTimestamp, expires);
  struct Case {
    absl::Duration after;  // the expiry
    absl::Duration within;
    bool taken;
    bool expired;
  };
  const absl::Duration instant = absl::Nanoseconds(1);
  const absl::Duration hour = absl::Hours(1);
  const Case cases[] = {
      {-instant, absl::ZeroDuration(), true, false},
      {absl::ZeroDuration(), absl::ZeroDuration(), false, false},
      {instant, absl::ZeroDuration(), false, false},
      {absl::ZeroDuration(), -hour, false, false},
      {-instant, -hour, true, false},
      {-instant, hour, true, false},
      {absl::ZeroDuration(), instant, true, true},
      {absl::ZeroDuration(), hour, true, true},
      {hour, hour, true, true},
      {hour + instant, hour, false, false},
      {hour, hour - instant, false, false},
      {1000 * hour, absl::InfiniteDuration(), true, true},
  };
  for (const Case& c : cases) {
    StartFrom(upstream_.InitialState());
    absl::Status refreshed =
        client_->Refresh(upstream_, {.now = expires + c.after, .accept_expired_within = c.within});
    EXPECT_EQ(refreshed.ok(), c.taken) << c.after << " " << c.within;
    if (!c.taken) {
      EXPECT_THAT(refreshed, IsRejectedFor(RejectReason::kMetadataExpired));
    }
    EXPECT_EQ(client_->expired(), c.expired) << c.after << " " << c.within;
  }
}

TEST_F(Workflow, InconsistentSnapshotsAreReadOnlyWhereAskedFor) {
  upstream_.root["consistent_snapshot"] = false;
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMalformed));
  limits_.accept_inconsistent_snapshots = true;
  StartFrom(upstream_.InitialState());
  upstream_.fetched.clear();
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_THAT(upstream_.fetched, ElementsAre("2.root.json", "3.root.json", "timestamp.json",
                                             "snapshot.json", "targets.json"));
  json without = upstream_.root;
  without.erase("consistent_snapshot");
  without["version"] = 3;
  upstream_.replaced["3.root.json"] = testing::SignFile(without, upstream_.signers[Role::kRoot]);
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_FALSE(client_->root().consistent_snapshot);
}

TEST_F(Workflow, TargetsWithoutSha256AreReadOnlyWhereAskedFor) {
  upstream_.AddTarget("file", "content");
  upstream_.targets["targets"]["file"]["hashes"] = {{"sha512", std::string(128, 'a')}};
  upstream_.UpdateTargets();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMalformed));
  limits_.accept_targets_without_sha256 = true;
  StartFrom(upstream_.InitialState());
  EXPECT_THAT(Refresh(), IsOk());
}

TEST_F(Workflow, TheSameClientGoesOnAfterTheRotationLimit) {
  limits_.max_root_rotations = 2;
  StartFrom(upstream_.InitialState());
  for (int i = 0; i < 5; ++i) upstream_.RotateRootKey();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kRootRotationLimit));
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kRootRotationLimit));
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->root().version, 6u);
  EXPECT_THAT(client_->new_roots(), SizeIs(5));
}

TEST_F(Workflow, FastForwardRecoveryByRotatingTheTimestampKey) {
  upstream_.timestamp["version"] = 1'000'000;
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.timestamp["version"] = 1;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataRollback));
  upstream_.RotateKey(Role::kTimestamp);
  upstream_.UpdateRoot();
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->timestamp()->version, 1u);
}

TEST_F(Workflow, FastForwardRecoveryByRotatingTheSnapshotKey) {
  upstream_.snapshot["version"] = 1'000'000;
  upstream_.targets["version"] = 1'000'000;
  upstream_.UpdateSnapshot();
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.snapshot["version"] = 1;
  upstream_.targets["version"] = 1;
  upstream_.UpdateSnapshot();
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataRollback));
  upstream_.RotateKey(Role::kSnapshot);
  upstream_.UpdateRoot();
  upstream_.UpdateTimestamp();
  EXPECT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->targets()->version, 1u);
}

TEST_F(Workflow, FastForwardRecoverySurvivesARunThatEndsAtTheRoot) {
  upstream_.snapshot["version"] = 1'000'000;
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.snapshot["version"] = 1;
  upstream_.RotateKey(Role::kSnapshot);
  upstream_.UpdateRoot();
  upstream_.UpdateTimestamp();
  upstream_.missing = {"timestamp.json"};
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMissing));
  upstream_.missing.clear();
  EXPECT_THAT(RestartAndRefresh(), IsOk());
}

TEST_F(Workflow, AddingAKeyKeepsWhatIsTrusted) {
  ASSERT_THAT(Refresh(), IsOk());
  std::string old_timestamp = upstream_.Bytes(Role::kTimestamp);
  upstream_.UpdateTimestamp();
  ASSERT_THAT(Refresh(), IsOk());
  std::vector<TestKey> keys = upstream_.signers[Role::kTimestamp];
  keys.emplace_back();
  upstream_.SetKeys(Role::kTimestamp, keys, 1);
  upstream_.UpdateRoot();
  upstream_.replaced["timestamp.json"] = old_timestamp;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(Workflow, StateThatIsNotTrustedIsDroppedWithoutError) {
  ASSERT_THAT(Refresh(), IsOk());
  testing::RepositorySimulator other(now_);
  TrustedState state = client_->state();
  state.timestamp = other.Bytes(Role::kTimestamp);
  state.snapshot = "not JSON";
  StartFrom(state);
  EXPECT_EQ(client_->timestamp(), nullptr);
  EXPECT_EQ(client_->snapshot(), nullptr);
  ASSERT_NE(client_->targets(), nullptr);
  EXPECT_EQ(client_->state().timestamp, "");
  EXPECT_THAT(Refresh(), IsOk());
}

TEST_F(Workflow, RootOfTheStateMustBeSound) {
  auto create = [&](const std::string& root) {
    return Updater::Create({.root = root, .timestamp = "", .snapshot = "", .targets = ""}, limits_);
  };
  EXPECT_THAT(create(""), IsRejectedFor(RejectReason::kMetadataMalformed));
  EXPECT_THAT(create(upstream_.Bytes(Role::kTargets)),
              IsRejectedFor(RejectReason::kMetadataWrongRole));
  EXPECT_THAT(create(testing::SignFile(upstream_.root, {TestKey()})),
              IsRejectedFor(RejectReason::kMetadataThreshold));
  EXPECT_THAT(create(std::string(limits_.max_root_bytes + 1, ' ')),
              IsRejectedFor(RejectReason::kMetadataTooLarge));
}

}  // namespace
}  // namespace cloister::trust
