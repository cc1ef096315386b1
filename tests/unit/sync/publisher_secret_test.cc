// Encrypted keys, where their passphrases come from, and keys on tokens.

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "sync/publisher/signing/key_directory.h"
#include "sync/publisher/signing/pkcs11_key.h"
#include "sync/publisher/signing/public_key_pem.h"
#include "sync/publisher/signing/secret.h"
#include "sync/publisher/signing/signing_key.h"
#include "sync/trust/key.h"
#include "tests/support/process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::publisher {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::TemporaryDirectory;
using trust::Role;

constexpr char kPassphrase[] = "five words chosen by dice";

// Answers every request for a passphrase with the same.
SecretSource Always(const std::string& answer) {
  return [answer](const SecretRequest& request) -> absl::StatusOr<Secret> {
    if (request.attempt > 0) return absl::NotFoundError("nothing else to try");
    return Secret(answer);
  };
}

std::string ReadText(const std::string& path) { return storage::ReadFile(path, 1 << 20).value(); }

// Runs a shell command; its output where it fails.
std::string Shell(const std::string& command) {
  const std::string log = "/tmp/cloister-secret-test." + std::to_string(getpid());
  const int status = std::system(("( " + command + " ) >" + log + " 2>&1").c_str());
  const std::string text = status == 0 ? "" : ReadText(log) + " (" + command + ")";
  std::filesystem::remove(log);
  return text;
}

TEST(EncryptedKey, IsReadWithItsPassphraseOnly) {
  TemporaryDirectory directory;
  const std::string path = directory / "targets.pem";
  ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Generate());
  const Secret passphrase(kPassphrase);
  ASSERT_THAT(key.Save(path, &passphrase), IsOk());
  EXPECT_THAT(ReadText(path), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));

  ASSERT_OK_AND_ASSIGN(SigningKey loaded, SigningKey::Load(path, Always(kPassphrase)));
  EXPECT_EQ(loaded.key_id(), key.key_id());
  const absl::StatusOr<SigningKey> wrong = SigningKey::Load(path, Always("five other words"));
  EXPECT_THAT(wrong, HasCode(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("the passphrase is wrong"));
  EXPECT_THAT(SigningKey::Load(path), HasCode(absl::StatusCode::kPermissionDenied));
}

TEST(EncryptedKey, IsMadeSoThatOpensslReadsIt) {
  TemporaryDirectory directory;
  ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Generate(KeyAlgorithm::kEcdsaP256));
  const Secret passphrase(kPassphrase);
  ASSERT_THAT(key.Save(directory / "k.pem", &passphrase), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(directory / "p", kPassphrase), IsOk());
  EXPECT_EQ(Shell(absl::StrCat("openssl pkey -in ", directory / "k.pem", " -passin file:",
                               directory / "p", " -pubout -out ", directory / "k.pub.pem")),
            "");
  ASSERT_OK_AND_ASSIGN(trust::PublicKey half, ReadPublicKey(directory / "k.pub.pem"));
  EXPECT_EQ(trust::KeyId(half), key.key_id());
  // scrypt, so that guessing is dear, and AES-256-CBC.
  EXPECT_EQ(Shell(absl::StrCat("openssl asn1parse -in ", directory / "k.pem",
                               " | grep -qi scrypt && openssl asn1parse -in ", directory / "k.pem",
                               " | grep -q aes-256-cbc")),
            "");
}

// What OpenSSL makes, encrypted its own way, of each kind that clients verify.
TEST(SigningKeyKinds, SignWhatClientsVerify) {
  TemporaryDirectory directory;
  ASSERT_THAT(storage::WriteFileAtomically(directory / "p", kPassphrase), IsOk());
  const struct {
    const char* name;
    const char* options;
    const char* scheme;
  } rows[] = {{"ed", "-algorithm ed25519", "ed25519"},
              {"ec", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "ecdsa-sha2-nistp256"},
              {"rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "rsassa-pss-sha256"}};
  for (const auto& row : rows) {
    const std::string path = directory / (std::string(row.name) + ".pem");
    ASSERT_EQ(Shell(absl::StrCat("umask 077; openssl genpkey ", row.options,
                                 " -aes-256-cbc -pass file:", directory / "p", " -out ", path)),
              "");
    ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Load(path, Always(kPassphrase)));
    EXPECT_EQ(key.public_key().scheme, row.scheme);
    ASSERT_OK_AND_ASSIGN(std::string signature, key.Sign("a message"));
    const std::string hex = absl::BytesToHexString(signature);
    EXPECT_TRUE(trust::VerifySignature(key.public_key(), "a message", hex)) << row.name;
    EXPECT_FALSE(trust::VerifySignature(key.public_key(), "another", hex)) << row.name;
  }
}

TEST(SigningKeyKinds, OthersAreRefused) {
  TemporaryDirectory directory;
  for (const char* options : {"-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
                              "-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "-algorithm ed448"}) {
    const std::string path = directory / "k.pem";
    ASSERT_EQ(Shell(absl::StrCat("umask 077; openssl genpkey ", options, " -out ", path)), "");
    EXPECT_THAT(SigningKey::Load(path), HasCode(absl::StatusCode::kInvalidArgument)) << options;
  }
}

TEST(SecretSource, TakesFilesCredentialsAndNothingThatOthersCanRead) {
  TemporaryDirectory directory;
  ASSERT_THAT(storage::WriteFileAtomically(directory / "all", "first line here\nsecond\n"), IsOk());
  ASSERT_OK_AND_ASSIGN(Secret secret, ReadSecretFile(directory / "all"));
  EXPECT_EQ(secret.text(), "first line here");
  ASSERT_EQ(chmod((directory / "all").c_str(), 0640), 0);
  EXPECT_THAT(ReadSecretFile(directory / "all"), HasCode(absl::StatusCode::kPermissionDenied));

  ASSERT_THAT(storage::WriteFileAtomically(directory / "passphrase", "for all the keys"), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(directory / "targets.passphrase", "for targets only"),
              IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(directory / "pin", "4711"), IsOk());
  const SecretSource credentials = SecretsFromDirectory(directory.path());
  EXPECT_EQ(credentials({.name = "targets"})->text(), "for targets only");
  EXPECT_EQ(credentials({.name = "snapshot"})->text(), "for all the keys");
  EXPECT_EQ(credentials({.kind = SecretRequest::Kind::kPin, .name = "x"})->text(), "4711");
  EXPECT_THAT(credentials({.name = "targets", .attempt = 1}), HasCode(absl::StatusCode::kNotFound));

  // As systemd gives them to a user other than root.
  ASSERT_EQ(chmod((directory / "targets.passphrase").c_str(), 0440), 0);
  EXPECT_EQ(credentials({.name = "targets"})->text(), "for targets only");
  ASSERT_EQ(chmod((directory / "targets.passphrase").c_str(), 0444), 0);
  EXPECT_THAT(credentials({.name = "targets"}), HasCode(absl::StatusCode::kPermissionDenied));

  // A file that was named counts before a credential, and has to be there.
  const SecretSource both = FirstOf({SecretsFromFiles(directory / "passphrase", ""), credentials});
  EXPECT_EQ(both({.name = "targets"})->text(), "for all the keys");
  EXPECT_EQ(both({.kind = SecretRequest::Kind::kPin, .name = "x"})->text(), "4711");
  EXPECT_THAT(FirstOf({SecretsFromFiles(directory / "absent", ""), credentials})({}),
              HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(SecretSource, NewPassphrasesAreLongEnough) {
  TemporaryDirectory directory;
  ASSERT_THAT(storage::WriteFileAtomically(directory / "short", "too short"), IsOk());
  const SecretSource source = SecretsFromFiles(directory / "short", "");
  EXPECT_THAT(source({.fresh = true}), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(source({}), IsOk());
}

TEST(KeyDirectory, EncryptsWhatIsNotSaidToBeInTheClear) {
  TemporaryDirectory directory;
  CreateKeysOptions options;
  options.unencrypted = {Role::kTimestamp};
  EXPECT_FALSE(CreateKeys(directory / "none", options).ok());  // no passphrase to be had
  options.secrets = Always(kPassphrase);
  options.name = "alice";
  ASSERT_OK_AND_ASSIGN(std::vector<MadeKey> made, CreateKeys(directory / "keys", options));
  for (const MadeKey& key : made) {
    const bool sealed = ReadText(key.path).find("ENCRYPTED") != std::string::npos;
    EXPECT_EQ(sealed, key.encrypted) << key.path;
    EXPECT_EQ(key.encrypted, key.path.find("timestamp") == std::string::npos) << key.path;
  }
  // The public half alone tells the key, and is none that could sign.
  ASSERT_OK_AND_ASSIGN(std::vector<trust::PublicKey> halves,
                       LoadPublicKeys(directory / "keys", Role::kRoot));
  ASSERT_OK_AND_ASSIGN(std::vector<SigningKey> keys,
                       LoadKeys(directory / "keys", Role::kRoot, Always(kPassphrase)));
  ASSERT_EQ(halves.size(), 1u);
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(trust::KeyId(halves.front()), keys.front().key_id());
}

TEST(Pkcs11, APinInTheUriIsRefused) {
  EXPECT_THAT(SigningKey::Open("pkcs11:object=a?pin-value=1234", Always("x")),
              HasCode(absl::StatusCode::kInvalidArgument));
}

// A software token, made anew for each test.
class TokenTest : public ::testing::Test {
 protected:
  static constexpr char kModule[] = "/usr/lib/softhsm/libsofthsm2.so";

  void SetUp() override {
    if (!std::filesystem::exists(kModule) || !Shell("openssl engine pkcs11").empty()) {
      GTEST_SKIP() << "softhsm2 and libengine-pkcs11-openssl are needed";
    }
    std::filesystem::create_directory(directory_ / "tokens");
    ASSERT_THAT(storage::WriteFileAtomically(
                    directory_ / "softhsm2.conf",
                    absl::StrCat("directories.tokendir = ", directory_ / "tokens",
                                 "\nobjectstore.backend = file\nlog.level = ERROR\n")),
                IsOk());
    ASSERT_EQ(setenv("SOFTHSM2_CONF", (directory_ / "softhsm2.conf").c_str(), 1), 0);
    ASSERT_EQ(Shell("softhsm2-util --init-token --free --label box --so-pin 12345678 --pin 4711"),
              "");
    MakeKey("EC:prime256v1", "ec key", "01");
    MakeKey("rsa:2048", "rsa", "02");
  }

  static void MakeKey(const std::string& type, const std::string& label, const std::string& id) {
    ASSERT_EQ(Shell(absl::StrCat("pkcs11-tool --module ", kModule, " --login --pin 4711 ",
                                 "--token-label box --keypairgen --key-type ", type, " --label '",
                                 label, "' --id ", id)),
              "");
  }

  static std::string Uri(absl::string_view object) {
    return absl::StrCat("pkcs11:token=box;object=", object, "?module-path=", kModule);
  }

  TemporaryDirectory directory_;
};

// One test, since the engine keeps what it opened for as long as the process lives.
TEST_F(TokenTest, SignsWithoutGivingTheKeyAway) {
  const absl::StatusOr<SigningKey> wrong = SigningKey::Open(Uri("rsa"), Always("0000"));
  EXPECT_THAT(wrong.status(), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("object=rsa"));
  EXPECT_THAT(SigningKey::Open(Uri("none"), Always("4711")).status(),
              HasCode(absl::StatusCode::kNotFound));

  const std::pair<const char*, const char*> rows[] = {{"ec%20key", "ecdsa-sha2-nistp256"},
                                                      {"rsa", "rsassa-pss-sha256"}};
  for (const auto& [object, scheme] : rows) {
    ASSERT_OK_AND_ASSIGN(SigningKey key, SigningKey::Open(Uri(object), Always("4711")));
    EXPECT_EQ(key.public_key().scheme, scheme);
    ASSERT_OK_AND_ASSIGN(std::string signature, key.Sign("a message"));
    EXPECT_TRUE(
        trust::VerifySignature(key.public_key(), "a message", absl::BytesToHexString(signature)));
  }
  // Named by a file in a folder of keys, its PIN by the URI.
  ASSERT_THAT(storage::WriteFileAtomically(directory_ / "pin", "4711\n"), IsOk());
  ASSERT_THAT(storage::WriteFileAtomically(
                  directory_ / "root-safe.pkcs11",
                  absl::StrCat(Uri("rsa"), "&pin-source=file:", directory_ / "pin", "\n")),
              IsOk());
  ASSERT_OK_AND_ASSIGN(std::vector<SigningKey> keys, LoadKeys(directory_.path(), Role::kRoot));
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_THAT(keys.front().Sign("x"), IsOk());
}

}  // namespace
}  // namespace cloister::publisher
