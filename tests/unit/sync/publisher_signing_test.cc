#include <sys/stat.h>

#include <string>

#include "absl/strings/escaping.h"
#include "nlohmann/json.hpp"
#include "storage/files/files.h"
#include "sync/publisher/signing/key_directory.h"
#include "sync/publisher/signing/signed_file.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/key.h"
#include "sync/trust/metadata.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sync/publisher_fixture.h"

namespace cloister::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::TemporaryDirectory;

mode_t ModeOf(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

TEST(SigningKey, SavesAndLoadsTheSamePairForItsOwnerOnly) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Generate());
  const std::string path = directory / "targets.pem";
  ASSERT_THAT(key.Save(path), IsOk());
  EXPECT_EQ(ModeOf(path), 0600u);
  ASSERT_OK_AND_ASSIGN(SigningKey loaded, SigningKey::Load(path));
  EXPECT_EQ(loaded.key_id(), key.key_id());
  EXPECT_EQ(loaded.public_key().public_value, key.public_key().public_value);
  EXPECT_EQ(key.key_id(), trust::KeyId(key.public_key()));
  ASSERT_OK_AND_ASSIGN(SigningKey other, SigningKey::Generate());
  EXPECT_NE(other.key_id(), key.key_id());
}

TEST(SigningKey, SignsWhatVerificationAccepts) {
  ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Generate());
  ASSERT_OK_AND_ASSIGN(std::string signature, key.Sign("a message"));
  const std::string hex = absl::BytesToHexString(signature);
  EXPECT_TRUE(trust::VerifySignature(key.public_key(), "a message", hex));
  EXPECT_FALSE(trust::VerifySignature(key.public_key(), "another message", hex));
}

// RFC 8032, section 7.1, test 2, as PKCS#8.
TEST(SigningKey, AgreesWithTheStandardsVector) {
  TemporaryDirectory directory;
  const std::string der = absl::HexStringToBytes(
      "302e020100300506032b6570042204204ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8"
      "a6fb");
  const std::string path = directory / "key.pem";
  ASSERT_THAT(
      storage::WriteFileAtomically(path, "-----BEGIN PRIVATE KEY-----\n" + absl::Base64Escape(der) +
                                             "\n-----END PRIVATE KEY-----\n"),
      IsOk());
  ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Load(path));
  EXPECT_EQ(key.public_key().public_value,
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  ASSERT_OK_AND_ASSIGN(std::string signature, key.Sign("\x72"));
  EXPECT_EQ(absl::BytesToHexString(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(SigningKey, IsNeverOverwritten) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Generate());
  ASSERT_THAT(key.Save(directory / "root.pem"), IsOk());
  EXPECT_THAT(key.Save(directory / "root.pem"), HasCode(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(CreateKeys(directory.path(), PlainKeys()), HasCode(absl::StatusCode::kAlreadyExists));
}

TEST(SigningKey, RefusesFilesThatAreNotOne) {
  TemporaryDirectory directory;
  const std::string path = directory / "key.pem";
  EXPECT_THAT(SigningKey::Load(path), HasCode(absl::StatusCode::kNotFound));
  ASSERT_THAT(storage::WriteFileAtomically(path, "not a key\n"), IsOk());
  EXPECT_THAT(SigningKey::Load(path), HasCode(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Generate());
  ASSERT_THAT(key.Save(directory / "good.pem"), IsOk());
  ASSERT_EQ(chmod((directory / "good.pem").c_str(), 0640), 0);
  const absl::StatusOr<SigningKey> open = SigningKey::Load(directory / "good.pem");
  EXPECT_THAT(open, HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(open.status().message()), HasSubstr("chmod 600"));
}

TEST(KeyDirectory, MakesOneKeyARoleAndAsManyRootKeysAsAskedFor) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(std::vector<MadeKey> made, CreateKeys(directory / "keys", PlainKeys(3)));
  std::vector<std::string> paths;
  for (const MadeKey& key : made) paths.push_back(key.path);
  EXPECT_THAT(paths, ElementsAre(EndsWith("/root-1.pem"), EndsWith("/root-2.pem"),
                                 EndsWith("/root-3.pem"), EndsWith("/targets.pem"),
                                 EndsWith("/snapshot.pem"), EndsWith("/timestamp.pem")));
  EXPECT_EQ(ModeOf(directory / "keys"), 0700u);
  for (const std::string& path : paths) EXPECT_EQ(ModeOf(path), 0600u) << path;
  ASSERT_OK_AND_ASSIGN(std::vector<SigningKey> roots,
                       LoadKeys(directory / "keys", trust::Role::kRoot));
  EXPECT_EQ(roots.size(), 3u);
  EXPECT_THAT(LoadKeys(directory.path(), trust::Role::kRoot), HasCode(absl::StatusCode::kNotFound));
}

TEST(SignedFile, IsWhatClientsParseAndVerify) {
  ASSERT_OK_AND_ASSIGN(SigningKey first, SigningKey::Generate());
  ASSERT_OK_AND_ASSIGN(SigningKey second, SigningKey::Generate());
  const nlohmann::json part = {{"_type", "snapshot"},
                               {"spec_version", "1.0.33"},
                               {"version", 7},
                               {"expires", "2030-01-31T12:00:00Z"},
                               {"meta", {{"targets.json", {{"version", 3}}}}}};
  ASSERT_OK_AND_ASSIGN(std::string bytes, SignedFileBytes(part, {first, second}));
  ASSERT_OK_AND_ASSIGN(trust::SignedFile file,
                       trust::ParseSigned(bytes, trust::Role::kSnapshot, trust::Limits()));
  ASSERT_EQ(file.signatures.size(), 2u);
  for (const SigningKey* key : {&first, &second}) {
    EXPECT_TRUE(trust::VerifySignature(key->public_key(), file.canonical,
                                       file.signatures.at(key->key_id())));
  }
}

}  // namespace
}  // namespace cloister::publisher
