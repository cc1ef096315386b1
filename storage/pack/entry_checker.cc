#include "storage/pack/entry_checker.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "reputation/reject_reason.h"

namespace cloister::storage {
namespace {

using reputation::LookupForm;
using reputation::LookupKey;
using reputation::Record;
using reputation::Rejected;
using reputation::RejectReason;

std::string Printable(absl::string_view key) {
  constexpr size_t kShown = 64;
  return absl::BytesToHexString(key.substr(0, kShown)) + (key.size() > kShown ? "…" : "");
}

absl::Status BadKey(absl::string_view key, absl::string_view why) {
  return Rejected(RejectReason::kPackBadKey, absl::StrCat("key ", Printable(key), " ", why));
}

absl::Status BadRecord(absl::string_view why) {
  return Rejected(RejectReason::kPackBadRecord, why);
}

void NotePrefixLength(const LookupKey& key, reputation::PrefixLengths* lengths) {
  size_t length = static_cast<uint8_t>(key.bytes().back());
  if (key.form() == LookupForm::kIpv4Prefix) lengths->v4.set(length);
  if (key.form() == LookupForm::kIpv6Prefix) lengths->v6.set(length);
}

}  // namespace

absl::Status EntryChecker::Take(absl::string_view key, absl::string_view value) {
  if (absl::Status s = CheckOrder(key); !s.ok()) return s;
  if (entries() >= limits_.max_entries) {
    return Rejected(RejectReason::kPackLimit,
                    absl::StrCat("more than ", limits_.max_entries, " entries"));
  }
  bool removal = false;
  absl::Status taken;
  if (std::optional<uint32_t> id = LabelIdFromKey(key); id.has_value()) {
    if (*id == 0) return BadKey(key, "has label id 0, which means no label");
    taken = TakeLabel(value, &removal);
  } else {
    taken = TakeRecord(key, value, &removal);
  }
  if (!taken.ok()) return taken;
  if (!removal) summary_.digest.Add(key, value);
  last_key_.assign(key.data(), key.size());
  return absl::OkStatus();
}

absl::Status EntryChecker::CheckOrder(absl::string_view key) const {
  if (key > absl::string_view(last_key_)) return absl::OkStatus();
  return BadKey(key, absl::StrCat("does not come after ", Printable(last_key_)));
}

absl::Status EntryChecker::TakeLabel(absl::string_view value, bool* removal) {
  if (summary_.labels >= limits_.max_labels) {
    return Rejected(RejectReason::kPackLimit,
                    absl::StrCat("more than ", limits_.max_labels, " labels"));
  }
  *removal = value.empty();
  if (*removal && !is_delta_) return BadRecord("a label is removed, but this is not a delta");
  if (!*removal) {
    absl::StatusOr<reputation::Label> label = DecodeLabel(value, limits_);
    if (!label.ok()) return label.status();
  }
  summary_.labels += 1;
  return absl::OkStatus();
}

absl::Status EntryChecker::TakeRecord(absl::string_view key, absl::string_view value,
                                      bool* removal) {
  absl::StatusOr<LookupKey> lookup_key = LookupKey::Parse(key);
  if (!lookup_key.ok()) return BadKey(key, absl::StrCat(": ", lookup_key.status().message()));
  absl::StatusOr<Record> record = reputation::DecodeRecord(value);
  if (!record.ok()) return BadRecord(record.status().message());
  *removal = record->removed;
  if (*removal && !is_delta_) return BadRecord("a record is REMOVED, but this is not a delta");
  summary_.records += 1;
  if (*removal) {
    summary_.removals += 1;
    return absl::OkStatus();
  }
  summary_.coverage.Add(lookup_key->form());
  NotePrefixLength(*lookup_key, &summary_.prefix_lengths);
  return absl::OkStatus();
}

}  // namespace cloister::storage
