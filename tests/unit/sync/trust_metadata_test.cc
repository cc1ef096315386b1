// Form: each field of each role, missing, of the wrong type and out of range.

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sync/trust/metadata.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::HasCode;
using cloister::testing::IsOk;
using cloister::testing::IsRejectedFor;
using cloister::testing::RepositorySimulator;
using cloister::testing::SignFile;
using nlohmann::json;
using reputation::RejectReason;
using ::testing::HasSubstr;

// Parses form alone, by role.
absl::Status ParseForm(absl::string_view bytes, Role role, const Limits& limits) {
  absl::StatusOr<SignedFile> file = ParseSigned(bytes, role, limits);
  if (!file.ok()) return file.status();
  switch (role) {
    case Role::kRoot:
      return ParseRoot(*file, limits).status();
    case Role::kTimestamp:
      return ParseTimestamp(*file).status();
    case Role::kSnapshot:
      return ParseSnapshot(*file).status();
    case Role::kTargets:
      break;
  }
  return ParseTargets(*file, limits).status();
}

RepositorySimulator Good() {
  RepositorySimulator upstream(TestTime());
  upstream.AddTarget("full-1-1.sst", "content");
  upstream.UpdateTargets();
  return upstream;
}

struct Breach {
  Role role;
  std::string pointer;  // RFC 6901, into the signed part
  json value;           // discarded: removed
  std::string expected_place;
};

json Removed() { return json(json::value_t::discarded); }

class FieldBreaches : public ::testing::TestWithParam<Breach> {};

TEST_P(FieldBreaches, AreMalformedAndNamed) {
  const Breach& breach = GetParam();
  RepositorySimulator upstream = Good();
  ASSERT_THAT(ParseForm(upstream.Bytes(breach.role), breach.role, {}), IsOk());
  json& part = upstream.Signed(breach.role);
  json::json_pointer pointer(breach.pointer);
  if (breach.value.is_discarded()) {
    part[pointer.parent_pointer()].erase(pointer.back());
  } else {
    part[pointer] = breach.value;
  }
  absl::Status status = ParseForm(upstream.Bytes(breach.role), breach.role, {});
  EXPECT_THAT(status, IsRejectedFor(RejectReason::kMetadataMalformed)) << breach.pointer;
  EXPECT_THAT(std::string(status.message()), HasSubstr(breach.expected_place));
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(RoleName(breach.role))));
}

std::vector<Breach> CommonBreaches() {
  std::vector<Breach> breaches;
  for (Role role : {Role::kRoot, Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    for (const json& value : {Removed(), json(nullptr), json("1"), json(0), json(-1), json(true),
                              json(uint64_t{1} << 53)}) {
      breaches.push_back({role, "/version", value, "signed.version"});
    }
    for (const json& value :
         {Removed(), json(1), json(""), json("2030-01-01"), json("2030-01-01T00:00:00"),
          json("2030-13-01T00:00:00Z"), json("2030-01-01T00:00:00.Z"),
          json("2030-01-01T00:00:00.x5Z"), json("2030-01-01T00:00:00.1234567890Z"),
          json("2030-01-01T00:00:00,5Z"), json("infinite-future"), json("     infinite-future"),
          json("2030-01-01T00:00:00+01:00"), json(" 030-01-01T00:00:00Z")}) {
      breaches.push_back({role, "/expires", value, "signed.expires"});
    }
    breaches.push_back({role, "/_type", Removed(), "signed._type"});
    breaches.push_back({role, "/_type", 1, "signed._type"});
    breaches.push_back({role, "/spec_version", Removed(), "signed.spec_version"});
    breaches.push_back({role, "/spec_version", 1.0, "signed.spec_version"});
  }
  return breaches;
}

INSTANTIATE_TEST_SUITE_P(Common, FieldBreaches, ::testing::ValuesIn(CommonBreaches()));

INSTANTIATE_TEST_SUITE_P(
    Root, FieldBreaches,
    ::testing::Values(
        Breach{Role::kRoot, "/consistent_snapshot", Removed(), "signed.consistent_snapshot"},
        Breach{Role::kRoot, "/consistent_snapshot", false, "signed.consistent_snapshot"},
        Breach{Role::kRoot, "/consistent_snapshot", 1, "signed.consistent_snapshot"},
        Breach{Role::kRoot, "/keys", Removed(), "signed.keys"},
        Breach{Role::kRoot, "/keys", json::array(), "signed.keys"},
        Breach{Role::kRoot, "/keys/k", 1, "key"}, Breach{Role::kRoot, "/keys/", 1, "key"},
        Breach{Role::kRoot, "/roles", Removed(), "signed.roles"},
        Breach{Role::kRoot, "/roles/targets", Removed(), "signed.roles.targets"},
        Breach{Role::kRoot, "/roles/root/keyids", Removed(), "signed.roles.root.keyids"},
        Breach{Role::kRoot, "/roles/root/keyids", "k", "signed.roles.root.keyids"},
        Breach{Role::kRoot, "/roles/root/keyids/0", 1, "signed.roles.root.keyids"},
        Breach{Role::kRoot, "/roles/root/keyids", {"a", "a"}, "signed.roles.root.keyids"},
        Breach{Role::kRoot, "/roles/root/threshold", Removed(), "signed.roles.root.threshold"},
        Breach{Role::kRoot, "/roles/root/threshold", 0, "signed.roles.root.threshold"},
        Breach{Role::kRoot, "/roles/root/threshold", -1, "signed.roles.root.threshold"},
        Breach{Role::kRoot, "/roles/root/threshold", uint64_t{1} << 32,
               "signed.roles.root.threshold"}));

constexpr char kSnapshotMeta[] = "signed.meta.snapshot.json";

INSTANTIATE_TEST_SUITE_P(
    TimestampAndSnapshot, FieldBreaches,
    ::testing::Values(
        Breach{Role::kTimestamp, "/meta", Removed(), "signed.meta"},
        Breach{Role::kTimestamp, "/meta/snapshot.json", Removed(), kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json", 1, kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/version", Removed(), kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/version", 0, kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/length", 0, kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/length", "1", kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/hashes", 1, kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/hashes", json::object(), kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/hashes", {{"md5", "00"}}, kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/hashes/sha256", 1, kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/hashes/sha256", "00", kSnapshotMeta},
        Breach{Role::kTimestamp, "/meta/snapshot.json/hashes/sha256", std::string(64, 'A'),
               kSnapshotMeta},
        Breach{Role::kTimestamp, "/x-issued", "yesterday", "signed.x-issued"},
        Breach{Role::kSnapshot, "/meta", Removed(), "signed.meta"},
        Breach{Role::kSnapshot, "/meta", json::array(), "signed.meta"},
        Breach{Role::kSnapshot, "/meta/x.json", "1", "signed.meta.x.json"},
        Breach{Role::kSnapshot, "/meta/targets.json/version", Removed(), "targets.json.version"}));

INSTANTIATE_TEST_SUITE_P(
    Targets, FieldBreaches,
    ::testing::Values(
        Breach{Role::kTargets, "/targets", Removed(), "signed.targets"},
        Breach{Role::kTargets, "/targets", json::array(), "signed.targets"},
        Breach{Role::kTargets, "/targets/full-1-1.sst", 1, "full-1-1.sst"},
        Breach{Role::kTargets, "/targets/full-1-1.sst/length", Removed(), "full-1-1.sst.length"},
        Breach{Role::kTargets, "/targets/full-1-1.sst/length", -1, "full-1-1.sst.length"},
        Breach{Role::kTargets, "/targets/full-1-1.sst/hashes", Removed(), "full-1-1.sst.hashes"},
        Breach{Role::kTargets,
               "/targets/full-1-1.sst/hashes",
               {{"sha512", std::string(128, '0')}},
               "full-1-1.sst.hashes"},
        Breach{Role::kTargets, "/targets/full-1-1.sst/hashes/sha256", "../../../etc/passwd",
               "full-1-1.sst.hashes"}));

TEST(TargetPaths, ThatAreNoSafeFileNamesAreMalformed) {
  const std::string bad[] = {"",
                             "/",
                             "a/",
                             "a\nb",
                             "a\\b",
                             "\x7f",
                             "a\x01.sst",
                             std::string("a\0b", 3),
                             std::string(191, 'a'),
                             std::string(1000, 'a') + "/" + std::string(100, 'b')};
  for (const std::string& path : bad) {
    RepositorySimulator upstream = Good();
    upstream.AddTarget(path, "x");
    EXPECT_THAT(ParseForm(upstream.Bytes(Role::kTargets), Role::kTargets, {}),
                IsRejectedFor(RejectReason::kMetadataMalformed))
        << path;
  }
  for (const std::string& path :
       {std::string(190, 'a'), std::string("a/b/../c"), std::string("é")}) {
    RepositorySimulator upstream = Good();
    upstream.AddTarget(path, "x");
    EXPECT_THAT(ParseForm(upstream.Bytes(Role::kTargets), Role::kTargets, {}), IsOk()) << path;
  }
}

TEST(ParseSigned, RefusesMalformedEnvelopes) {
  const char* texts[] = {
      "",
      "[]",
      "{}",
      R"({"signed": {"_type": "root"}})",
      R"({"signatures": []})",
      R"({"signatures": {}, "signed": {}})",
      R"({"signatures": [1], "signed": {}})",
      R"({"signatures": [{"keyid": "a"}], "signed": {}})",
      R"({"signatures": [{"keyid": 1, "sig": "00"}], "signed": {}})",
      R"({"signatures": [], "signed": []})",
      R"({"signatures": [], "signed": null})",
      R"({"signatures": [], "signed": {}, "signed": {}})",
  };
  for (const char* text : texts) {
    EXPECT_THAT(ParseSigned(text, Role::kRoot, {}), IsRejectedFor(RejectReason::kMetadataMalformed))
        << text;
  }
}

TEST(Expiry, FractionsOfASecondAreCutOff) {
  for (const char* text : {"2030-01-01T00:00:07Z", "2030-01-01T00:00:07.9Z",
                           "2030-01-01T00:00:07.999Z", "2030-01-01T00:00:07.123456789Z"}) {
    RepositorySimulator upstream = Good();
    upstream.targets["expires"] = text;
    const SignedFile file = *ParseSigned(upstream.Bytes(Role::kTargets), Role::kTargets, Limits());
    ASSERT_OK_AND_ASSIGN(Targets targets, ParseTargets(file, {}));
    EXPECT_EQ(absl::FormatTime(absl::RFC3339_full, targets.expires, absl::UTCTimeZone()),
              "2030-01-01T00:00:07+00:00");
  }
}

TEST(MetadataLimits, BoundKeysSignaturesAndTargets) {
  RepositorySimulator upstream = Good();
  upstream.AddTarget("delta-1-2.sst", "more content");
  upstream.SetKeys(Role::kTargets, {testing::TestKey(), testing::TestKey()}, 1);
  std::string root = upstream.Bytes(Role::kRoot);
  std::string targets = upstream.Bytes(Role::kTargets);
  struct Case {
    std::function<void(Limits&)> narrow;
    Role role;
    RejectReason reason;
  };
  const Case cases[] = {
      {[](Limits& l) { l.max_keys = 5; }, Role::kRoot, RejectReason::kMetadataMalformed},
      {[](Limits& l) { l.max_signatures = 1; }, Role::kTargets, RejectReason::kMetadataMalformed},
      {[](Limits& l) { l.max_targets = 1; }, Role::kTargets, RejectReason::kMetadataMalformed},
      {[](Limits& l) { l.max_target_bytes = 11; }, Role::kTargets, RejectReason::kTargetTooLarge},
      {[](Limits& l) { l.max_targets_bytes = 100; }, Role::kTargets,
       RejectReason::kMetadataTooLarge},
      {[](Limits& l) { l.max_root_bytes = 100; }, Role::kRoot, RejectReason::kMetadataTooLarge},
      {[](Limits& l) { l.max_json_depth = 4; }, Role::kRoot, RejectReason::kMetadataMalformed},
  };
  for (const Case& c : cases) {
    const std::string& bytes = c.role == Role::kRoot ? root : targets;
    Limits limits;
    EXPECT_THAT(ParseForm(bytes, c.role, limits), IsOk());
    c.narrow(limits);
    EXPECT_THAT(ParseForm(bytes, c.role, limits), IsRejectedFor(c.reason));
  }
}

TEST(MetadataMessages, ShowNoMoreOfForeignNamesThanHelps) {
  RepositorySimulator upstream = Good();
  upstream.AddTarget(std::string(100'000, 'a') + "\n", "x");
  absl::Status status = ParseForm(upstream.Bytes(Role::kTargets), Role::kTargets, {});
  EXPECT_THAT(status, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_LT(status.message().size(), 600u);
}

}  // namespace
}  // namespace cloister::trust
