// ECDSA and RSA keys: what verifies, what does not, and which texts are one key.

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "sync/trust/key.h"
#include "tests/unit/sync/trust_fixture.h"

namespace cloister::trust {
namespace {

using cloister::testing::IsOk;
using cloister::testing::KeyKind;
using cloister::testing::TestKey;

using OwnedKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr char kEcdsa[] = "ecdsa-sha2-nistp256";
constexpr char kRsa[] = "rsassa-pss-sha256";

OwnedKey NewRsa(size_t bits) {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits), EVP_PKEY_free};
}

OwnedKey NewEc(const char* curve) {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve), EVP_PKEY_free};
}

template <typename Write>
std::string Pem(Write write) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  EXPECT_EQ(write(bio.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string PublicPem(EVP_PKEY* key) {
  return Pem([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key); });
}

// An RSA signature with SHA-256, with PSS of that salt length or, without one, PKCS #1 v1.5.
std::string SignRsa(EVP_PKEY* key, absl::string_view message, std::optional<int> salt_bytes) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  EVP_PKEY_CTX* details = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &details, EVP_sha256(), nullptr, key), 1);
  if (salt_bytes) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(details, *salt_bytes), 1);
  }
  std::string signature(1024, '\0');
  size_t size = signature.size();
  EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                           reinterpret_cast<const unsigned char*>(message.data()), message.size()),
            1);
  return absl::BytesToHexString(signature.substr(0, size));
}

TEST(KeyKinds, EachVerifiesItsOwnSignaturesOnly) {
  const TestKey keys[] = {TestKey(KeyKind::kEd25519), TestKey(KeyKind::kEcdsaP256),
                          TestKey(KeyKind::kRsaPss), TestKey(KeyKind::kEcdsaP256),
                          TestKey(KeyKind::kRsaPss)};
  for (const TestKey& signer : keys) {
    const std::string signature = signer.SignHex("message");
    for (const TestKey& verifier : keys) {
      EXPECT_EQ(VerifySignature(verifier.public_key(), "message", signature), &signer == &verifier);
      EXPECT_FALSE(VerifySignature(verifier.public_key(), "massage", signature));
    }
    EXPECT_TRUE(VerifySignature(signer.public_key(), "message", absl::AsciiStrToUpper(signature)));
    EXPECT_FALSE(VerifySignature(signer.public_key(), "message", signature + "00"));
    EXPECT_FALSE(VerifySignature(signer.public_key(), "message", signature.substr(2)));
    EXPECT_FALSE(VerifySignature(signer.public_key(), "message", std::string(4096, 'a')));
  }
}

TEST(KeyKinds, EveryFlippedByteOfASignatureIsRefused) {
  for (KeyKind kind : {KeyKind::kEcdsaP256, KeyKind::kRsaPss}) {
    TestKey key(kind);
    const std::string signature = absl::HexStringToBytes(key.SignHex("message"));
    for (size_t i = 0; i < signature.size(); ++i) {
      std::string flipped = signature;
      flipped[i] = static_cast<char>(flipped[i] ^ 0x40);
      EXPECT_FALSE(VerifySignature(key.public_key(), "message", absl::BytesToHexString(flipped)));
    }
  }
}

TEST(KeyKinds, BothNamesOfEcdsaAreKnownAndOtherCombinationsAreNot) {
  TestKey ecdsa(KeyKind::kEcdsaP256);
  TestKey rsa(KeyKind::kRsaPss);
  TestKey ed25519;
  struct Case {
    const TestKey& key;
    const char* type;
    const char* scheme;
    bool verifies;
  };
  const Case cases[] = {
      {ecdsa, "ecdsa", kEcdsa, true},
      {ecdsa, "ecdsa-sha2-nistp256", kEcdsa, true},
      {ecdsa, "ecdsa-sha2-nistp384", kEcdsa, false},
      {ecdsa, "ecdsa", "ecdsa-sha2-nistp384", false},
      {ecdsa, "rsa", kRsa, false},
      {ecdsa, "rsa", kEcdsa, false},
      {rsa, "rsa", kRsa, true},
      {rsa, "rsa", "rsassa-pss-sha512", false},
      {rsa, "rsa", "rsa-pkcs1v15-sha256", false},
      {rsa, "ecdsa", kEcdsa, false},
      {ed25519, "ed25519", "ed25519", true},
      {ed25519, "ed25519", kRsa, false},
      {ed25519, "rsa", "ed25519", false},
  };
  for (const Case& c : cases) {
    PublicKey key{c.type, c.scheme, c.key.public_key().public_value};
    EXPECT_EQ(VerifySignature(key, "message", c.key.SignHex("message")), c.verifies)
        << c.type << " " << c.scheme;
  }
}

TEST(KeyKinds, OtherCurvesAreRefused) {
  for (const char* curve : {"P-384", "P-224", "secp256k1"}) {
    OwnedKey key = NewEc(curve);
    ASSERT_NE(key, nullptr) << curve;
    const std::string signature = SignRsa(key.get(), "message", std::nullopt);
    PublicKey offered{"ecdsa", kEcdsa, PublicPem(key.get())};
    EXPECT_FALSE(VerifySignature(offered, "message", signature)) << curve;
  }
}

TEST(KeyKinds, CurvesWithParametersWrittenOutAreRefused) {
  OwnedKey key = NewEc("P-256");
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
  const std::string signature = SignRsa(key.get(), "message", std::nullopt);
  PublicKey offered{"ecdsa", kEcdsa, PublicPem(key.get())};
  EXPECT_FALSE(VerifySignature(offered, "message", signature));
}

TEST(KeyKinds, RsaKeysHaveBounds) {
  struct Case {
    size_t bits;
    bool verifies;
  };
  for (const Case& c : {Case{1024, false}, Case{2048, true}, Case{3072, true}}) {
    OwnedKey key = NewRsa(c.bits);
    PublicKey offered{"rsa", kRsa, PublicPem(key.get())};
    EXPECT_EQ(VerifySignature(offered, "m", SignRsa(key.get(), "m", 32)), c.verifies) << c.bits;
  }
}

TEST(KeyKinds, RsaTakesEverySaltLengthAndNoOtherPadding) {
  OwnedKey key = NewRsa(2048);
  PublicKey offered{"rsa", kRsa, PublicPem(key.get())};
  for (int salt : {0, 20, 32, 222}) {
    EXPECT_TRUE(VerifySignature(offered, "m", SignRsa(key.get(), "m", salt))) << salt;
  }
  EXPECT_FALSE(VerifySignature(offered, "m", SignRsa(key.get(), "m", std::nullopt)));
}

TEST(KeyKinds, PemIsOneWholePublicKeyAndNothingElse) {
  OwnedKey key = NewRsa(2048);
  const std::string signature = SignRsa(key.get(), "m", 32);
  const std::string pem = PublicPem(key.get());
  const std::string begin = "-----BEGIN PUBLIC KEY-----\n";
  const std::string end = "-----END PUBLIC KEY-----";
  const std::string body = pem.substr(27, pem.size() - 27 - 26);
  const auto verifies = [&](const std::string& text) {
    return VerifySignature({"rsa", kRsa, text}, "m", signature);
  };
  for (const std::string& good :
       {pem, "\n " + pem + "\r\n", absl::StrReplaceAll(pem, {{"\n", "\r\n"}}),
        pem.substr(0, pem.size() - 1),
        "-----BEGIN PUBLIC KEY-----" + absl::StrReplaceAll(body, {{"\n", ""}}) +
            "-----END PUBLIC KEY-----"}) {
    EXPECT_TRUE(verifies(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("PEM"), pem + pem, "note\n" + pem, pem + "note",
        absl::StrReplaceAll(pem, {{"PUBLIC KEY", "RSA PUBLIC KEY"}}),
        absl::StrReplaceAll(pem, {{"PUBLIC KEY", "CERTIFICATE"}}),
        begin + "Proc-Type: 4,ENCRYPTED\n" + body + end, begin + body + "AAAA\n" + end,
        begin + body.substr(4) + end, begin + end, pem + std::string(4096, '\n'),
        Pem([&](BIO* bio) {
          return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        })}) {
    EXPECT_FALSE(verifies(bad)) << bad.substr(0, 200);
  }
}

TEST(KeyIdentity, IsTheKeysWhateverItsText) {
  OwnedKey ec = NewEc("P-256");
  const std::string plain = PublicPem(ec.get());
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(ec.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           "compressed"),
            1);
  const std::string compressed = PublicPem(ec.get());
  ASSERT_NE(plain, compressed);
  const std::string identity = KeyIdentity({"ecdsa", kEcdsa, plain});
  EXPECT_EQ(KeyIdentity({"ecdsa", kEcdsa, compressed}), identity);
  EXPECT_EQ(KeyIdentity({"ecdsa-sha2-nistp256", kEcdsa, " " + plain}), identity);
  EXPECT_NE(KeyIdentity(TestKey(KeyKind::kEcdsaP256).public_key()), identity);

  OwnedKey rsa = NewRsa(2048);
  const std::string pem = PublicPem(rsa.get());
  EXPECT_EQ(KeyIdentity({"rsa", kRsa, pem}), KeyIdentity({"rsa", kRsa, pem + "\n"}));
  EXPECT_NE(KeyIdentity({"rsa", kRsa, pem}), KeyIdentity(TestKey(KeyKind::kRsaPss).public_key()));

  const PublicKey ed25519 = TestKey().public_key();
  EXPECT_EQ(KeyIdentity(ed25519),
            KeyIdentity({"ed25519", "ed25519", absl::AsciiStrToUpper(ed25519.public_value)}));
  EXPECT_NE(KeyIdentity({"x", "y", "z"}), KeyIdentity({"x", "y", "w"}));
}

class KeyKindsInARepository : public TrustFixture, public ::testing::WithParamInterface<KeyKind> {};

TEST_P(KeyKindsInARepository, SignEveryRole) {
  std::vector<TestKey> root = {TestKey(GetParam()), TestKey(GetParam())};
  const std::vector<TestKey> old = upstream_.signers[Role::kRoot];
  for (Role role : {Role::kTimestamp, Role::kSnapshot, Role::kTargets}) {
    upstream_.SetKeys(role, {TestKey(GetParam())}, 1);
  }
  upstream_.SetKeys(Role::kRoot, root, 2);
  upstream_.UpdateRoot(old);
  upstream_.UpdateTargets();
  ASSERT_THAT(Refresh(), IsOk());
  EXPECT_EQ(client_->root().version, 2u);
  EXPECT_THAT(RestartAndRefresh(), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Kinds, KeyKindsInARepository,
                         ::testing::Values(KeyKind::kEd25519, KeyKind::kEcdsaP256,
                                           KeyKind::kRsaPss));

}  // namespace
}  // namespace cloister::trust
