// Changes of the root: what may be staged and signed, and that clients follow at every instant.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "reputation/reject_reason.h"
#include "storage/files/files.h"
#include "sync/publisher/repository/metadata_json.h"
#include "sync/publisher/repository/root_edit.h"
#include "sync/publisher/repository/root_release.h"
#include "sync/publisher/repository/staged_root.h"
#include "sync/publisher/signing/signed_file.h"
#include "sync/transport/folder/folder_fetcher.h"
#include "sync/trust/key.h"
#include "sync/trust/updater.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using reputation::RejectReason;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsRejectedFor;
using trust::Role;

constexpr uint64_t kMaxFileBytes = 1 << 20;

std::string ReadText(const std::string& path) {
  return storage::ReadFile(path, kMaxFileBytes).value();
}

// An appliance: keeps what it trusts from one look to the next.
class Client {
 public:
  explicit Client(const std::string& repository) : repository_(repository) {
    state_.root = ReadText(repository + "/metadata/1.root.json");
  }
  absl::Status Look(absl::Time now) {
    absl::StatusOr<std::unique_ptr<trust::Updater>> updater =
        trust::Updater::Create(state_, trust::Limits());
    if (!updater.ok()) return updater.status();
    const auto fetcher = transport::FolderFetcher::Open(repository_);
    if (!fetcher.ok()) return fetcher.status();
    absl::Status refreshed = (*updater)->Refresh(**fetcher, {.now = now});
    state_ = (*updater)->state();
    root_version_ = (*updater)->root().version;
    return refreshed;
  }
  uint64_t root_version() const { return root_version_; }

 private:
  std::string repository_;
  trust::TrustedState state_;
  uint64_t root_version_ = 0;
};

class RootChangeTest : public ::testing::Test {
 protected:
  RootChangeTest() {
    EXPECT_THAT(feed_.Publish({FileEntry(1), FileEntry(2)}), IsOk());
    keys_ = {{Role::kTargets, feed_.signers.targets},
             {Role::kSnapshot, feed_.signers.snapshot},
             {Role::kTimestamp, feed_.signers.timestamp}};
  }

  std::unique_ptr<Repository> Open() { return Repository::Open(feed_.path()).value(); }
  absl::Time now() const { return feed_.options.now; }

  // The next root after the one in force, as `edit` makes it, without signatures.
  absl::StatusOr<StagedRoot> Stage(const std::function<void(trust::Root*)>& edit) {
    const std::unique_ptr<Repository> repository = Open();
    trust::Root next = repository->Load(now())->root;
    ++next.version;
    edit(&next);
    return StagedRoot::Make("threats", NewestRootFile(*repository).value(), next);
  }

  // A signed change that gives `role` a new key in place of the old one.
  StagedRoot Rotation(Role role) {
    new_key_ = SigningKey::Generate().value();
    StagedRoot staged = Stage([&](trust::Root* root) {
                          EXPECT_THAT(RemoveRoleKey(root, role, ""), IsOk());
                          EXPECT_THAT(AddRoleKey(root, role, new_key_->public_key()), IsOk());
                        }).value();
    EXPECT_THAT(staged.Sign(feed_.root_keys.front()), IsOk());
    return staged;
  }

  // Keys as they are brought along for a rotation of `role`.
  RoleKeyMap KeysFor(Role role, bool old_too) {
    RoleKeyMap keys = keys_;
    if (!old_too) keys[role].clear();
    keys[role].push_back(*new_key_);
    return keys;
  }

  static RootRelease FirstFiles(const RootRelease& release, size_t count) {
    RootRelease part = release;
    part.files.resize(count);
    return part;
  }

  PublishedFeed feed_;
  RoleKeyMap keys_;
  std::optional<SigningKey> new_key_;
};

class RotationTest : public RootChangeTest, public ::testing::WithParamInterface<Role> {};

TEST_P(RotationTest, AtEveryWriteEveryClientFindsAValidRepository) {
  Client old_client(feed_.path());
  ASSERT_THAT(old_client.Look(now()), IsOk());
  const StagedRoot staged = Rotation(GetParam());
  const std::unique_ptr<Repository> repository = Open();
  ASSERT_OK_AND_ASSIGN(RootRelease release,
                       PlanRootRelease(*repository, staged, KeysFor(GetParam(), true), now()));
  EXPECT_TRUE(release.gapless);
  EXPECT_EQ(release.files.size(), release.signed_again.size() + 1);
  for (const FileToPlace& file : release.files) {
    RootRelease one;
    one.files = {file};
    ASSERT_THAT(CarryOut(*repository, one), IsOk());
    EXPECT_THAT(Client(feed_.path()).Look(now()), IsOk()) << "after " << file.name;
    Client copy = old_client;
    EXPECT_THAT(copy.Look(now()), IsOk()) << "after " << file.name;
    EXPECT_THAT(old_client.Look(now()), IsOk()) << "after " << file.name;
  }
  EXPECT_EQ(old_client.root_version(), 2u);
}

TEST_P(RotationTest, ACrashAfterAnyWriteIsCarriedToItsEnd) {
  for (const bool old_too : {true, false}) {
    const StagedRoot staged = Rotation(GetParam());
    const RoleKeyMap keys = KeysFor(GetParam(), old_too);
    const std::string before = feed_.path() + ".before";
    std::filesystem::copy(feed_.path(), before, std::filesystem::copy_options::recursive);
    const size_t writes = PlanRootRelease(*Open(), staged, keys, now())->files.size();
    for (size_t done = 0; done <= writes; ++done) {
      SCOPED_TRACE(absl::StrCat("after ", done, " writes"));
      std::filesystem::remove_all(feed_.path());
      std::filesystem::copy(before, feed_.path(), std::filesystem::copy_options::recursive);
      const std::unique_ptr<Repository> repository = Open();
      ASSERT_OK_AND_ASSIGN(RootRelease first, PlanRootRelease(*repository, staged, keys, now()));
      EXPECT_EQ(first.gapless, old_too);
      ASSERT_THAT(CarryOut(*repository, FirstFiles(first, done)), IsOk());
      ASSERT_OK_AND_ASSIGN(RootRelease again, PlanRootRelease(*repository, staged, keys, now()));
      ASSERT_THAT(CarryOut(*repository, again), IsOk());
      Client client(feed_.path());
      EXPECT_THAT(client.Look(now()), IsOk());
      EXPECT_EQ(client.root_version(), 2u);
    }
    std::filesystem::remove_all(feed_.path());
    std::filesystem::rename(before, feed_.path());
  }
}

TEST_P(RotationTest, WithoutTheOldKeyAClientIsRefusedBetweenTheLastTwoWritesAlone) {
  Client client(feed_.path());
  ASSERT_THAT(client.Look(now()), IsOk());
  const StagedRoot staged = Rotation(GetParam());
  const std::unique_ptr<Repository> repository = Open();
  ASSERT_OK_AND_ASSIGN(RootRelease release,
                       PlanRootRelease(*repository, staged, KeysFor(GetParam(), false), now()));
  EXPECT_FALSE(release.gapless);
  for (size_t i = 0; i < release.files.size(); ++i) {
    RootRelease one;
    one.files = {release.files[i]};
    ASSERT_THAT(CarryOut(*repository, one), IsOk());
    const absl::Status looked = client.Look(now());
    if (i + 2 == release.files.size()) {
      EXPECT_THAT(looked, IsRejectedFor(RejectReason::kMetadataThreshold));
    } else {
      EXPECT_THAT(looked, IsOk()) << "after " << release.files[i].name;
    }
  }
}

TEST_P(RotationTest, ThePublisherGoesOnWithTheNewKeyAlone) {
  const StagedRoot staged = Rotation(GetParam());
  {
    const std::unique_ptr<Repository> repository = Open();
    EXPECT_THAT(PlanRootRelease(*repository, staged, keys_, now()),
                HasCode(absl::StatusCode::kFailedPrecondition));  // the new key is missing
    ASSERT_OK_AND_ASSIGN(RootRelease release,
                         PlanRootRelease(*repository, staged, KeysFor(GetParam(), true), now()));
    ASSERT_THAT(CarryOut(*repository, release), IsOk());
  }
  EXPECT_THAT(feed_.Publish({FileEntry(3)}), HasCode(absl::StatusCode::kFailedPrecondition));
  const std::pair<Role, std::vector<SigningKey>*> roles[] = {
      {Role::kTargets, &feed_.signers.targets},
      {Role::kSnapshot, &feed_.signers.snapshot},
      {Role::kTimestamp, &feed_.signers.timestamp}};
  for (const auto& [role, keys] : roles) {
    if (role == GetParam()) *keys = {*new_key_};
  }
  ASSERT_THAT(feed_.Publish({FileEntry(3)}), IsOk());
  EXPECT_EQ(feed_.Fetch()->size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Roles, RotationTest,
                         ::testing::Values(Role::kTargets, Role::kSnapshot, Role::kTimestamp),
                         [](const auto& row) { return std::string(trust::RoleName(row.param)); });

// The thief of a timestamp key raised its version as far as it goes, here where it is published and
// in what a client trusts.
TEST_F(RootChangeTest, AFastForwardEndsWithTheKeyThatMadeIt) {
  const std::string path = feed_.path() + "/metadata/timestamp.json";
  nlohmann::json part = nlohmann::json::parse(ReadText(path))["signed"];
  part["version"] = (uint64_t{1} << 53) - 1;
  ASSERT_OK_AND_ASSIGN(std::string forged, SignedFileBytes(part, feed_.signers.timestamp));
  ASSERT_THAT(storage::WriteFileAtomically(path, forged, 0644), IsOk());
  Client victim(feed_.path());
  ASSERT_THAT(victim.Look(now()), IsOk());

  const StagedRoot staged = Rotation(Role::kTimestamp);
  const std::unique_ptr<Repository> repository = Open();
  ASSERT_OK_AND_ASSIGN(
      RootRelease release,
      PlanRootRelease(*repository, staged, KeysFor(Role::kTimestamp, false), now()));
  ASSERT_THAT(CarryOut(*repository, release), IsOk());
  EXPECT_EQ(nlohmann::json::parse(ReadText(path))["signed"]["version"], 1);
  EXPECT_THAT(victim.Look(now()), IsOk());
  EXPECT_EQ(victim.root_version(), 2u);
}

// The same thief left a snapshot and a list of targets with the highest numbers in the folder.
TEST_F(RootChangeTest, FilesWithVersionsThatNobodyCountedToArePassedOver) {
  const std::string metadata = feed_.path() + "/metadata/";
  for (const char* name : {"9007199254740991.snapshot.json", "4294967296.targets.json"}) {
    ASSERT_THAT(storage::WriteFileAtomically(metadata + name, "{}", 0644), IsOk());
  }
  Client client(feed_.path());
  ASSERT_THAT(client.Look(now()), IsOk());
  ASSERT_THAT(feed_.Publish({FileEntry(3)}), IsOk());
  EXPECT_TRUE(std::filesystem::exists(metadata + "2.snapshot.json"));
  EXPECT_TRUE(std::filesystem::exists(metadata + "2.targets.json"));
  EXPECT_THAT(client.Look(now()), IsOk());
  const StagedRoot staged = Rotation(Role::kSnapshot);
  const std::unique_ptr<Repository> repository = Open();
  ASSERT_OK_AND_ASSIGN(RootRelease release,
                       PlanRootRelease(*repository, staged, KeysFor(Role::kSnapshot, true), now()));
  ASSERT_THAT(CarryOut(*repository, release), IsOk());
  EXPECT_TRUE(std::filesystem::exists(metadata + "3.snapshot.json"));
  EXPECT_THAT(client.Look(now()), IsOk());
}

TEST_F(RootChangeTest, NothingIsPublishedUponARaisedVersion) {
  const std::string path = feed_.path() + "/metadata/timestamp.json";
  nlohmann::json part = nlohmann::json::parse(ReadText(path))["signed"];
  part["version"] = kMaxCountedVersion;
  ASSERT_OK_AND_ASSIGN(std::string forged, SignedFileBytes(part, feed_.signers.timestamp));
  ASSERT_THAT(storage::WriteFileAtomically(path, forged, 0644), IsOk());
  const absl::StatusOr<PublishResult> published = feed_.Publish({FileEntry(3)});
  EXPECT_THAT(published, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(published.status().message()), HasSubstr("docs/key-ceremony.md"));
  EXPECT_EQ(ReadText(path), forged);
}

TEST_F(RootChangeTest, RootKeysAreRotatedByThresholdsOfBothRoots) {
  ASSERT_OK_AND_ASSIGN(SigningKey alice, SigningKey::Generate());
  ASSERT_OK_AND_ASSIGN(SigningKey bob, SigningKey::Generate(KeyAlgorithm::kEcdsaP256));
  ASSERT_OK_AND_ASSIGN(StagedRoot staged, Stage([&](trust::Root* root) {
                         ASSERT_THAT(RemoveRoleKey(root, Role::kRoot, ""), IsOk());
                         ASSERT_THAT(AddRoleKey(root, Role::kRoot, alice.public_key()), IsOk());
                         ASSERT_THAT(AddRoleKey(root, Role::kRoot, bob.public_key()), IsOk());
                         root->roles[Role::kRoot].threshold = 2;
                       }));
  // Each is needed: the old root's key, and both of the new one's.
  for (const SigningKey* key : {&alice, &feed_.root_keys.front(), &bob}) {
    const absl::StatusOr<std::string> early = staged.Complete();
    EXPECT_THAT(early, HasCode(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(std::string(early.status().message()), HasSubstr("missing are"));
    ASSERT_OK_AND_ASSIGN(staged, StagedRoot::Parse(staged.ToText()));  // it travels as a file
    ASSERT_THAT(staged.Sign(*key), IsOk());
  }
  const std::unique_ptr<Repository> repository = Open();
  ASSERT_OK_AND_ASSIGN(RootRelease release, PlanRootRelease(*repository, staged, {}, now()));
  ASSERT_EQ(release.files.size(), 1u);
  ASSERT_THAT(CarryOut(*repository, release), IsOk());
  Client client(feed_.path());
  EXPECT_THAT(client.Look(now()), IsOk());
  EXPECT_EQ(client.root_version(), 2u);
}

TEST_F(RootChangeTest, KeysThatDoNotCountAndSecondSignaturesAreRefused) {
  ASSERT_OK_AND_ASSIGN(StagedRoot staged, Stage([](trust::Root*) {}));
  EXPECT_THAT(staged.Sign(feed_.signers.targets.front()),
              HasCode(absl::StatusCode::kPermissionDenied));
  ASSERT_THAT(staged.Sign(feed_.root_keys.front()), IsOk());
  EXPECT_THAT(staged.Sign(feed_.root_keys.front()), HasCode(absl::StatusCode::kAlreadyExists));
}

TEST_F(RootChangeTest, ARootThatNobodyCouldFollowIsNotStaged) {
  const auto with_threshold = [](Role role, uint32_t threshold) {
    return [role, threshold](trust::Root* root) { root->roles[role].threshold = threshold; };
  };
  const std::function<void(trust::Root*)> edits[] = {
      with_threshold(Role::kRoot, 0),
      with_threshold(Role::kRoot, 2),
      with_threshold(Role::kTimestamp, 2),
      [](trust::Root* root) { ASSERT_THAT(RemoveRoleKey(root, Role::kTargets, ""), IsOk()); },
      [](trust::Root* root) { ++root->version; },  // a gap
      [](trust::Root* root) { --root->version; },
  };
  for (const auto& edit : edits) {
    const absl::StatusOr<StagedRoot> staged = Stage(edit);
    EXPECT_FALSE(staged.ok());
  }
  // One key under two ids is one key, for which two signatures cannot be had.
  const absl::StatusOr<StagedRoot> twice = Stage([](trust::Root* root) {
    trust::RoleKeys& role = root->roles[Role::kRoot];
    root->keys["00"] = root->keys.at(role.key_ids.front());
    role.key_ids.push_back("00");
    role.threshold = 2;
  });
  EXPECT_THAT(twice, HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST_F(RootChangeTest, AFileThatWasAlteredIsNotRead) {
  ASSERT_OK_AND_ASSIGN(StagedRoot staged, Stage([](trust::Root*) {}));
  ASSERT_THAT(staged.Sign(feed_.root_keys.front()), IsOk());
  const std::function<void(nlohmann::json*)> alterations[] = {
      [](nlohmann::json* file) { (*file)["next"]["signed"]["expires"] = "2040-01-01T00:00:00Z"; },
      [](nlohmann::json* file) { (*file)["next"]["signatures"][0]["keyid"] = "00"; },
      [](nlohmann::json* file) { (*file)["next"]["signed"]["version"] = 7; },
      [](nlohmann::json* file) { (*file)["current"]["signed"]["version"] = 6; },
      [](nlohmann::json* file) { (*file)["current"] = nullptr; },
      [](nlohmann::json* file) { (*file)["cloister_root_change"] = 2; },
      [](nlohmann::json* file) { file->erase("next"); },
      [](nlohmann::json* file) { *file = nlohmann::json::array(); },
  };
  for (const auto& alter : alterations) {
    nlohmann::json file = nlohmann::json::parse(staged.ToText());
    alter(&file);
    EXPECT_FALSE(StagedRoot::Parse(file.dump()).ok()) << file.dump().substr(0, 200);
  }
  // Without signatures nothing shows but the fingerprint, which holders read to each other.
  nlohmann::json unsigned_file = nlohmann::json::parse(staged.ToText());
  unsigned_file["next"]["signatures"] = nlohmann::json::array();
  unsigned_file["next"]["signed"]["expires"] = "2040-01-01T00:00:00Z";
  ASSERT_OK_AND_ASSIGN(StagedRoot other, StagedRoot::Parse(unsigned_file.dump()));
  EXPECT_NE(other.Fingerprint(), staged.Fingerprint());
}

// A thief at the publishing machine stages what looks like a mere renewal.
TEST_F(RootChangeTest, NoKeyHidesUnderTheIdOfAnother) {
  ASSERT_OK_AND_ASSIGN(const StagedRoot staged, Stage([](trust::Root*) {}));
  const trust::PublicKey foreign = feed_.signers.timestamp.front().public_key();
  for (const Role role : {Role::kRoot, Role::kTargets, Role::kSnapshot}) {
    nlohmann::json file = nlohmann::json::parse(staged.ToText());
    nlohmann::json& root = file["next"]["signed"];
    const std::string id = root["roles"][std::string(trust::RoleName(role))]["keyids"][0];
    root["keys"][id] = trust::PublicKeyToJson(foreign);
    EXPECT_THAT(StagedRoot::Parse(file.dump()), HasCode(absl::StatusCode::kDataLoss)) << id;
  }
}

TEST_F(RootChangeTest, WhatIsShownSteersNoTerminal) {
  ASSERT_OK_AND_ASSIGN(const StagedRoot staged, Stage([](trust::Root*) {}));
  const std::string rewind = "\x1b[2J\x1b[H";
  nlohmann::json named = nlohmann::json::parse(staged.ToText());
  named["feed"] = "threats" + rewind;
  nlohmann::json listed = nlohmann::json::parse(staged.ToText());
  nlohmann::json& root = listed["next"]["signed"];
  nlohmann::json& ids = root["roles"]["targets"]["keyids"];
  root["keys"][rewind] = root["keys"][std::string(ids[0])];
  ids = {rewind};
  nlohmann::json signed_by = nlohmann::json::parse(staged.ToText());
  signed_by["next"]["signatures"] = {{{"keyid", rewind}, {"sig", "00"}}};
  for (const nlohmann::json& file : {named, listed, signed_by}) {
    const absl::StatusOr<StagedRoot> read = StagedRoot::Parse(file.dump());
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.status().message().find('\x1b'), absl::string_view::npos) << read.status();
  }
}

TEST_F(RootChangeTest, ARootKeySignsForNothingElse) {
  trust::Root root = Open()->Load(now())->root;
  EXPECT_THAT(AddRoleKey(&root, Role::kTargets, feed_.root_keys.front().public_key()),
              HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(AddRoleKey(&root, Role::kRoot, feed_.signers.timestamp.front().public_key()),
              HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(AddRoleKey(&root, Role::kRoot, feed_.root_keys.front().public_key()),
              HasCode(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(RemoveRoleKey(&root, Role::kRoot, "0000"),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(RemoveRoleKey(&root, Role::kRoot, "00000000"), HasCode(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(SigningKey second, SigningKey::Generate());
  ASSERT_THAT(AddRoleKey(&root, Role::kRoot, second.public_key()), IsOk());
  EXPECT_THAT(RemoveRoleKey(&root, Role::kRoot, ""), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(RemoveRoleKey(&root, Role::kRoot, second.key_id().substr(0, 8)), IsOk());
  EXPECT_EQ(root.keys.count(second.key_id()), 0u);
}

// A root in force that was not made by those who may does not get past the publisher itself.
TEST_F(RootChangeTest, AForgedRootIsNotFollowed) {
  ASSERT_OK_AND_ASSIGN(SigningKey thief, SigningKey::Generate());
  trust::Root forged = Open()->Load(now())->root;
  ++forged.version;
  ASSERT_THAT(AddRoleKey(&forged, Role::kRoot, thief.public_key()), IsOk());
  ASSERT_OK_AND_ASSIGN(std::string bytes, SignedFileBytes(RootJson(forged), {thief}));
  ASSERT_THAT(storage::WriteFileAtomically(feed_.path() + "/metadata/2.root.json", bytes, 0644),
              IsOk());
  EXPECT_THAT(Open()->Load(now()), IsRejectedFor(RejectReason::kMetadataThreshold));
  EXPECT_THAT(Client(feed_.path()).Look(now()), IsRejectedFor(RejectReason::kMetadataThreshold));
}

}  // namespace
}  // namespace cloister::publisher
