#include "storage/pack/content_digest.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace cloister::storage {
namespace {

using ::cloister::testing::HasCode;

// Computed with Python's hashlib from the definition in docs/repository-format.md.
TEST(ContentDigestTest, SumsHashesOfFramedEntries) {
  ContentDigest digest;
  EXPECT_EQ(digest.ToString(),
            "0:0000000000000000000000000000000000000000000000000000000000000000");
  digest.Add("key", "value");
  EXPECT_EQ(digest.ToString(),
            "1:bfe75c7d758483547abd92cfe76b2d0a9de34169c07fa9ade4b6f7545795ff30");
  digest.Add("", "");
  std::string key(34, '\0');
  key[0] = key[1] = 1;
  digest.Add(key, std::string("\x11\0\0\0", 4));
  EXPECT_EQ(digest.ToString(),
            "3:8bb97bf118c79d12e753467a973535c7dca13f3b187b1433c310a59b605911db");
}

TEST(ContentDigestTest, WrapsAroundAtTwoToThe256) {
  ContentDigest digest;
  for (char digit = '0'; digit < '5'; ++digit) digest.Add(std::string(1, digit), "x");
  EXPECT_EQ(digest.ToString(),
            "5:6596dd75c2efe755cbc83d3a466058a9c0ee99bfd5d7cb8e15d4d12026753ed6");
}

TEST(ContentDigestTest, FramingKeepsKeyAndValueApart) {
  ContentDigest one;
  one.Add("ab", "c");
  ContentDigest other;
  other.Add("a", "bc");
  EXPECT_NE(one, other);
}

TEST(ContentDigestTest, OrderDoesNotMatterAndEntriesCanBeTakenOut) {
  ContentDigest forward;
  ContentDigest backward;
  for (int i = 0; i < 100; ++i) forward.Add(std::to_string(i), "v");
  for (int i = 99; i >= 0; --i) backward.Add(std::to_string(i), "v");
  EXPECT_EQ(forward, backward);
  for (int i = 0; i < 100; ++i) forward.Remove(std::to_string(i), "v");
  EXPECT_EQ(forward, ContentDigest());
}

TEST(ContentDigestTest, AddsWholeSets) {
  ContentDigest all;
  ContentDigest even;
  ContentDigest odd;
  for (int i = 0; i < 10; ++i) {
    all.Add(std::to_string(i), "v");
    (i % 2 == 0 ? even : odd).Add(std::to_string(i), "v");
  }
  even.Add(odd);
  EXPECT_EQ(even, all);
}

TEST(ContentDigestTest, ReadsWhatItWrites) {
  ContentDigest digest;
  digest.Add("key", "value");
  ASSERT_OK_AND_ASSIGN(ContentDigest parsed, ContentDigest::Parse(digest.ToString()));
  EXPECT_EQ(parsed, digest);
  ASSERT_OK_AND_ASSIGN(ContentDigest from_parts,
                       ContentDigest::FromParts(digest.entries(), digest.sum()));
  EXPECT_EQ(from_parts, digest);
}

TEST(ContentDigestTest, RefusesOtherText) {
  const std::string zeros(64, '0');
  for (const std::string& text :
       {std::string(), ":" + zeros, zeros, "1" + zeros, "1:" + zeros + "0", "1:" + zeros.substr(1),
        "-1:" + zeros, "+1:" + zeros, " 1:" + zeros, "1 :" + zeros, "1:" + zeros.substr(1) + "g",
        "99999999999999999999999:" + zeros, "1:" + zeros + "\n"}) {
    EXPECT_THAT(ContentDigest::Parse(text), HasCode(absl::StatusCode::kInvalidArgument))
        << absl::CHexEscape(text);
  }
  EXPECT_THAT(ContentDigest::FromParts(1, "short"), HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace cloister::storage
