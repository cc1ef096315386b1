// Attacks through delegated roles, and with keys of all kinds; see trust_attack_test.cc.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "sync/trust/updater.h"
#include "tests/unit/sync/trust_attack_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using cloister::testing::KeyKind;
using cloister::testing::SignFile;
using cloister::testing::TestKey;
using nlohmann::json;
using reputation::RejectReason;

class DelegatedAttack : public Attack {
 protected:
  DelegatedAttack() {
    upstream_.states_hashes = false;
    upstream_.Delegate("targets", {"role", {"given/*"}});
    upstream_.AddTargetTo("role", "given/file", "content");
    upstream_.UpdateTargets();
  }

  // A refreshed client, as another run of the program would have it.
  absl::StatusOr<TargetFile> Find(const std::string& path) {
    if (absl::Status s = RestartAndRefresh(); !s.ok()) return s;
    return client_->FindTarget(upstream_, path, {.now = now_});
  }
  json& Roles() { return upstream_.targets["delegations"]["roles"]; }
};

TEST_F(DelegatedAttack, RoleSignsPathsThatItWasNotGiven) {
  upstream_.AddTargetTo("role", "other/file", "not its own");
  upstream_.AddTargetTo("role", "given/below/file", "not its own either");
  upstream_.UpdateDelegated("role");
  EXPECT_THAT(Find("given/file"), IsOk());
  EXPECT_THAT(Find("other/file"), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(Find("given/below/file"), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(DelegatedAttack, RoleGivesAwayPathsThatItWasNotGiven) {
  upstream_.Delegate("role", {"friend", {"*", "other/*"}});
  upstream_.AddTargetTo("friend", "other/file", "nobody's to give away");
  upstream_.UpdateDelegated("role");
  EXPECT_THAT(Find("other/file"), HasCode(absl::StatusCode::kNotFound));
}

TEST_F(DelegatedAttack, WrongKeys) {
  upstream_.delegated_signers["role"] = {TestKey()};
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataThreshold));
  EXPECT_EQ(client_->state().delegated.count("role"), 0u);
}

TEST_F(DelegatedAttack, KeysOfTheTopLevelDoNotSignForDelegatedRoles) {
  upstream_.delegated_signers["role"] = upstream_.signers[Role::kTargets];
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataThreshold));
}

TEST_F(DelegatedAttack, KeysOfADelegatedRoleDoNotSignForTheTopLevel) {
  upstream_.signers[Role::kTargets] = upstream_.delegated_signers["role"];
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataThreshold));
}

TEST_F(DelegatedAttack, UnsignedFile) {
  upstream_.delegated_signers["role"].clear();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataThreshold));
}

TEST_F(DelegatedAttack, ThresholdOfOneKeyTooFew) {
  Roles()[0]["threshold"] = 2;
  upstream_.UpdateTargets();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataThreshold));
}

TEST_F(DelegatedAttack, OneKeyUnderTwoIdsCountsOnce) {
  const TestKey key = upstream_.delegated_signers["role"][0];
  upstream_.targets["delegations"]["keys"]["alias"] =
      upstream_.targets["delegations"]["keys"][key.id()];
  Roles()[0]["keyids"].push_back("alias");
  Roles()[0]["threshold"] = 2;
  upstream_.UpdateTargets();
  json file = json::parse(upstream_.DelegatedBytes("role"));
  file["signatures"].push_back({{"keyid", "alias"}, {"sig", file["signatures"][0]["sig"]}});
  upstream_.replaced["1.role.json"] = file.dump();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataThreshold));
}

TEST_F(DelegatedAttack, Rollback) {
  upstream_.UpdateDelegated("role");
  ASSERT_THAT(Find("given/file"), IsOk());
  upstream_.delegated["role"]["version"] = 1;
  upstream_.UpdateSnapshot();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(DelegatedAttack, DisappearingRole) {
  ASSERT_THAT(Find("given/file"), IsOk());
  upstream_.delegated.erase("role");
  upstream_.snapshot["meta"].erase("role.json");
  upstream_.UpdateSnapshot();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataRollback));
}

TEST_F(DelegatedAttack, RoleThatTheSnapshotDoesNotList) {
  upstream_.delegated.erase("role");
  upstream_.snapshot["meta"].erase("role.json");
  upstream_.UpdateSnapshot();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataMissing));
}

TEST_F(DelegatedAttack, MissingFile) {
  upstream_.missing = {"1.role.json"};
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataMissing));
}

TEST_F(DelegatedAttack, MixAndMatch) {
  const std::string old = upstream_.DelegatedBytes("role");
  upstream_.UpdateDelegated("role");
  upstream_.replaced["2.role.json"] = old;
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataVersionMismatch));
  upstream_.states_hashes = true;
  upstream_.UpdateSnapshot();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataHashMismatch));
}

TEST_F(DelegatedAttack, Freeze) {
  upstream_.delegated["role"]["expires"] = "2030-02-07T12:00:00Z";
  ASSERT_THAT(Find("given/file"), IsOk());
  now_ += absl::Hours(7 * 24) - absl::Seconds(1);
  EXPECT_THAT(Find("given/file"), IsOk());
  now_ += absl::Seconds(1);
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataExpired));
  StartFrom(upstream_.InitialState());
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataExpired));
}

TEST_F(DelegatedAttack, EndlessData) {
  upstream_.ignores_bounds = true;
  upstream_.replaced["1.role.json"] = std::string(limits_.max_targets_bytes + 1, ' ');
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataTooLarge));
  upstream_.replaced.clear();
  upstream_.snapshot["meta"]["role.json"]["length"] = limits_.max_targets_bytes + 1;
  upstream_.snapshot["version"] = 3;
  upstream_.UpdateTimestamp();
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataTooLarge));
}

TEST_F(DelegatedAttack, FileOfAnotherRole) {
  upstream_.replaced["1.role.json"] =
      SignFile(upstream_.snapshot, upstream_.delegated_signers["role"]);
  EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataWrongRole));
}

TEST_F(DelegatedAttack, ChainWithoutEnd) {
  limits_.max_delegation_depth = 5;
  for (int i = 0; i < 10; ++i) {
    const std::string from = i == 0 ? "role" : absl::StrCat("chain", i - 1);
    upstream_.Delegate(from, {absl::StrCat("chain", i), {"given/*"}});
  }
  upstream_.UpdateTargets();
  StartFrom(upstream_.InitialState());
  EXPECT_THAT(Find("given/nowhere"), HasCode(absl::StatusCode::kResourceExhausted));
}

TEST_F(DelegatedAttack, MoreRolesThanAreAsked) {
  limits_.max_roles_visited = 5;
  for (int i = 0; i < 10; ++i) upstream_.Delegate("targets", {absl::StrCat("r", i), {"given/*"}});
  upstream_.UpdateTargets();
  StartFrom(upstream_.InitialState());
  EXPECT_THAT(Find("given/nowhere"), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_LE(client_->state().delegated.size(), 5u);
}

TEST_F(DelegatedAttack, MalformedDelegations) {
  const json good = upstream_.targets["delegations"];
  struct Case {
    const char* what;
    json patch;  // RFC 7396, of the delegations
  };
  json role = good["roles"][0];
  const auto with = [&](const json& patch) {
    json changed = role;
    changed.merge_patch(patch);
    return json{{"roles", {changed}}};
  };
  const Case cases[] = {
      {"not an object", json::array()},
      {"no keys", {{"keys", nullptr}}},
      {"no roles", {{"roles", nullptr}}},
      {"roles not a list", {{"roles", "role"}}},
      {"role twice", {{"roles", {role, role}}}},
      {"name of the top level", with({{"name", "root"}})},
      {"name of the top level", with({{"name", "timestamp"}})},
      {"empty name", with({{"name", ""}})},
      {"long name", with({{"name", std::string(73, 'a')}})},
      {"control character in a name", with({{"name", "a\nb"}})},
      {"no threshold", with({{"threshold", nullptr}})},
      {"threshold of none", with({{"threshold", 0}})},
      {"key id twice", with({{"keyids", {"a", "a"}}})},
      {"terminating neither true nor false", with({{"terminating", "yes"}})},
      {"no paths", with({{"paths", nullptr}})},
      {"paths of both kinds", with({{"path_hash_prefixes", {"00"}}})},
      {"not hexadecimal", with({{"paths", nullptr}, {"path_hash_prefixes", {"xy"}}})},
      {"empty prefix", with({{"paths", nullptr}, {"path_hash_prefixes", {""}}})},
      {"long pattern", with({{"paths", {std::string(1025, 'a')}}})},
      {"succinct roles (TAP 15)",
       {{"succinct_roles", {{"bit_length", 8}, {"name_prefix", "bin"}}}}},
  };
  for (const Case& c : cases) {
    upstream_.targets["delegations"] = good;
    upstream_.targets["delegations"].merge_patch(c.patch);
    upstream_.UpdateTargets();
    EXPECT_THAT(Find("given/file"), IsRejectedFor(RejectReason::kMetadataMalformed)) << c.what;
  }
}

TEST_F(DelegatedAttack, MoreDelegationsThanTheLimits) {
  upstream_.Delegate("targets", {"second", {"a", "b", "c"}});
  upstream_.UpdateTargets();
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  for (uint32_t Limits::*limit : {&Limits::max_delegation_keys, &Limits::max_delegated_roles,
                                  &Limits::max_delegation_paths}) {
    limits_ = Limits();
    limits_.*limit = 1;
    StartFrom(upstream_.InitialState());
    EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMalformed));
  }
}

TEST_F(Attack, RootKeysCompromisedBelowTheThreshold) {
  const std::vector<TestKey> old = upstream_.signers[Role::kRoot];
  std::vector<TestKey> keys = {TestKey(KeyKind::kEd25519), TestKey(KeyKind::kEcdsaP256),
                               TestKey(KeyKind::kRsaPss)};
  upstream_.SetKeys(Role::kRoot, keys, 2);
  upstream_.UpdateRoot(old);
  ASSERT_THAT(Refresh(), IsOk());
  for (const TestKey& stolen : keys) {
    testing::RepositorySimulator forged = upstream_;
    const TestKey own;
    forged.SetKeys(Role::kRoot, {own}, 1);
    forged.UpdateRoot({stolen, TestKey()});
    EXPECT_THAT(client_->Refresh(forged, {.now = now_}),
                IsRejectedFor(RejectReason::kMetadataThreshold));
  }
  EXPECT_EQ(client_->root().version, 2u);
}

TEST_F(Attack, OneKeyWrittenInTwoWaysCountsOnce) {
  for (KeyKind kind : {KeyKind::kEcdsaP256, KeyKind::kRsaPss}) {
    upstream_ = testing::RepositorySimulator(now_);
    StartFrom(upstream_.InitialState());
    TestKey key(kind);
    upstream_.SetKeys(Role::kTimestamp, {key}, 2);
    json again = upstream_.root["keys"][key.id()];
    again["keyval"]["public"] = again["keyval"]["public"].get<std::string>() + "\n";
    upstream_.root["keys"]["alias"] = again;
    upstream_.root["roles"]["timestamp"]["keyids"].push_back("alias");
    upstream_.UpdateRoot();
    json file = json::parse(upstream_.Bytes(Role::kTimestamp));
    file["signatures"].push_back({{"keyid", "alias"}, {"sig", file["signatures"][0]["sig"]}});
    upstream_.replaced["timestamp.json"] = file.dump();
    EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataThreshold));
  }
}

TEST_F(Attack, FastForwardIsUndoneByANewKey) {
  constexpr uint64_t kHighest = (uint64_t{1} << 53) - 1;
  ASSERT_THAT(Refresh(), IsOk());
  upstream_.snapshot["version"] = kHighest - 1;
  upstream_.targets["version"] = kHighest;
  upstream_.timestamp["version"] = kHighest - 1;
  upstream_.UpdateSnapshot();
  ASSERT_THAT(RestartAndRefresh(), IsOk());
  upstream_.snapshot["version"] = 2;
  upstream_.targets["version"] = 2;
  upstream_.timestamp["version"] = 2;
  upstream_.UpdateSnapshot();
  EXPECT_THAT(RestartAndRefresh(), IsRejectedFor(RejectReason::kMetadataRollback));
  upstream_.RotateKey(Role::kTimestamp);
  upstream_.RotateKey(Role::kSnapshot);
  upstream_.UpdateRoot();
  upstream_.UpdateTimestamp();
  EXPECT_THAT(RestartAndRefresh(), IsOk());
  EXPECT_EQ(client_->targets()->version, 2u);
}

TEST_F(Attack, VersionBeyondWhatIntegersHold) {
  upstream_.timestamp["version"] = uint64_t{1} << 53;
  EXPECT_THAT(Refresh(), IsRejectedFor(RejectReason::kMetadataMalformed));
}

// Targets, through the whole way that a client takes.
class TargetAttack : public Attack {
 protected:
  TargetAttack() {
    upstream_.AddTarget("file", "content");
    upstream_.UpdateTargets();
  }

  absl::Status Download() {
    if (absl::Status s = RestartAndRefresh(); !s.ok()) return s;
    absl::StatusOr<TargetFile> file = client_->FindTarget(upstream_, "file", {.now = now_});
    if (!file.ok()) return file.status();
    return FetchTarget(upstream_, "file", *file,
                       [](absl::string_view) { return absl::OkStatus(); });
  }
  std::string& Served() { return upstream_.target_files.begin()->second; }
};

TEST_F(TargetAttack, ArbitrarySoftware) {
  ASSERT_THAT(Download(), IsOk());
  Served() = "CONTENT";
  EXPECT_THAT(Download(), IsRejectedFor(RejectReason::kTargetHashMismatch));
}

TEST_F(TargetAttack, EndlessData) {
  upstream_.ignores_bounds = true;
  Served() += std::string(1 << 20, 'x');
  EXPECT_THAT(Download(), IsRejectedFor(RejectReason::kTargetTooLarge));
}

TEST_F(TargetAttack, Truncation) {
  Served().pop_back();
  EXPECT_THAT(Download(), IsRejectedFor(RejectReason::kTargetHashMismatch));
}

TEST_F(TargetAttack, MissingTarget) {
  upstream_.target_files.clear();
  EXPECT_THAT(Download(), IsRejectedFor(RejectReason::kTargetMissing));
}

TEST_F(TargetAttack, WrongSecondHash) {
  upstream_.targets["targets"]["file"]["hashes"]["sha512"] = std::string(128, '0');
  upstream_.UpdateTargets();
  EXPECT_THAT(Download(), IsRejectedFor(RejectReason::kTargetHashMismatch));
}

TEST_F(TargetAttack, TargetBeyondTheLimit) {
  upstream_.targets["targets"]["file"]["length"] = limits_.max_target_bytes + 1;
  upstream_.UpdateTargets();
  EXPECT_THAT(Download(), IsRejectedFor(RejectReason::kTargetTooLarge));
}

}  // namespace
}  // namespace cloister::trust
