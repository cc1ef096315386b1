#include "sync/feeds/threat_rows.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/threat_words.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::Verdict;

// The day of "2026-02-07 04:31:13", "2026-02-07T04:31:13+00:00" and the like; 0 if there is none.
uint16_t DayOf(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d", text.substr(0, 10), &time, &error)) return 0;
  return time > absl::UnixEpoch() ? reputation::DaysSinceEpoch(time) : uint16_t{0};
}

void SetSeen(absl::string_view first, absl::string_view last, reputation::Record* record) {
  record->first_seen_days = DayOf(first);
  const uint16_t last_day = DayOf(last);
  if (last_day >= record->first_seen_days) record->last_seen_days = last_day;
}

Fault Missing(absl::string_view name) {
  return {RowFault::kMissingField, absl::StrCat(name, " is empty")};
}

// A digest whose length has to be what its column says.
RowListings DigestListing(absl::string_view digest, absl::string_view column, size_t length,
                          const Listing& base) {
  if (digest.size() != length) {
    return Fault{RowFault::kBadValue,
                 absl::StrCat(column, " has ", digest.size(), " characters, not ", length)};
  }
  return ListingsOf(digest, IndicatorKind::kFile, base);
}

// Digits of a digest that a column or type name begins with; 0 if it is none.
size_t DigestLength(absl::string_view name) {
  if (absl::StartsWith(name, "sha256")) return 64;
  if (absl::StartsWith(name, "sha1")) return 40;
  if (absl::StartsWith(name, "md5")) return 32;
  return 0;
}

// What options.category_map says of the words of these fields, which commas separate.
void AddMappedCategories(const RowFields& row, std::initializer_list<absl::string_view> names,
                         const FeedOptions& options, Listing* listing) {
  if (options.category_map.empty()) return;
  for (const absl::string_view name : names) {
    for (const absl::string_view word : absl::StrSplit(row(name), ',', absl::SkipWhitespace())) {
      const std::string plain = absl::AsciiStrToLower(absl::StripAsciiWhitespace(word));
      const auto mapped = options.category_map.find(plain);
      if (mapped == options.category_map.end()) continue;
      for (const Category category : mapped->second) {
        AddCategory(category, &listing->label.categories);
      }
    }
  }
}

RowListings UrlhausListings(const RowFields& row, const FeedOptions& options) {
  Listing listing = ThreatDefaults(options, Verdict::kMalicious, {Category::kMalware});
  const absl::string_view url = row("url");
  if (url.empty()) return Missing("url");
  AddMappedCategories(row, {"tags", "threat"}, options, &listing);
  const absl::string_view tags = row("tags");
  listing.label.threat_name = FitLabel(tags.empty() ? row("threat") : tags);
  SetSeen(row("dateadded"), row("last_online"), &listing.record);
  return ListingsOf(url, IndicatorKind::kUrl, listing);
}

RowListings MalwareBazaarListings(const RowFields& row, const FeedOptions& options) {
  Listing listing = ThreatDefaults(options, Verdict::kMalicious, {Category::kMalware});
  listing.label.threat_name = FitLabel(row("signature"));
  AddMappedCategories(row, {"signature", "tags", "file_type_guess"}, options, &listing);
  SetSeen(row("first_seen_utc"), row("last_seen_utc"), &listing.record);
  std::vector<Listing> all;
  for (const absl::string_view column : {"sha256_hash", "sha1_hash", "md5_hash"}) {
    const absl::string_view digest = row(column);
    if (digest.empty()) continue;
    RowListings made = DigestListing(digest, column, DigestLength(column), listing);
    if (std::holds_alternative<Fault>(made)) return made;
    for (Listing& one : std::get<std::vector<Listing>>(made)) all.push_back(std::move(one));
  }
  if (all.empty()) return Missing("sha256_hash");
  return all;
}

std::vector<Category> ThreatFoxCategories(absl::string_view threat_type,
                                          const FeedOptions& options) {
  if (options.category_map.count(std::string(threat_type)) > 0) return {};
  if (absl::StartsWith(threat_type, "botnet_cc")) return {Category::kBotnetC2};
  return {Category::kMalware};
}

absl::string_view FirstOf(const RowFields& row, std::initializer_list<absl::string_view> names) {
  for (const absl::string_view name : names) {
    const absl::string_view text = row(name);
    if (!text.empty()) return text;
  }
  return {};
}

RowListings ThreatFoxListings(const RowFields& row, const FeedOptions& options) {
  Listing listing = ThreatDefaults(options, Verdict::kMalicious,
                                   ThreatFoxCategories(row("threat_type"), options));
  AddMappedCategories(row, {"threat_type", "malware_printable", "malware", "tags"}, options,
                      &listing);
  const absl::string_view value = FirstOf(row, {"ioc_value", "ioc"});
  if (value.empty()) return Missing("ioc_value");
  const absl::string_view malware = FirstOf(row, {"malware_printable", "malware"});
  if (malware != "Unknown malware") listing.label.threat_name = FitLabel(malware);
  SetSeen(FirstOf(row, {"first_seen_utc", "first_seen"}),
          FirstOf(row, {"last_seen_utc", "last_seen"}), &listing.record);
  if (const absl::string_view stated = row("confidence_level"); !stated.empty()) {
    uint32_t confidence = 0;
    if (!absl::SimpleAtoi(stated, &confidence) || confidence > 100) {
      return Fault{RowFault::kBadConfidence, absl::StrCat("'", stated, "' is not 0 to 100")};
    }
    listing.record.confidence = static_cast<uint8_t>(confidence);
  }
  const absl::string_view type = row("ioc_type");
  if (type == "url") return ListingsOf(value, IndicatorKind::kUrl, listing);
  if (type == "domain") return ListingsOf(value, IndicatorKind::kHost, listing);
  if (type == "ip:port" || type == "ip") return ListingsOf(value, IndicatorKind::kIp, listing);
  const size_t length = DigestLength(type);
  if (length != 0) return DigestListing(value, type, length, listing);
  return Fault{RowFault::kUnknownKind, absl::StrCat("the ioc_type '", type, "' is not kept here")};
}

RowListings PhishTankListings(const RowFields& row, const FeedOptions& options) {
  const bool verified = row("verified") == "yes";
  Listing listing = ThreatDefaults(options, verified ? Verdict::kMalicious : Verdict::kSuspicious,
                                   {Category::kPhishing});
  const absl::string_view url = row("url");
  if (url.empty()) return Missing("url");
  if (const absl::string_view target = row("target"); target != "Other") {
    listing.label.threat_name = FitLabel(target);
  }
  AddMappedCategories(row, {"target"}, options, &listing);
  SetSeen(row("submission_time"), "", &listing.record);
  return ListingsOf(url, IndicatorKind::kUrl, listing);
}

}  // namespace

const ThreatRowFormat& UrlhausRows() {
  static const auto* const format =
      new ThreatRowFormat{{"url", "dateadded", "threat"}, "url", UrlhausListings};
  return *format;
}

const ThreatRowFormat& MalwareBazaarRows() {
  static const auto* const format =
      new ThreatRowFormat{{"sha256_hash"}, "sha256_hash", MalwareBazaarListings};
  return *format;
}

const ThreatRowFormat& ThreatFoxRows() {
  static const auto* const format =
      new ThreatRowFormat{{"ioc_value", "ioc_type", "threat_type"}, "ioc_value", ThreatFoxListings};
  return *format;
}

const ThreatRowFormat& PhishTankRows() {
  static const auto* const format =
      new ThreatRowFormat{{"phish_id", "url", "verified"}, "url", PhishTankListings};
  return *format;
}

}  // namespace cloister::feeds
