#include "storage/store/stored_override.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cloister/v1/pack.pb.h"
#include "reputation/digest.h"
#include "reputation/utf8.h"
#include "storage/pack/pack_format.h"
#include "storage/store/stored_version.h"

namespace cloister::storage {
namespace {

using reputation::ObjectKind;
using reputation::Record;

constexpr size_t kMaxTextBytes = 8 << 10;  // as long as the longest URL

absl::Status CheckText(absl::string_view field, absl::string_view text,
                       size_t max_bytes = kMaxTextBytes) {
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, " has ", text.size(), " bytes; at most ", max_bytes, " are allowed"));
  }
  if (!reputation::IsUtf8(text))
    return absl::InvalidArgumentError(absl::StrCat(field, " is not UTF-8"));
  return absl::OkStatus();
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("a stored override ", what));
}

bool ParseOverride(absl::string_view bytes, v1::StoredOverride* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::string Sha256String(absl::string_view bytes) {
  reputation::Sha256Bytes hash = reputation::Sha256(bytes);
  return std::string(hash.begin(), hash.end());
}

}  // namespace

absl::StatusOr<std::string> EncodeOverride(const Override& value) {
  const std::pair<absl::string_view, const std::string*> texts[] = {
      {"text", &value.text}, {"reason", &value.reason}, {"actor", &value.actor}};
  for (const auto& [field, text] : texts) {
    if (absl::Status s = CheckText(field, *text); !s.ok()) return s;
  }
  if (value.record.removed) {
    return absl::InvalidArgumentError("record is REMOVED; delete the override instead");
  }
  if (value.record.excluded) {
    return absl::InvalidArgumentError(
        "record is EXCLUDED, which only feeds can say; set an override to TRUSTED or KNOWN "
        "instead");
  }
  v1::StoredOverride message;
  absl::Status encoded = reputation::EncodeRecord(value.record, message.mutable_record());
  if (!encoded.ok()) return encoded;
  if (!value.label.empty()) {
    absl::StatusOr<std::string> label = EncodeLabel(value.label);
    if (!label.ok()) return absl::InvalidArgumentError(label.status().message());
    if (!message.mutable_label()->ParseFromString(*label)) return Damaged("has no label");
  }
  message.set_text(value.text);
  message.set_kind(static_cast<v1::ObjectKind>(value.kind));
  message.set_reason(value.reason);
  message.set_actor(value.actor);
  message.set_set_unix_us(absl::ToUnixMicros(value.set_at));
  return message.SerializeAsString();
}

absl::StatusOr<Override> DecodeOverride(absl::string_view bytes) {
  v1::StoredOverride message;
  if (!ParseOverride(bytes, &message)) return Damaged("cannot be read");
  Override value;
  absl::StatusOr<Record> record = reputation::DecodeRecord(message.record());
  if (!record.ok()) return Damaged(record.status().message());
  value.record = *record;
  if (message.has_label()) {
    absl::StatusOr<reputation::Label> label =
        DecodeLabel(message.label().SerializeAsString(), PackLimits());
    if (!label.ok()) return Damaged(label.status().message());
    value.label = *std::move(label);
  }
  if (message.kind() < static_cast<int>(ObjectKind::kFile) ||
      message.kind() > static_cast<int>(ObjectKind::kSoftware)) {
    return Damaged("is of no known kind");
  }
  value.kind = static_cast<ObjectKind>(message.kind());
  value.text = message.text();
  value.reason = message.reason();
  value.actor = message.actor();
  value.set_at = absl::FromUnixMicros(message.set_unix_us());
  return value;
}

absl::StatusOr<Record> DecodeOverrideRecord(absl::string_view bytes) {
  v1::StoredOverride message;
  if (!ParseOverride(bytes, &message)) return Damaged("cannot be read");
  return reputation::DecodeRecord(message.record());
}

void OverrideTotals::NotePrefixLength(const reputation::LookupKey& key) {
  size_t length = static_cast<uint8_t>(key.bytes().back());
  if (key.form() == reputation::LookupForm::kIpv4Prefix) prefix_lengths.v4.set(length);
  if (key.form() == reputation::LookupForm::kIpv6Prefix) prefix_lengths.v6.set(length);
}

// Count, number of IPv4 lengths (1 B), those lengths, IPv6 lengths (1 B each).
std::string EncodeTotals(const OverrideTotals& totals) {
  std::string bytes = EncodeNumber(totals.count);
  bytes.push_back(static_cast<char>(totals.prefix_lengths.v4.count()));
  for (size_t i = 0; i < totals.prefix_lengths.v4.size(); ++i) {
    if (totals.prefix_lengths.v4[i]) bytes.push_back(static_cast<char>(i));
  }
  for (size_t i = 0; i < totals.prefix_lengths.v6.size(); ++i) {
    if (totals.prefix_lengths.v6[i]) bytes.push_back(static_cast<char>(i));
  }
  return bytes;
}

absl::StatusOr<OverrideTotals> DecodeTotals(absl::string_view bytes) {
  absl::StatusOr<uint64_t> count = DecodeNumber(bytes.substr(0, 8));
  if (!count.ok()) return count.status();
  absl::string_view rest = bytes.substr(8);
  size_t v4_count = rest.empty() ? 0 : static_cast<uint8_t>(rest[0]);
  if (rest.size() < 1 + v4_count) return absl::DataLossError("the override totals are cut short");
  OverrideTotals totals;
  totals.count = *count;
  for (size_t i = 1; i < rest.size(); ++i) {
    size_t length = static_cast<uint8_t>(rest[i]);
    bool is_v4 = i <= v4_count;
    if (length > (is_v4 ? 32u : 128u)) {
      return absl::DataLossError("the override totals name an impossible prefix length");
    }
    if (is_v4) totals.prefix_lengths.v4.set(length);
    if (!is_v4) totals.prefix_lengths.v6.set(length);
  }
  return totals;
}

std::string EncodeHead(const AuditHead& head) { return EncodeNumber(head.count) + head.sha256; }

absl::StatusOr<AuditHead> DecodeHead(absl::string_view bytes) {
  absl::StatusOr<uint64_t> count = DecodeNumber(bytes.substr(0, 8));
  if (!count.ok()) return count.status();
  if (bytes.size() != 40) return absl::DataLossError("the head of the audit trail is damaged");
  return AuditHead{*count, std::string(bytes.substr(8))};
}

absl::StatusOr<std::string> EncodeAuditEntry(const AuditEvent& event, AuditHead* head) {
  if (absl::Status s = CheckText("actor", event.actor); !s.ok()) return s;
  if (absl::Status s = CheckText("action", event.action); !s.ok()) return s;
  // An object's text, what is said of it, and the reason.
  if (absl::Status s = CheckText("detail", event.detail, 3 * kMaxTextBytes); !s.ok()) return s;
  v1::AuditEntry message;
  message.set_sequence(head->count + 1);
  message.set_previous_sha256(head->sha256);
  message.set_unix_us(absl::ToUnixMicros(event.at));
  message.set_actor(event.actor);
  message.set_action(event.action);
  message.set_detail(event.detail);
  std::string bytes = message.SerializeAsString();
  head->count += 1;
  head->sha256 = Sha256String(bytes);
  return bytes;
}

absl::StatusOr<AuditRecord> DecodeAuditEntry(uint64_t sequence, absl::string_view bytes,
                                             std::string* previous_sha256) {
  v1::AuditEntry message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      message.sequence() != sequence) {
    return absl::DataLossError(absl::StrCat("audit entry ", sequence, " cannot be read"));
  }
  *previous_sha256 = message.previous_sha256();
  AuditRecord record;
  record.sequence = sequence;
  record.at = absl::FromUnixMicros(message.unix_us());
  record.actor = message.actor();
  record.action = message.action();
  record.detail = message.detail();
  record.sha256 = Sha256String(bytes);
  return record;
}

}  // namespace cloister::storage
