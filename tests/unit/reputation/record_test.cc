#include "reputation/record.h"

#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/vectors.h"

namespace cloister::reputation {
namespace {

using ::cloister::testing::HasCode;
using ::cloister::testing::IsOk;
using ::cloister::testing::ReadVectors;
using ::cloister::testing::VectorRow;

uint32_t Number(const std::string& text) {
  uint32_t number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
  return number;
}

Record RecordOf(const VectorRow& row) {
  if (row.fields[1] == "removed") return Record::Removed();
  if (row.fields[1] == "excluded") {
    EXPECT_EQ(row.fields.size(), 5u) << row.place;
    Record record = Record::Excluded(*ScopeFromName(row.fields[2]));
    record.applies_to = static_cast<uint8_t>(Number(row.fields[3]));
    record.valid_until_hours = Number(row.fields[4]);
    return record;
  }
  EXPECT_EQ(row.fields.size(), 10u) << row.place;
  Record record;
  record.verdict = *VerdictFromName(row.fields[1]);
  record.confidence = static_cast<uint8_t>(Number(row.fields[2]));
  record.scope = *ScopeFromName(row.fields[3]);
  record.prevalence = static_cast<uint8_t>(Number(row.fields[4]));
  record.applies_to = static_cast<uint8_t>(Number(row.fields[5]));
  record.label_id = Number(row.fields[6]);
  record.valid_until_hours = Number(row.fields[7]);
  record.first_seen_days = static_cast<uint16_t>(Number(row.fields[8]));
  record.last_seen_days = static_cast<uint16_t>(Number(row.fields[9]));
  return record;
}

std::string Encoded(const Record& record) {
  std::string bytes;
  EXPECT_THAT(EncodeRecord(record, &bytes), IsOk());
  return bytes;
}

TEST(RecordTest, Vectors) {
  for (const VectorRow& row : ReadVectors("record.txt", 2)) {
    SCOPED_TRACE(row.place);
    std::string bytes = absl::HexStringToBytes(row.fields[0]);
    absl::StatusOr<Record> decoded = DecodeRecord(bytes);
    if (row.fields[1] == "!") {
      EXPECT_THAT(decoded, HasCode(absl::StatusCode::kInvalidArgument));
      continue;
    }
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(*decoded, RecordOf(row));
    EXPECT_EQ(absl::BytesToHexString(Encoded(*decoded)), row.fields[0]);
  }
}

TEST(RecordTest, EncodingAppends) {
  std::string out = "before";
  ASSERT_THAT(EncodeRecord(Record::Removed(), &out), IsOk());
  EXPECT_EQ(out, std::string("before\x1f\0\0\0", 10));
}

TEST(RecordTest, RefusesToEncodeValuesOutOfRange) {
  const std::vector<std::pair<const char*, void (*)(Record*)>> kBreaks = {
      {"verdict 0", [](Record* r) { r->verdict = static_cast<Verdict>(0); }},
      {"verdict 6", [](Record* r) { r->verdict = static_cast<Verdict>(6); }},
      {"scope 3", [](Record* r) { r->scope = static_cast<Scope>(3); }},
      {"confidence", [](Record* r) { r->confidence = 101; }},
      {"prevalence", [](Record* r) { r->prevalence = 64; }},
      {"applies_to", [](Record* r) { r->applies_to = 16; }},
      {"valid_until", [](Record* r) { r->valid_until_hours = 1 << 24; }},
  };
  for (const auto& [name, break_it] : kBreaks) {
    Record record;
    break_it(&record);
    std::string out;
    EXPECT_THAT(EncodeRecord(record, &out), HasCode(absl::StatusCode::kInvalidArgument)) << name;
    EXPECT_TRUE(out.empty()) << name;
  }
}

TEST(RecordTest, RefusesToEncodeWhatAnExclusionCannotHave) {
  const std::vector<std::pair<const char*, void (*)(Record*)>> kBreaks = {
      {"confidence", [](Record* r) { r->confidence = 1; }},
      {"prevalence", [](Record* r) { r->prevalence = 1; }},
      {"label", [](Record* r) { r->label_id = 1; }},
      {"first_seen", [](Record* r) { r->first_seen_days = 1; }},
      {"last_seen", [](Record* r) { r->last_seen_days = 1; }},
  };
  for (const auto& [field, break_it] : kBreaks) {
    Record record = Record::Excluded(Scope::kSubtree);
    break_it(&record);
    std::string out;
    const absl::Status refused = EncodeRecord(record, &out);
    EXPECT_THAT(refused, HasCode(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr(field));
    EXPECT_TRUE(out.empty()) << field;
  }
}

TEST(RecordTest, AnExclusionHasNoVerdict) {
  Record record = Record::Excluded(Scope::kExact);
  record.verdict = Verdict::kMalicious;
  EXPECT_EQ(*DecodeRecord(Encoded(record)), Record::Excluded(Scope::kExact));
}

// Whatever bytes are accepted are the only encoding of what they say, and at most 16.
TEST(RecordTest, EncodingIsUnique) {
  std::mt19937_64 random(20240229);
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string bytes(random() % 20, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (bytes.size() >= 4) {
      bytes[0] = static_cast<char>(0x10 | (i % 8 == 0 ? 14 : bytes[0] & 7));
      bytes[1] &= 31;
      bytes[2] &= 127;
    }
    absl::StatusOr<Record> record = DecodeRecord(bytes);
    if (!record.ok()) continue;
    ++accepted;
    ASSERT_EQ(Encoded(*record), bytes);
    ASSERT_LE(bytes.size(), Record::kMaxEncodedSize);
  }
  EXPECT_GT(accepted, 500);
}

TEST(RecordTest, Expiry) {
  Record record;
  EXPECT_FALSE(record.ExpiredAt(absl::InfiniteFuture()));
  EXPECT_EQ(record.valid_until(), absl::InfiniteFuture());
  record.valid_until_hours = 10;
  absl::Time end = absl::UnixEpoch() + absl::Hours(10);
  EXPECT_FALSE(record.ExpiredAt(end - absl::Seconds(1)));
  EXPECT_TRUE(record.ExpiredAt(end));
}

TEST(RecordTest, Contexts) {
  Record record;
  EXPECT_TRUE(record.AppliesTo(LookupContext::kC2));
  record.applies_to = ContextBit(LookupContext::kUrlHost) | ContextBit(LookupContext::kC2);
  EXPECT_EQ(record.applies_to, 0b1001);
  EXPECT_TRUE(record.AppliesTo(LookupContext::kAny));
  EXPECT_TRUE(record.AppliesTo(LookupContext::kUrlHost));
  EXPECT_TRUE(record.AppliesTo(LookupContext::kC2));
  EXPECT_FALSE(record.AppliesTo(LookupContext::kSenderDomain));
  EXPECT_FALSE(record.AppliesTo(static_cast<LookupContext>(200)));
  EXPECT_EQ(ContextBit(LookupContext::kAny), 0);
}

TEST(RecordTest, TimesRoundAndClamp) {
  absl::Time epoch = absl::UnixEpoch();
  EXPECT_EQ(HoursSinceEpoch(epoch + absl::Hours(5)), 5u);
  EXPECT_EQ(HoursSinceEpoch(epoch + absl::Hours(5) + absl::Nanoseconds(1)), 6u);
  EXPECT_EQ(HoursSinceEpoch(absl::InfiniteFuture()), 0u);  // never expires
  EXPECT_EQ(HoursSinceEpoch(epoch), 1u);                   // long past, and not "never"
  EXPECT_EQ(HoursSinceEpoch(absl::InfinitePast()), 1u);
  EXPECT_EQ(HoursSinceEpoch(epoch + absl::Hours(1 << 25)), (1u << 24) - 1);
  EXPECT_EQ(DaysSinceEpoch(epoch + absl::Hours(47)), 1);
  EXPECT_EQ(DaysSinceEpoch(epoch - absl::Hours(1)), 0);
  EXPECT_EQ(DaysSinceEpoch(absl::InfinitePast()), 0);
  EXPECT_EQ(DaysSinceEpoch(absl::InfiniteFuture()), 0xffff);

  Record record;
  EXPECT_EQ(record.first_seen(), absl::InfinitePast());
  record.last_seen_days = 2;
  EXPECT_EQ(record.last_seen(), epoch + absl::Hours(48));
}

TEST(LabelTest, EmptyAndOrder) {
  Label label;
  EXPECT_TRUE(label.empty());
  label.categories = {Category::kPhishing};
  EXPECT_FALSE(label.empty());
  EXPECT_LT(Label{}, label);
}

}  // namespace
}  // namespace cloister::reputation
