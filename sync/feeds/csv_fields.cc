#include "sync/feeds/csv_fields.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "reputation/verdict.h"

namespace cloister::feeds {
namespace {

using MaybeFault = std::optional<Fault>;

constexpr size_t kDateCharacters = 10;  // YYYY-MM-DD

Fault NotOneOf(RowFault fault, absl::string_view text, absl::string_view words) {
  return {fault, absl::StrCat("'", text, "' is not one of ", words)};
}

std::vector<absl::string_view> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" ;\t"), absl::SkipWhitespace());
}

MaybeFault ReadKind(absl::string_view text, Listing* listing) {
  const std::optional<reputation::ObjectKind> kind = reputation::ObjectKindFromName(text);
  if (!kind.has_value()) {
    return NotOneOf(RowFault::kUnknownKind, text, "file, url, host, ip, software");
  }
  listing->kind = *kind;
  return std::nullopt;
}

MaybeFault ReadValue(absl::string_view text, Listing* listing) {
  listing->value = std::string(text);
  return std::nullopt;
}

MaybeFault ReadVerdict(absl::string_view text, Listing* listing) {
  const std::optional<reputation::Verdict> verdict = reputation::VerdictFromName(text);
  if (!verdict.has_value()) {
    return NotOneOf(RowFault::kBadVerdict, text, "malicious, unwanted, suspicious, trusted, known");
  }
  listing->record.verdict = *verdict;
  return std::nullopt;
}

MaybeFault ReadConfidence(absl::string_view text, Listing* listing) {
  uint32_t confidence = 0;
  if (!absl::SimpleAtoi(text, &confidence) || confidence > 100) {
    return Fault{RowFault::kBadConfidence, absl::StrCat("'", text, "' is not 0 to 100")};
  }
  listing->record.confidence = static_cast<uint8_t>(confidence);
  return std::nullopt;
}

MaybeFault ReadCategories(absl::string_view text, Listing* listing) {
  std::vector<reputation::Category>& categories = listing->label.categories;
  for (const absl::string_view word : Words(text)) {
    const std::optional<reputation::Category> category = reputation::CategoryFromName(word);
    if (!category.has_value()) {
      return NotOneOf(RowFault::kUnknownCategory, word,
                      "malware, phishing, scam, botnet_c2, cryptominer, spam_source, adware, "
                      "riskware, test");
    }
    categories.push_back(*category);
  }
  std::sort(categories.begin(), categories.end());
  categories.erase(std::unique(categories.begin(), categories.end()), categories.end());
  return std::nullopt;
}

MaybeFault ReadScope(absl::string_view text, Listing* listing) {
  listing->scope = reputation::ScopeFromName(text);
  if (listing->scope.has_value()) return std::nullopt;
  return NotOneOf(RowFault::kBadScope, text, "exact, subtree, subdomains_only");
}

MaybeFault ReadAppliesTo(absl::string_view text, Listing* listing) {
  for (const absl::string_view word : Words(text)) {
    const std::optional<reputation::LookupContext> context =
        reputation::LookupContextFromName(word);
    if (!context.has_value() || *context == reputation::LookupContext::kAny) {
      return NotOneOf(RowFault::kBadContext, word, "url_host, sender_domain, smtp_client, c2");
    }
    listing->record.applies_to |= reputation::ContextBit(*context);
  }
  return std::nullopt;
}

// YYYY-MM-DD as the start of that day, UTC. What days since 1970 in 16 bits can say.
std::optional<absl::Time> DateFrom(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (text.size() != kDateCharacters || !absl::ParseTime("%Y-%m-%d", text, &time, &error)) {
    return std::nullopt;
  }
  const int64_t days = absl::ToUnixSeconds(time) / 86400;
  if (days < 1 || days > UINT16_MAX) return std::nullopt;
  return time;
}

MaybeFault ReadDay(absl::string_view text, uint16_t* days) {
  const std::optional<absl::Time> date = DateFrom(text);
  if (!date.has_value()) {
    return Fault{RowFault::kBadDate,
                 absl::StrCat("'", text, "' is not a date YYYY-MM-DD from 1970-01-02 on")};
  }
  *days = reputation::DaysSinceEpoch(*date);
  return std::nullopt;
}

MaybeFault ReadFirstSeen(absl::string_view text, Listing* listing) {
  return ReadDay(text, &listing->record.first_seen_days);
}

MaybeFault ReadLastSeen(absl::string_view text, Listing* listing) {
  return ReadDay(text, &listing->record.last_seen_days);
}

MaybeFault ReadValidUntil(absl::string_view text, Listing* listing) {
  absl::Time until;
  if (const std::optional<absl::Time> date = DateFrom(text); date.has_value()) {
    until = *date + absl::Hours(24);
  } else {
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, text, &until, &error) || until <= absl::UnixEpoch() ||
        until >= absl::FromUnixSeconds(int64_t{1} << 35)) {
      return Fault{RowFault::kBadDate, absl::StrCat("'", text,
                                                    "' is neither YYYY-MM-DD nor RFC 3339 "
                                                    "(2030-01-31T12:00:00Z)")};
    }
  }
  listing->record.valid_until_hours = reputation::HoursSinceEpoch(until);
  return std::nullopt;
}

MaybeFault ReadThreatName(absl::string_view text, Listing* listing) {
  listing->label.threat_name = std::string(text);
  return std::nullopt;
}

MaybeFault ReadProduct(absl::string_view text, Listing* listing) {
  listing->label.product = std::string(text);
  return std::nullopt;
}

MaybeFault ReadVendor(absl::string_view text, Listing* listing) {
  listing->label.vendor = std::string(text);
  return std::nullopt;
}

MaybeFault ReadVersion(absl::string_view text, Listing* listing) {
  listing->label.version = std::string(text);
  return std::nullopt;
}

}  // namespace

const std::vector<CsvColumn>& CsvColumns() {
  static const auto* const columns = new std::vector<CsvColumn>{
      {"kind", true, ReadKind},
      {"value", true, ReadValue},
      {"verdict", true, ReadVerdict},
      {"confidence", false, ReadConfidence},
      {"categories", false, ReadCategories},
      {"threat_name", false, ReadThreatName},
      {"scope", false, ReadScope},
      {"applies_to", false, ReadAppliesTo},
      {"first_seen", false, ReadFirstSeen},
      {"last_seen", false, ReadLastSeen},
      {"valid_until", false, ReadValidUntil},
      {"product", false, ReadProduct},
      {"vendor", false, ReadVendor},
      {"version", false, ReadVersion},
      {"source", false, nullptr},
  };
  return *columns;
}

const CsvColumn* FindCsvColumn(absl::string_view name) {
  for (const CsvColumn& column : CsvColumns()) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

}  // namespace cloister::feeds
