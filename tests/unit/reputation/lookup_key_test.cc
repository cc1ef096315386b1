#include "reputation/lookup_key.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::VectorRow;

std::vector<std::string> HexKeys(const LookupKeys& keys) {
  std::vector<std::string> hex;
  for (const LookupKey& key : keys.keys) hex.push_back(absl::BytesToHexString(key.bytes()));
  return hex;
}

TEST(LookupKeyTest, Vectors) {
  for (const VectorRow& row : ReadVectors("lookup_key.txt", 3)) {
    SCOPED_TRACE(row.place);
    std::optional<ObjectKind> kind = ObjectKindFromName(row.fields[0]);
    ASSERT_TRUE(kind.has_value());
    ASSERT_OK_AND_ASSIGN(Object object, Object::Parse(*kind, row.fields[1]));
    EXPECT_EQ(object.kind(), *kind);
    LookupKeys keys = object.Keys(false);
    EXPECT_EQ(HexKeys(keys), std::vector(row.fields.begin() + 3, row.fields.end()));
    EXPECT_EQ(absl::StrCat(keys.exact_count), row.fields[2]);
  }
}

TEST(LookupKeyTest, ParsesWhatItMakes) {
  for (const VectorRow& row : ReadVectors("lookup_key.txt", 3)) {
    SCOPED_TRACE(row.place);
    std::string all;
    for (size_t i = 3; i < row.fields.size(); ++i) {
      std::string bytes = absl::HexStringToBytes(row.fields[i]);
      all += bytes;
      ASSERT_OK_AND_ASSIGN(LookupKey key, LookupKey::Parse(bytes));
      EXPECT_EQ(key.bytes(), bytes);
      EXPECT_EQ(key.body(), bytes.substr(2));
      EXPECT_EQ(LookupKeySize(bytes[0], bytes[1]), bytes.size());
      EXPECT_LE(bytes.size(), LookupKey::kMaxSize);
    }
    absl::string_view rest = all;
    for (size_t i = 3; i < row.fields.size(); ++i) {
      ASSERT_OK_AND_ASSIGN(LookupKey key, LookupKey::Consume(&rest));
      EXPECT_EQ(absl::BytesToHexString(key.bytes()), row.fields[i]);
    }
    EXPECT_TRUE(rest.empty());
  }
}

TEST(LookupKeyTest, RefusesEveryFormThatIsNone) {
  int forms = 0;
  for (int kind = 0; kind < 256; ++kind) {
    for (int form = 0; form < 256; ++form) {
      size_t size = LookupKeySize(static_cast<uint8_t>(kind), static_cast<uint8_t>(form));
      std::string bytes(LookupKey::kMaxSize, '\0');
      bytes[0] = static_cast<char>(kind);
      bytes[1] = static_cast<char>(form);
      if (size == 0) {
        EXPECT_THAT(LookupKey::Parse(bytes), HasCode(absl::StatusCode::kInvalidArgument));
        continue;
      }
      ++forms;
      bytes.resize(size);
      EXPECT_TRUE(LookupKey::Parse(bytes).ok());
    }
  }
  EXPECT_EQ(forms, 10);
}

TEST(LookupKeyTest, RefusesOtherLengthsAndLeavesTheInput) {
  std::string key(LookupKey::ForHost("example.com").bytes());
  for (size_t size = 0; size < key.size(); ++size) {
    absl::string_view bytes = absl::string_view(key).substr(0, size);
    absl::string_view rest = bytes;
    EXPECT_THAT(LookupKey::Consume(&rest), HasCode(absl::StatusCode::kInvalidArgument)) << size;
    EXPECT_EQ(rest, bytes);
  }
  EXPECT_THAT(LookupKey::Parse(key + "x"), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(LookupKey::Parse(key + key), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(LookupKeyTest, RefusesIpBodiesThatNoPrefixHas) {
  const char* const kRefused[] = {
      "0404c000020121",                          // longer than the address
      "0404c0000201ff",                          //
      "0404c000020118",                          // host bits set
      "0404c00002011f",                          //
      "0404c000020000",                          //
      "040620010db800000000000000000000000181",  // the same for IPv6
      "040620010db800000000000000000000000140",  //
      "040600000000000000000000ffffc000020180",  // folds to IPv4
      "04060064ff9b0000000000000000c000020180",  //
      "04060064ff9b00000000000000000000000060",  //
  };
  for (const char* hex : kRefused) {
    EXPECT_THAT(LookupKey::Parse(absl::HexStringToBytes(hex)),
                HasCode(absl::StatusCode::kInvalidArgument))
        << hex;
  }
  EXPECT_TRUE(LookupKey::Parse(absl::HexStringToBytes("04040000000000")).ok());
  EXPECT_TRUE(LookupKey::Parse(absl::HexStringToBytes("0404c000020018")).ok());
  EXPECT_TRUE(
      LookupKey::Parse(absl::HexStringToBytes("04060064ff9b00000000000000000000000020")).ok());
}

TEST(LookupKeyTest, OrdersAsBytes) {
  LookupKey file = LookupKey::ForFile(*Digest::FromHex(std::string(64, 'f')));
  LookupKey host = LookupKey::ForHost("example.com");
  LookupKey low = LookupKey::ForIpPrefix(*IpPrefix::Parse("1.0.0.0/8"));
  LookupKey high = LookupKey::ForIpPrefix(*IpPrefix::Parse("200.0.0.0/8"));
  EXPECT_LT(file, host);
  EXPECT_LT(host, low);
  EXPECT_LT(low, high);  // as unsigned bytes
  EXPECT_EQ(low, LookupKey::ForIpPrefix(*IpPrefix::Parse("1.0.0.0/8")));
}

// A file may hold the very text that another kind hashes.
TEST(LookupKeyTest, KindsNeverCollide) {
  Sha256Bytes hash = Sha256("example.com");
  LookupKey file = LookupKey::ForFile(*Digest::FromBytes(
      DigestAlgorithm::kSha256, {reinterpret_cast<const char*>(hash.data()), hash.size()}));
  EXPECT_NE(file, LookupKey::ForHost("example.com"));
  EXPECT_NE(LookupKey::ForUrlExpression("example.com", false), LookupKey::ForHost("example.com"));
  EXPECT_NE(LookupKey::ForUrlExpression("example.com", true),
            LookupKey::ForUrlExpression("example.com", false));
  EXPECT_NE(LookupKey::ForPurl("example.com"), LookupKey::ForSigner(hash));
}

TEST(LookupKeyTest, KindNames) {
  for (ObjectKind kind : {ObjectKind::kFile, ObjectKind::kUrl, ObjectKind::kHost, ObjectKind::kIp,
                          ObjectKind::kSoftware}) {
    EXPECT_EQ(ObjectKindFromName(ObjectKindName(kind)), kind);
  }
  EXPECT_EQ(ObjectKindFromName("FILE"), std::nullopt);
}

}  // namespace
}  // namespace cloister::reputation
