#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "sync/trust/hash.h"
#include "sync/trust/key.h"
#include "tests/support/repository_simulator.h"
#include "tests/support/status_matchers.h"

namespace cloister::trust {
namespace {

using cloister::testing::IsRejectedFor;
using cloister::testing::TestKey;
using reputation::RejectReason;

struct SignatureVector {
  const char* public_hex;
  const char* message_hex;
  const char* signature_hex;
};

// RFC 8032, section 7.1, tests 1 to 3.
const SignatureVector kRfc8032[] = {
    {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(VerifySignature, AgreesWithTheVectorsOfRfc8032) {
  for (const SignatureVector& vector : kRfc8032) {
    PublicKey key{"ed25519", "ed25519", vector.public_hex};
    std::string message = absl::HexStringToBytes(vector.message_hex);
    EXPECT_TRUE(VerifySignature(key, message, vector.signature_hex));
    EXPECT_TRUE(VerifySignature(key, message, absl::AsciiStrToUpper(vector.signature_hex)));
    EXPECT_FALSE(VerifySignature(key, message + "x", vector.signature_hex));
  }
}

TEST(VerifySignature, RefusesEveryFlippedBitOfASignature) {
  TestKey key;
  const std::string signature = absl::HexStringToBytes(key.SignHex("message"));
  ASSERT_TRUE(VerifySignature(key.public_key(), "message", absl::BytesToHexString(signature)));
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    std::string flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(VerifySignature(key.public_key(), "message", absl::BytesToHexString(flipped)));
  }
}

TEST(VerifySignature, RefusesMalformedKeysAndSignatures) {
  TestKey key;
  const PublicKey good = key.public_key();
  const std::string signature = key.SignHex("m");
  EXPECT_FALSE(VerifySignature(good, "m", ""));
  EXPECT_FALSE(VerifySignature(good, "m", signature.substr(2)));
  EXPECT_FALSE(VerifySignature(good, "m", signature + "00"));
  EXPECT_FALSE(VerifySignature(good, "m", std::string(128, 'z')));
  EXPECT_FALSE(VerifySignature({"ed25519", "ed25519", ""}, "m", signature));
  EXPECT_FALSE(VerifySignature({"ed25519", "ed25519", good.public_value + "00"}, "m", signature));
  EXPECT_FALSE(VerifySignature({"rsa", "rsassa-pss-sha256", good.public_value}, "m", signature));
  EXPECT_FALSE(VerifySignature({"ed25519", "ed25519ph", good.public_value}, "m", signature));
}

TEST(KeyId, IsTheHashOfTheCanonicalKey) {
  PublicKey key{"ed25519", "ed25519", kRfc8032[0].public_hex};
  EXPECT_EQ(KeyId(key),
            HashHex("sha256",
                    "{\"keytype\":\"ed25519\",\"keyval\":{\"public\":"
                    "\"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\"},"
                    "\"scheme\":\"ed25519\"}"));
  ASSERT_OK_AND_ASSIGN(PublicKey again, PublicKeyFromJson(PublicKeyToJson(key)));
  EXPECT_EQ(KeyId(again), KeyId(key));
}

TEST(PublicKeyFromJson, RefusesMalformedKeys) {
  const char* texts[] = {
      "1",
      "{}",
      R"({"keytype":"ed25519","scheme":"ed25519"})",
      R"({"keytype":"ed25519","scheme":"ed25519","keyval":"00"})",
      R"({"keytype":"ed25519","scheme":"ed25519","keyval":{}})",
      R"({"keytype":"ed25519","scheme":"ed25519","keyval":{"public":1}})",
      R"({"keytype":1,"scheme":"ed25519","keyval":{"public":"00"}})",
      R"({"keytype":"ed25519","keyval":{"public":"00"}})",
  };
  for (const char* text : texts) {
    EXPECT_THAT(PublicKeyFromJson(nlohmann::json::parse(text)),
                IsRejectedFor(RejectReason::kMetadataMalformed))
        << text;
  }
}

TEST(HashHex, KnowsSha256AndSha512) {
  EXPECT_EQ(HashHex("sha256", "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HashHex("sha512", "abc").substr(0, 32), "ddaf35a193617abacc417349ae204131");
  EXPECT_EQ(HashHex("md5", "abc"), "");
}

TEST(HashCheck, NeedsAtLeastOneKnownHashAndAllOfThem) {
  const std::string sha256 = HashHex("sha256", "abc");
  const std::string sha512 = HashHex("sha512", "abc");
  struct Case {
    std::map<std::string, std::string> hashes;
    bool matches;
  };
  const Case cases[] = {
      {{{"sha256", sha256}}, true},
      {{{"sha256", sha256}, {"sha512", sha512}}, true},
      {{{"sha256", sha256}, {"blake2b-256", "00"}}, true},
      {{{"sha256", sha256}, {"sha512", HashHex("sha512", "abd")}}, false},
      {{{"sha256", HashHex("sha256", "abd")}, {"sha512", sha512}}, false},
      {{{"blake2b-256", "00"}}, false},
      {{}, false},
  };
  for (const Case& c : cases) {
    HashCheck check(c.hashes);
    check.Update("a");
    check.Update("bc");
    EXPECT_EQ(check.Matches(), c.matches);
  }
}

}  // namespace
}  // namespace cloister::trust
