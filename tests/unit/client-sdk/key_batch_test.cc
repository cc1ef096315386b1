#include "client-sdk/src/key_batch.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reputation/object.h"

namespace cloister::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

reputation::LookupKeys KeysOf(reputation::ObjectKind kind, const std::string& text) {
  return reputation::Object::Parse(kind, text)->Keys(/*with_expressions=*/false);
}

TEST(KeyBatchTest, SingleKeysNeedNoCounts) {
  KeyBatch batch(1000, Context::kC2);
  const auto keys = KeysOf(reputation::ObjectKind::kFile, std::string(64, 'a'));
  ASSERT_EQ(keys.keys.size(), 1u);
  batch.Add(keys, 0);
  batch.Add(keys, 1);
  const v1::BatchLookupRequest& request = batch.Request();
  EXPECT_EQ(request.lookup_keys(),
            "\x01\x01" + std::string(32, '\xaa') + "\x01\x01" + std::string(32, '\xaa'));
  EXPECT_THAT(request.key_counts(), IsEmpty());
  EXPECT_THAT(request.exact_counts(), IsEmpty());
  EXPECT_EQ(request.context(), v1::LOOKUP_CONTEXT_C2);
}

TEST(KeyBatchTest, SeveralKeysAreCounted) {
  KeyBatch batch(1000, Context::kAny);
  const auto url = KeysOf(reputation::ObjectKind::kUrl, "http://a.example.com/x?y");
  const auto file = KeysOf(reputation::ObjectKind::kFile, std::string(40, '0'));
  batch.Add(url, 5);
  batch.Add(file, 3);
  const v1::BatchLookupRequest& request = batch.Request();
  EXPECT_THAT(request.key_counts(), ElementsAre(url.keys.size(), 1u));
  EXPECT_THAT(request.exact_counts(), ElementsAre(url.exact_count, 1u));
  ASSERT_EQ(batch.asked().size(), 2u);
  EXPECT_EQ(batch.asked()[0].index, 5u);
  EXPECT_EQ(batch.asked()[0].keys, url.keys.size());
  EXPECT_FALSE(batch.asked()[0].ends_in_ip);
}

TEST(KeyBatchTest, AnAddressBehindAUrlIsMarked) {
  KeyBatch batch(1000, Context::kAny);
  batch.Add(KeysOf(reputation::ObjectKind::kUrl, "http://192.0.2.1/x"), 0);
  batch.Add(KeysOf(reputation::ObjectKind::kIp, "192.0.2.1"), 1);
  EXPECT_TRUE(batch.asked()[0].ends_in_ip);
  EXPECT_TRUE(batch.asked()[1].ends_in_ip);
}

TEST(KeyBatchTest, DigestsPackLikeObjects) {
  KeyBatch by_object(1000, Context::kAny);
  KeyBatch by_digest(1000, Context::kAny);
  by_object.Add(KeysOf(reputation::ObjectKind::kFile, std::string(64, 'b')), 0);
  const std::string digest(32, '\xbb');
  by_digest.AddSha256(reinterpret_cast<const uint8_t*>(digest.data()), 0);
  EXPECT_EQ(by_object.Request().SerializeAsString(), by_digest.Request().SerializeAsString());
}

TEST(KeyBatchTest, KeysAndBytesAreLimited) {
  KeyBatch few(2, Context::kAny);
  const auto file = KeysOf(reputation::ObjectKind::kFile, std::string(64, 'a'));
  EXPECT_TRUE(few.Fits(file));
  few.Add(file, 0);
  EXPECT_TRUE(few.Fits(file));
  EXPECT_FALSE(few.full());
  few.Add(file, 1);
  EXPECT_FALSE(few.Fits(file));
  EXPECT_TRUE(few.full());
  few.Clear();
  EXPECT_TRUE(few.empty());
  EXPECT_TRUE(few.Fits(file));

  KeyBatch many(1'000'000, Context::kAny);
  size_t added = 0;
  for (; many.Fits(file); ++added) many.Add(file, added);
  EXPECT_LE(many.Request().ByteSizeLong(), size_t{4} << 20);
  EXPECT_GT(added, 100'000u);
}

}  // namespace
}  // namespace cloister::client
