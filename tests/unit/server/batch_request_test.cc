#include "server/lookup/batch_request.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"
#include "tests/support/status_matchers.h"

namespace cloister::server {
namespace {

using ::cloister::testing::HasCode;
using reputation::LookupKey;
using reputation::Object;
using reputation::ObjectKind;
using reputation::PrefixLengths;
using ::testing::HasSubstr;

std::string KeysOf(ObjectKind kind, const std::string& text) {
  std::string bytes;
  const Object object = *Object::Parse(kind, text);
  for (const LookupKey& key : object.Keys(false).keys) absl::StrAppend(&bytes, key.bytes());
  return bytes;
}

std::string File(char digit) { return KeysOf(ObjectKind::kFile, std::string(64, digit)); }

v1::BatchLookupRequest Request(const std::string& keys, const std::vector<uint32_t>& counts = {},
                               const std::vector<uint32_t>& exact = {}) {
  v1::BatchLookupRequest request;
  request.set_lookup_keys(keys);
  for (uint32_t count : counts) request.add_key_counts(count);
  for (uint32_t count : exact) request.add_exact_counts(count);
  return request;
}

PrefixLengths Lengths(const std::vector<int>& v4) {
  PrefixLengths lengths;
  for (int length : v4) lengths.v4.set(static_cast<size_t>(length));
  return lengths;
}

TEST(DecodeBatchTest, EveryKeyIsAnObjectWithoutCounts) {
  ASSERT_OK_AND_ASSIGN(DecodedBatch batch, DecodeBatch(Request(File('a') + File('b')), 10, {}));
  EXPECT_EQ(batch.object_count(), 2u);
  EXPECT_TRUE(batch.objects.empty());
  EXPECT_EQ(batch.object(1).first, 1u);
  EXPECT_EQ(batch.object(1).count, 1u);
}

TEST(DecodeBatchTest, NothingAskedIsNothingAnswered) {
  ASSERT_OK_AND_ASSIGN(DecodedBatch batch, DecodeBatch(Request(""), 10, {}));
  EXPECT_EQ(batch.object_count(), 0u);
}

TEST(DecodeBatchTest, CountsCutKeysIntoObjects) {
  ASSERT_OK_AND_ASSIGN(
      DecodedBatch batch,
      DecodeBatch(Request(File('a') + File('b') + File('c'), {2, 1}, {2, 1}), 10, {}));
  ASSERT_EQ(batch.object_count(), 2u);
  EXPECT_EQ(batch.object(0).count, 2u);
  EXPECT_EQ(batch.object(0).exact, 2u);
  EXPECT_EQ(batch.object(1).first, 2u);
}

TEST(DecodeBatchTest, AddressesGetThePrefixesThatTheDataHolds) {
  const std::string keys =
      File('a') + KeysOf(ObjectKind::kIp, "192.0.2.7") + KeysOf(ObjectKind::kIp, "2001:db8::1");
  const auto lengths = Lengths({8, 24, 32});
  ASSERT_OK_AND_ASSIGN(DecodedBatch decoded, DecodeBatch(Request(keys), 10, lengths));
  BatchSlices slices(decoded, lengths);
  BatchSlice batch;
  ASSERT_TRUE(slices.Next(&batch));
  ASSERT_EQ(batch.object_count, 3u);
  EXPECT_EQ(batch.object(0).count, 1u);
  EXPECT_EQ(batch.object(1).count, 3u);  // /32, /24, /8
  EXPECT_EQ(batch.object(1).given, 1u);
  EXPECT_EQ(batch.object(2).count, 1u);
  EXPECT_EQ(batch.object(2).first, 4u);
  const auto prefix = *reputation::IpPrefix::Parse("192.0.2.0/24");
  EXPECT_EQ(batch.keys[2], LookupKey::ForIpPrefix(prefix));
}

TEST(DecodeBatchTest, AnObjectThatEndsInAnAddressGetsItsPrefixesToo) {
  const std::string keys = KeysOf(ObjectKind::kUrl, "http://192.0.2.7/a");
  const Object url = *Object::Url("http://192.0.2.7/a");
  const uint32_t count = static_cast<uint32_t>(url.Keys(false).keys.size());
  const auto lengths = Lengths({24});
  ASSERT_OK_AND_ASSIGN(DecodedBatch decoded,
                       DecodeBatch(Request(keys + File('a'), {count, 1}), 10, lengths));
  BatchSlices slices(decoded, lengths);
  BatchSlice batch;
  ASSERT_TRUE(slices.Next(&batch));
  ASSERT_EQ(batch.object_count, 2u);
  EXPECT_EQ(batch.object(0).count, count + 1);
  EXPECT_EQ(batch.object(0).given, count);
  EXPECT_EQ(batch.object(1).first, count + 1);
}

TEST(BatchSlicesTest, ManyPrefixesTakeMemoryForOneSlice) {
  constexpr size_t kAddresses = 10'000;
  const auto lengths = Lengths({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
  std::string keys;
  for (size_t i = 0; i < kAddresses; ++i) keys += KeysOf(ObjectKind::kIp, "192.0.2.7");
  ASSERT_OK_AND_ASSIGN(DecodedBatch decoded, DecodeBatch(Request(keys), kAddresses, lengths));
  BatchSlices slices(decoded, lengths);
  size_t objects = 0;
  int count = 0;
  for (BatchSlice slice; slices.Next(&slice); ++count) {
    EXPECT_EQ(slice.first_object, objects);
    EXPECT_LT(slice.keys.size(), BatchSlices::kEnoughKeys + 20);
    const BatchObject last = slice.object(slice.object_count - 1);
    EXPECT_EQ(last.first + last.count, slice.keys.size());
    EXPECT_EQ(last.count, 20u);
    objects += slice.object_count;
  }
  EXPECT_EQ(objects, kAddresses);
  EXPECT_EQ(count, 4);
}

TEST(BatchSlicesTest, WithoutAddressesTheKeysAreNotCopied) {
  ASSERT_OK_AND_ASSIGN(DecodedBatch decoded,
                       DecodeBatch(Request(File('a') + File('b'), {2}), 10, Lengths({8})));
  BatchSlices slices(decoded, Lengths({8}));
  BatchSlice slice;
  ASSERT_TRUE(slices.Next(&slice));
  EXPECT_EQ(slice.keys.data(), decoded.keys.data());
  EXPECT_EQ(slice.object(0).count, 2u);
  EXPECT_FALSE(slices.Next(&slice));
}

TEST(DecodeBatchTest, AFullBatchIsTakenAndOneMoreIsNot) {
  std::string keys;
  for (int i = 0; i < 5; ++i) keys += File('a');
  EXPECT_TRUE(DecodeBatch(Request(keys), 5, {}).ok());
  const auto batch = DecodeBatch(Request(keys), 4, {});
  EXPECT_THAT(batch, HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(batch.status().message()), HasSubstr("max_batch_keys"));
}

struct BadBatch {
  const char* name;
  v1::BatchLookupRequest request;
  const char* says;
};

class BadBatchTest : public ::testing::TestWithParam<BadBatch> {};

TEST_P(BadBatchTest, IsRefusedWithItsPlace) {
  const auto batch = DecodeBatch(GetParam().request, 1000, {});
  ASSERT_THAT(batch, HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(batch.status().message()), HasSubstr(GetParam().says));
}

std::string HostBitsSet() { return std::string("\x04\x04\xc0\x00\x02\x07\x18", 7); }

INSTANTIATE_TEST_SUITE_P(
    Batches, BadBatchTest,
    ::testing::Values(
        BadBatch{"UnknownKind", Request(File('a') + std::string("\x09\x01", 2)), "offset 34"},
        BadBatch{"UnknownForm", Request(std::string("\x01\x09", 2) + std::string(32, 'x')),
                 "offset 0"},
        BadBatch{"Truncated", Request(File('a') + File('b').substr(0, 33)), "offset 34"},
        BadBatch{"OneByte", Request(std::string("\x01", 1)), "offset 0"},
        BadBatch{"PrefixWithHostBits", Request(File('a') + HostBitsSet()), "offset 34"},
        BadBatch{"CountOfZero", Request(File('a'), {0, 1}), "key_counts[0]"},
        BadBatch{"CountTooLarge", Request(File('a'), {256}), "key_counts[0]"},
        BadBatch{"CountsAddUpToMore", Request(File('a'), {2}), "add up to 2"},
        BadBatch{"CountsAddUpToLess", Request(File('a') + File('b'), {1}), "add up to 1"},
        BadBatch{"ExactWithoutCounts", Request(File('a'), {}, {1}), "exact_counts"},
        BadBatch{"ExactOfAnotherLength", Request(File('a') + File('b'), {1, 1}, {1}),
                 "exact_counts"},
        BadBatch{"ExactOfZero", Request(File('a'), {1}, {0}), "exact_counts[0]"},
        BadBatch{"ExactAboveCount", Request(File('a'), {1}, {2}), "exact_counts[0]"}),
    [](const auto& param) { return param.param.name; });

TEST(DecodeBatchTest, TooManyPrefixesAreRefusedBeforeTheyAreMade) {
  std::vector<int> all;
  for (int i = 0; i <= 32; ++i) all.push_back(i);
  std::string keys;
  for (int i = 0; i < 100; ++i) keys += KeysOf(ObjectKind::kIp, "192.0.2.7");
  EXPECT_THAT(DecodeBatch(Request(keys), 100, Lengths(all)),
              HasCode(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace cloister::server
