// Overrides and the audit trail as the database holds them. Internal to storage/store.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/ip_address.h"
#include "reputation/lookup_key.h"
#include "storage/store/generation.h"
#include "storage/store/reputation_store.h"

namespace cloister::storage {

// InvalidArgument names the field that is too long, not UTF-8 or out of range.
absl::StatusOr<std::string> EncodeOverride(const Override& value);
// DataLoss if `bytes` is not what EncodeOverride makes.
absl::StatusOr<Override> DecodeOverride(absl::string_view bytes);
// The record alone. DataLoss as above.
absl::StatusOr<reputation::Record> DecodeOverrideRecord(absl::string_view bytes);

// What is known of all overrides without reading them; kept in meta under kOverrideTotalsKey.
struct OverrideTotals {
  uint64_t count = 0;
  // At least those that overrides have; a deleted override leaves its length here.
  reputation::PrefixLengths prefix_lengths;

  void NotePrefixLength(const reputation::LookupKey& key);
};

inline constexpr char kOverrideTotalsKey[] = "override_totals";

std::string EncodeTotals(const OverrideTotals& totals);
absl::StatusOr<OverrideTotals> DecodeTotals(absl::string_view bytes);

// Where the audit trail ends; kept in meta under kAuditHeadKey, so that a trail cut short shows.
struct AuditHead {
  uint64_t count = 0;
  std::string sha256 = std::string(32, '\0');  // of the last entry
};

inline constexpr char kAuditHeadKey[] = "audit_head";

std::string EncodeHead(const AuditHead& head);
absl::StatusOr<AuditHead> DecodeHead(absl::string_view bytes);

// The entry that follows `*head`, which moves on to it. InvalidArgument if a text is not UTF-8 or
// longer than 8 KiB (24 KiB for the detail).
absl::StatusOr<std::string> EncodeAuditEntry(const AuditEvent& event, AuditHead* head);

// Reads the entry stored as number `sequence`. DataLoss if it is not one, or has another number.
// `previous_sha256` receives the hash that it carries.
absl::StatusOr<AuditRecord> DecodeAuditEntry(uint64_t sequence, absl::string_view bytes,
                                             std::string* previous_sha256);

}  // namespace cloister::storage
