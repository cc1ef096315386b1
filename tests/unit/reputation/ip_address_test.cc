#include "reputation/ip_address.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::VectorRow;

template <typename T>
void ExpectCanonical(const absl::StatusOr<T>& parsed, const std::string& expected) {
  if (expected == "!") {
    EXPECT_THAT(parsed, HasCode(absl::StatusCode::kInvalidArgument));
    return;
  }
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->ToString(), expected);
  absl::StatusOr<T> again = T::Parse(parsed->ToString());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *parsed);
}

TEST(IpAddressTest, Vectors) {
  for (const VectorRow& row : ReadVectors("ip.txt", 2)) {
    SCOPED_TRACE(row.place);
    if (absl::StrContains(row.fields[0], "/")) {
      ExpectCanonical(IpPrefix::Parse(row.fields[0]), row.fields[1]);
      ExpectCanonical(IpAddress::Parse(row.fields[0]), "!");
    } else {
      ExpectCanonical(IpAddress::Parse(row.fields[0]), row.fields[1]);
    }
  }
}

TEST(IpAddressTest, Bytes) {
  IpAddress v4 = IpAddress::FromV4(0xC0000201);
  EXPECT_TRUE(v4.is_v4());
  EXPECT_EQ(v4.bits(), 32);
  EXPECT_EQ(v4.bytes(), absl::string_view("\xC0\x00\x02\x01", 4));
  ASSERT_OK_AND_ASSIGN(IpAddress v6, IpAddress::Parse("2001:db8::1"));
  EXPECT_EQ(v6.bits(), 128);
  EXPECT_EQ(v6.bytes().size(), 16u);
  EXPECT_EQ(v6.bytes().front(), '\x20');
}

TEST(IpPrefixTest, MakeClearsHostBits) {
  IpAddress v4 = IpAddress::FromV4(0xFFFFFFFF);
  EXPECT_EQ(IpPrefix::Make(v4, 0)->ToString(), "0.0.0.0/0");
  EXPECT_EQ(IpPrefix::Make(v4, 9)->ToString(), "255.128.0.0/9");
  EXPECT_EQ(IpPrefix::Make(v4, 31)->ToString(), "255.255.255.254/31");
  EXPECT_EQ(IpPrefix::Make(v4, 32)->address(), v4);
  EXPECT_THAT(IpPrefix::Make(v4, -1), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(IpPrefix::Make(v4, 33), HasCode(absl::StatusCode::kInvalidArgument));
}

// 64:ff9b:1::/48 (RFC 8215) shares its first 32 bits with NAT64, and is IPv6.
TEST(IpPrefixTest, CutAddressesDoNotFold) {
  ASSERT_OK_AND_ASSIGN(IpAddress address, IpAddress::Parse("64:ff9b:1::1"));
  ASSERT_OK_AND_ASSIGN(IpPrefix prefix, IpPrefix::Make(address, 32));
  EXPECT_FALSE(prefix.address().is_v4());
  EXPECT_EQ(prefix.ToString(), "64:ff9b::/32");
}

TEST(IpPrefixTest, SaysWhichNetworkWasMeant) {
  absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse("192.0.2.77/24");
  EXPECT_THAT(std::string(prefix.status().message()), ::testing::HasSubstr("192.0.2.0/24"));
}

TEST(PrefixLengthsTest, Adds) {
  PrefixLengths lengths;
  lengths.Add(*IpPrefix::Parse("192.0.2.0/24"));
  lengths.Add(*IpPrefix::Parse("::/0"));
  PrefixLengths other;
  other.Add(*IpPrefix::Parse("2001:db8::1"));
  lengths.Add(other);
  EXPECT_EQ(lengths.v4.count(), 1u);
  EXPECT_TRUE(lengths.v4.test(24));
  EXPECT_EQ(lengths.v6.count(), 2u);
  EXPECT_TRUE(lengths.v6.test(0));
  EXPECT_TRUE(lengths.v6.test(128));
}

}  // namespace
}  // namespace cloister::reputation
