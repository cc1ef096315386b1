// What is stored under a lookup key: a compact record, and the label it may refer to.
//
// Record layout, at most 16 bytes, little-endian (docs/repository-format.md has worked examples):
//
//   byte 0     high nibble: codec version (1); low nibble: verdict, 14 = EXCLUDED, 15 = REMOVED
//   byte 1     which optional fields follow, in this order:
//              1 applies_to, 2 label_id, 4 valid_until, 8 first_seen, 16 last_seen
//   byte 2     confidence, 0-100
//   byte 3     high 2 bits: scope; low 6 bits: prevalence
//   [1]        applies_to   bit (context - 1) for each context it is limited to
//   [4]        label_id
//   [3]        valid_until  hours since 1970-01-01, UTC, rounded up
//   [2]        first_seen   days since 1970-01-01, UTC
//   [2]        last_seen    days since 1970-01-01, UTC
//
// A REMOVED record is byte 0 and three zero bytes; it hides the same key in older packs.
//
// An EXCLUDED record says nothing about its object but that the wider records of its own feed do
// not reach it: 192.0.2.7 out of 192.0.2.0/24, good.example.com out of example.com and all below
// it. It may carry scope, applies_to and valid_until, and no more (reputation/resolve.h has the
// rules).

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/label.h"
#include "reputation/verdict.h"

namespace cloister::reputation {

struct Record {
  static constexpr size_t kMaxEncodedSize = 16;

  bool removed = false;               // when set, nothing else is meaningful
  bool excluded = false;              // when set, there is no verdict: see above
  Verdict verdict = Verdict::kKnown;  // stays so where there is none
  uint8_t confidence = 0;             // 0-100 (STIX scale), 0 = not stated
  Scope scope = Scope::kExact;
  uint8_t prevalence = 0;          // log2 bucket of how many hosts have it, 0-63, 0 = not stated
  uint8_t applies_to = 0;          // bit (context - 1) each; 0 = every context
  uint32_t label_id = 0;           // 0 = no label
  uint32_t valid_until_hours = 0;  // hours since the epoch, below 2^24; 0 = never expires
  uint16_t first_seen_days = 0;    // days since the epoch; 0 = not stated
  uint16_t last_seen_days = 0;

  static Record Removed();
  static Record Excluded(Scope scope);

  // Whether the record has lapsed at `now`.
  bool ExpiredAt(absl::Time now) const;
  // Whether a caller in `context` may be answered; kAny always may.
  bool AppliesTo(LookupContext context) const;

  absl::Time valid_until() const;  // InfiniteFuture if it never expires
  absl::Time first_seen() const;   // InfinitePast if not stated
  absl::Time last_seen() const;    // InfinitePast if not stated

  friend bool operator==(const Record&, const Record&) = default;
};

// Bits for Record::applies_to. kAny gives 0.
uint8_t ContextBit(LookupContext context);

// For valid_until_hours: rounded up. InfiniteFuture gives 0 (never expires); any other time is
// clamped to 1..2^24-1, so that a time long past stays past.
uint32_t HoursSinceEpoch(absl::Time time);
// For first_seen_days and last_seen_days: rounded down, clamped to what the fields hold.
uint16_t DaysSinceEpoch(absl::Time time);

// Appends the encoded record. InvalidArgument names a field that is out of range, or that an
// exclusion cannot have. The verdict of an exclusion is not looked at.
absl::Status EncodeRecord(const Record& record, std::string* out);

// Reads exactly one record. InvalidArgument for an unknown codec version, verdict or scope, a
// value out of range, or a length that the flags do not announce.
absl::StatusOr<Record> DecodeRecord(absl::string_view bytes);

}  // namespace cloister::reputation
