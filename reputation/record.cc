#include "reputation/record.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cloister::reputation {
namespace {

constexpr uint8_t kCodecVersion = 1;
constexpr uint8_t kExcludedNibble = 14;
constexpr uint8_t kRemovedNibble = 15;
constexpr size_t kFixedSize = 4;

// Byte 1 of a record.
enum Flag : uint8_t {
  kHasAppliesTo = 1,
  kHasLabelId = 2,
  kHasValidUntil = 4,
  kHasFirstSeen = 8,
  kHasLastSeen = 16,
};
constexpr uint8_t kAllFlags = 31;

constexpr uint32_t kMaxHours = (1u << 24) - 1;
constexpr uint16_t kMaxDays = 0xffff;
constexpr uint8_t kMaxPrevalence = 63;
constexpr uint8_t kMaxConfidence = 100;
constexpr uint8_t kMaxVerdict = static_cast<uint8_t>(Verdict::kKnown);
constexpr uint8_t kMaxScope = static_cast<uint8_t>(Scope::kSubdomainsOnly);
constexpr uint8_t kAllContexts = (1u << static_cast<uint8_t>(LookupContext::kC2)) - 1;

absl::Status OutOfRange(absl::string_view field, uint64_t value) {
  return absl::InvalidArgumentError(
      absl::StrCat("the record's ", field, " is out of range: ", value));
}

absl::Status CheckExclusion(const Record& record) {
  const std::pair<absl::string_view, uint32_t> nothing[] = {{"confidence", record.confidence},
                                                            {"prevalence", record.prevalence},
                                                            {"label", record.label_id},
                                                            {"first_seen", record.first_seen_days},
                                                            {"last_seen", record.last_seen_days}};
  for (const auto& [field, value] : nothing) {
    if (value == 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the record is EXCLUDED and has a ", field,
                     "; an exclusion has a scope, contexts and an end, and nothing else"));
  }
  return absl::OkStatus();
}

// What encoding and decoding both insist on.
absl::Status CheckRanges(const Record& record) {
  uint8_t verdict = static_cast<uint8_t>(record.verdict);
  if (!record.excluded && (verdict == 0 || verdict > kMaxVerdict)) {
    return OutOfRange("verdict", verdict);
  }
  uint8_t scope = static_cast<uint8_t>(record.scope);
  if (scope > kMaxScope) return OutOfRange("scope", scope);
  if (record.confidence > kMaxConfidence) return OutOfRange("confidence", record.confidence);
  if (record.prevalence > kMaxPrevalence) return OutOfRange("prevalence", record.prevalence);
  if ((record.applies_to & ~kAllContexts) != 0) {
    return OutOfRange("applies_to", record.applies_to);
  }
  if (record.valid_until_hours > kMaxHours) {
    return OutOfRange("valid_until", record.valid_until_hours);
  }
  return record.excluded ? CheckExclusion(record) : absl::OkStatus();
}

uint8_t FlagsOf(const Record& record) {
  return static_cast<uint8_t>((record.applies_to != 0 ? kHasAppliesTo : 0) |
                              (record.label_id != 0 ? kHasLabelId : 0) |
                              (record.valid_until_hours != 0 ? kHasValidUntil : 0) |
                              (record.first_seen_days != 0 ? kHasFirstSeen : 0) |
                              (record.last_seen_days != 0 ? kHasLastSeen : 0));
}

size_t EncodedSize(uint8_t flags) {
  return kFixedSize + (flags & kHasAppliesTo ? 1 : 0) + (flags & kHasLabelId ? 4 : 0) +
         (flags & kHasValidUntil ? 3 : 0) + (flags & kHasFirstSeen ? 2 : 0) +
         (flags & kHasLastSeen ? 2 : 0);
}
static_assert(kFixedSize + 1 + 4 + 3 + 2 + 2 == Record::kMaxEncodedSize);

void AppendLittleEndian(uint32_t value, int size, std::string* out) {
  for (int i = 0; i < size; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

// Takes `size` bytes from the front of `*rest`, whose length was checked before.
uint32_t TakeLittleEndian(int size, absl::string_view* rest) {
  uint32_t value = 0;
  for (int i = 0; i < size; ++i) value |= uint32_t{static_cast<uint8_t>((*rest)[i])} << (8 * i);
  rest->remove_prefix(size);
  return value;
}

// A flag whose field is zero would be a second encoding of the same record.
absl::Status DecodeOptionalFields(uint8_t flags, absl::string_view rest, Record* record) {
  if (flags & kHasAppliesTo) record->applies_to = static_cast<uint8_t>(TakeLittleEndian(1, &rest));
  if (flags & kHasLabelId) record->label_id = TakeLittleEndian(4, &rest);
  if (flags & kHasValidUntil) record->valid_until_hours = TakeLittleEndian(3, &rest);
  if (flags & kHasFirstSeen) {
    record->first_seen_days = static_cast<uint16_t>(TakeLittleEndian(2, &rest));
  }
  if (flags & kHasLastSeen) {
    record->last_seen_days = static_cast<uint16_t>(TakeLittleEndian(2, &rest));
  }
  if (FlagsOf(*record) != flags) {
    return absl::InvalidArgumentError("the record announces a field that is zero");
  }
  return absl::OkStatus();
}

}  // namespace

Record Record::Removed() {
  Record record;
  record.removed = true;
  return record;
}

Record Record::Excluded(Scope scope) {
  Record record;
  record.excluded = true;
  record.scope = scope;
  return record;
}

bool Record::ExpiredAt(absl::Time now) const {
  return valid_until_hours != 0 && valid_until() <= now;
}

bool Record::AppliesTo(LookupContext context) const {
  return applies_to == 0 || context == LookupContext::kAny ||
         (applies_to & ContextBit(context)) != 0;
}

absl::Time Record::valid_until() const {
  if (valid_until_hours == 0) return absl::InfiniteFuture();
  return absl::UnixEpoch() + absl::Hours(valid_until_hours);
}

absl::Time Record::first_seen() const {
  if (first_seen_days == 0) return absl::InfinitePast();
  return absl::UnixEpoch() + absl::Hours(24) * first_seen_days;
}

absl::Time Record::last_seen() const {
  if (last_seen_days == 0) return absl::InfinitePast();
  return absl::UnixEpoch() + absl::Hours(24) * last_seen_days;
}

uint8_t ContextBit(LookupContext context) {
  if (context == LookupContext::kAny || context > LookupContext::kC2) return 0;
  return static_cast<uint8_t>(1u << (static_cast<uint8_t>(context) - 1));
}

uint32_t HoursSinceEpoch(absl::Time time) {
  if (time == absl::InfiniteFuture()) return 0;
  int64_t hours = absl::ToInt64Hours(absl::Ceil(time - absl::UnixEpoch(), absl::Hours(1)));
  return static_cast<uint32_t>(std::clamp<int64_t>(hours, 1, kMaxHours));
}

uint16_t DaysSinceEpoch(absl::Time time) {
  int64_t days = absl::ToInt64Hours(absl::Floor(time - absl::UnixEpoch(), absl::Hours(24))) / 24;
  return static_cast<uint16_t>(std::clamp<int64_t>(days, 0, kMaxDays));
}

absl::Status EncodeRecord(const Record& record, std::string* out) {
  if (record.removed) {
    out->push_back(static_cast<char>(kCodecVersion << 4 | kRemovedNibble));
    out->append(kFixedSize - 1, '\0');
    return absl::OkStatus();
  }
  absl::Status in_range = CheckRanges(record);
  if (!in_range.ok()) return in_range;

  uint8_t flags = FlagsOf(record);
  uint8_t nibble = record.excluded ? kExcludedNibble : static_cast<uint8_t>(record.verdict);
  out->push_back(static_cast<char>(kCodecVersion << 4 | nibble));
  out->push_back(static_cast<char>(flags));
  out->push_back(static_cast<char>(record.confidence));
  out->push_back(static_cast<char>(static_cast<uint8_t>(record.scope) << 6 | record.prevalence));
  if (flags & kHasAppliesTo) AppendLittleEndian(record.applies_to, 1, out);
  if (flags & kHasLabelId) AppendLittleEndian(record.label_id, 4, out);
  if (flags & kHasValidUntil) AppendLittleEndian(record.valid_until_hours, 3, out);
  if (flags & kHasFirstSeen) AppendLittleEndian(record.first_seen_days, 2, out);
  if (flags & kHasLastSeen) AppendLittleEndian(record.last_seen_days, 2, out);
  return absl::OkStatus();
}

absl::StatusOr<Record> DecodeRecord(absl::string_view bytes) {
  if (bytes.size() < kFixedSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record has at least ", kFixedSize, " bytes, not ", bytes.size()));
  }
  uint8_t head = static_cast<uint8_t>(bytes[0]);
  uint8_t flags = static_cast<uint8_t>(bytes[1]);
  if (head >> 4 != kCodecVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("the record has codec version ", head >> 4, ", known is ", kCodecVersion));
  }
  if ((head & 15) == kRemovedNibble) {
    if (bytes.size() == kFixedSize && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0) {
      return Record::Removed();
    }
    return absl::InvalidArgumentError("three zero bytes and nothing else follow REMOVED");
  }
  if ((flags & ~kAllFlags) != 0) return OutOfRange("flags", flags);
  if (bytes.size() != EncodedSize(flags)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the record's flags announce ", EncodedSize(flags), " bytes, there are ", bytes.size()));
  }
  Record record;
  record.excluded = (head & 15) == kExcludedNibble;
  if (!record.excluded) record.verdict = static_cast<Verdict>(head & 15);
  record.confidence = static_cast<uint8_t>(bytes[2]);
  record.scope = static_cast<Scope>(static_cast<uint8_t>(bytes[3]) >> 6);
  record.prevalence = static_cast<uint8_t>(bytes[3]) & kMaxPrevalence;
  absl::Status decoded = DecodeOptionalFields(flags, bytes.substr(kFixedSize), &record);
  if (!decoded.ok()) return decoded;
  absl::Status in_range = CheckRanges(record);
  if (!in_range.ok()) return in_range;
  return record;
}

}  // namespace cloister::reputation
