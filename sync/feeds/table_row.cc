#include "sync/feeds/table_row.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "sync/feeds/csv_fields.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/threat_words.h"

namespace cloister::feeds {
namespace {

using reputation::ObjectKind;
using reputation::Verdict;

constexpr absl::string_view kBlanks = " \t\r\n";

// A field of the row; "" if it has none, or says so.
absl::string_view Field(const std::vector<std::string>& fields, std::optional<size_t> at) {
  if (!at.has_value() || *at >= fields.size()) return {};
  const absl::string_view text = absl::StripAsciiWhitespace(fields[*at]);
  for (const absl::string_view nothing : {"n/a", "na", "none", "null", "nil", "unknown", "-"}) {
    if (absl::EqualsIgnoreCase(text, nothing)) return {};
  }
  return text;
}

// What the word of a type column stands for.
struct KindWord {
  absl::string_view squeezed;
  TableColumn column;
};

constexpr KindWord kKindWords[] = {
    {"sha256", TableColumn::kSha256},
    {"sha256hash", TableColumn::kSha256},
    {"filehashsha256", TableColumn::kSha256},
    {"hashsha256", TableColumn::kSha256},
    {"sha1", TableColumn::kSha1},
    {"sha1hash", TableColumn::kSha1},
    {"filehashsha1", TableColumn::kSha1},
    {"hashsha1", TableColumn::kSha1},
    {"md5", TableColumn::kMd5},
    {"md5hash", TableColumn::kMd5},
    {"filehashmd5", TableColumn::kMd5},
    {"hashmd5", TableColumn::kMd5},
    {"file", TableColumn::kHash},
    {"hash", TableColumn::kHash},
    {"filehash", TableColumn::kHash},
    {"url", TableColumn::kUrl},
    {"uri", TableColumn::kUrl},
    {"link", TableColumn::kUrl},
    {"host", TableColumn::kHost},
    {"hostname", TableColumn::kHost},
    {"domain", TableColumn::kHost},
    {"domainname", TableColumn::kHost},
    {"fqdn", TableColumn::kHost},
    {"ip", TableColumn::kIp},
    {"ipaddress", TableColumn::kIp},
    {"ipv4", TableColumn::kIp},
    {"ipv6", TableColumn::kIp},
    {"ipv4addr", TableColumn::kIp},
    {"ipv6addr", TableColumn::kIp},
    {"ipport", TableColumn::kIp},
    {"ipv4port", TableColumn::kIp},
    {"ipv6port", TableColumn::kIp},
    {"ipdst", TableColumn::kIp},
    {"ipsrc", TableColumn::kIp},
    {"ipdstport", TableColumn::kIp},
    {"cidr", TableColumn::kIp},
    {"network", TableColumn::kIp},
    {"netblock", TableColumn::kIp},
    {"software", TableColumn::kPurl},
    {"purl", TableColumn::kPurl},
    {"signer", TableColumn::kSigner},
    {"any", TableColumn::kValue},
};

std::variant<TableColumn, Fault> ColumnOfKind(absl::string_view word) {
  const std::string squeezed = SqueezedName(word);
  if (squeezed.empty()) return TableColumn::kValue;
  for (const KindWord& known : kKindWords) {
    if (known.squeezed == squeezed) return known.column;
  }
  return Fault{RowFault::kUnknownKind, absl::StrCat("the type '", word, "' is not kept here")};
}

ListingsOrFault DigestOf(absl::string_view text, absl::string_view name, size_t length,
                         const Listing& base) {
  if (text.size() == length) return ListingsOf(text, IndicatorKind::kFile, base);
  return Fault{RowFault::kBadValue,
               absl::StrCat(name, " has ", text.size(), " characters, not ", length)};
}

ListingsOrFault SoftwareOf(absl::string_view prefix, absl::string_view text, Listing listing) {
  listing.kind = ObjectKind::kSoftware;
  listing.value = absl::StartsWith(text, prefix) ? std::string(text) : absl::StrCat(prefix, text);
  return std::vector<Listing>{std::move(listing)};
}

ListingsOrFault ObjectOf(TableColumn column, absl::string_view text, const Listing& base) {
  switch (column) {
    case TableColumn::kSha256:
      return DigestOf(text, "sha256", 64, base);
    case TableColumn::kSha1:
      return DigestOf(text, "sha1", 40, base);
    case TableColumn::kMd5:
      return DigestOf(text, "md5", 32, base);
    case TableColumn::kHash:
      return ListingsOf(text, IndicatorKind::kFile, base);
    case TableColumn::kUrl:
      return ListingsOf(text, IndicatorKind::kUrl, base);
    case TableColumn::kHost:
      return ListingsOf(text, IndicatorKind::kHost, base);
    case TableColumn::kIp:
      return ListingsOf(text, IndicatorKind::kIp, base);
    case TableColumn::kPurl:
      return SoftwareOf("", text, base);
    case TableColumn::kSigner:
      return SoftwareOf("signer:", text, base);
    default:
      return ListingsOf(text, IndicatorKind::kAny, base);
  }
}

// A field may hold several digests, names or addresses; a URL may hold any of what stands between.
std::vector<absl::string_view> ObjectsIn(TableColumn column, absl::string_view text) {
  const bool digests = column >= TableColumn::kSha256 && column <= TableColumn::kHash;
  absl::string_view between = "\r\n";
  if (digests) between = ",;| \t\r\n[]'\"";
  if (column == TableColumn::kIp) between = ",;| \t\r\n";
  // Words are names, too, if they stand alone.
  if (column == TableColumn::kHost) between = ",;|\r\n";
  return absl::StrSplit(text, absl::ByAnyChar(between), absl::SkipWhitespace());
}

// What the row says about all its objects.
class RowWords {
 public:
  RowWords(const TableLayout& layout, const std::vector<std::string>& fields,
           const FeedOptions& options)
      : layout_(layout), fields_(fields), options_(options) {}

  std::optional<Fault> Read(Listing* listing) const {
    for (const auto& [column, name] :
         {std::pair(TableColumn::kVerdict, "verdict"), std::pair(TableColumn::kScope, "scope"),
          std::pair(TableColumn::kConfidence, "confidence"),
          std::pair(TableColumn::kAppliesTo, "applies_to")}) {
      const std::string text = absl::AsciiStrToLower(Text(column));
      if (text.empty()) continue;
      std::optional<Fault> fault = FindCsvColumn(name)->read(text, listing);
      if (fault.has_value()) return fault;
    }
    if (listing->record.verdict == Verdict::kTrusted && !MayTrust()) {
      return Fault{RowFault::kBadVerdict,
                   "a table that calls itself trusted: map the column (columns = { verdict = … }) "
                   "if it may, or give the source a verdict"};
    }
    reputation::Label& label = listing->label;
    label.threat_name = FitLabel(Text(TableColumn::kThreatName));
    label.product = FitLabel(Text(TableColumn::kProduct));
    label.vendor = FitLabel(Text(TableColumn::kVendor));
    label.version = FitLabel(Text(TableColumn::kVersion));
    for (const absl::string_view word : absl::StrSplit(
             Text(TableColumn::kCategories), absl::ByAnyChar(",;|"), absl::SkipWhitespace())) {
      AddCategoriesOfWord(absl::StripAsciiWhitespace(word), options_, &label.categories);
    }
    return ReadDates(&listing->record);
  }

 private:
  // Trust is the publisher's to give: by the source's verdict, or by the column it names.
  bool MayTrust() const {
    return options_.verdict == Verdict::kTrusted || options_.columns.count("verdict") > 0;
  }

  absl::string_view Text(TableColumn column) const { return Field(fields_, layout_.At(column)); }

  std::optional<Fault> ReadDates(reputation::Record* record) const {
    record->first_seen_days = DaysOfText(Text(TableColumn::kFirstSeen).substr(0, 10));
    const uint16_t last = DaysOfText(Text(TableColumn::kLastSeen).substr(0, 10));
    if (last >= record->first_seen_days) record->last_seen_days = last;
    const absl::string_view limit = Text(TableColumn::kValidUntil);
    if (limit.empty()) return std::nullopt;
    Listing until;
    std::optional<Fault> fault = FindCsvColumn("valid_until")->read(limit, &until);
    if (!fault.has_value()) {
      record->valid_until_hours = until.record.valid_until_hours;
    } else if (const std::optional<absl::Time> time = TimeOfText(limit); time.has_value()) {
      record->valid_until_hours = reputation::HoursSinceEpoch(*time);
      fault.reset();
    }
    return fault;
  }

  const TableLayout& layout_;
  const std::vector<std::string>& fields_;
  const FeedOptions& options_;
};

// The objects of one field.
TableRowObjects ReadField(TableColumn column, absl::string_view text, const Listing& base) {
  TableRowObjects found;
  for (const absl::string_view object : ObjectsIn(column, text)) {
    ListingsOrFault made = ObjectOf(column, object, base);
    if (const Fault* fault = std::get_if<Fault>(&made)) {
      found.faults.push_back(*fault);
      continue;
    }
    auto& listings = std::get<std::vector<Listing>>(made);
    found.listings.insert(found.listings.end(), std::make_move_iterator(listings.begin()),
                          std::make_move_iterator(listings.end()));
  }
  return found;
}

// Whether a field is made of words and names nothing: a remark, if the row has an object besides.
bool IsRemark(absl::string_view text, const TableRowObjects& found) {
  if (text.find_first_of(kBlanks) == absl::string_view::npos) return false;
  return std::none_of(found.listings.begin(), found.listings.end(), [](const Listing& listing) {
    return std::holds_alternative<FeedEntry>(EntryFromListing(listing));
  });
}

}  // namespace

TableRowObjects ReadTableRow(const TableLayout& layout, const std::vector<std::string>& fields,
                             const FeedOptions& options) {
  Listing base = ThreatDefaults(options, Verdict::kMalicious);
  std::optional<Fault> bad = RowWords(layout, fields, options).Read(&base);
  if (bad.has_value()) return {{}, {*std::move(bad)}};

  TableRowObjects row;
  std::vector<Fault> remarks;
  for (const auto& [named, at] : layout.objects()) {
    const absl::string_view text = Field(fields, at);
    if (text.empty()) continue;
    TableColumn column = named;
    std::string url;
    if (named == TableColumn::kValue) {
      const auto kind = ColumnOfKind(Field(fields, layout.At(TableColumn::kKind)));
      if (const Fault* fault = std::get_if<Fault>(&kind)) {
        row.faults.push_back(*fault);
        continue;
      }
      column = std::get<TableColumn>(kind);
    }
    const absl::string_view path = Field(fields, layout.At(TableColumn::kPath));
    if (named == TableColumn::kHost && !path.empty()) {
      url = absl::StrCat(text, path.front() == '/' ? "" : "/", path);
      column = TableColumn::kUrl;
    }
    const absl::string_view object = url.empty() ? text : absl::string_view(url);
    TableRowObjects found = ReadField(column, object, base);
    if (found.listings.empty() && found.faults.empty()) continue;  // separators alone
    if (IsRemark(object, found)) {
      remarks.push_back({RowFault::kBadValue, "words where an object should stand"});
      continue;
    }
    std::move(found.listings.begin(), found.listings.end(), std::back_inserter(row.listings));
    std::move(found.faults.begin(), found.faults.end(), std::back_inserter(row.faults));
  }
  if (row.listings.empty() && row.faults.empty()) {
    row.faults = std::move(remarks);
    if (row.faults.empty()) row.faults = {{RowFault::kMissingField, "the row holds no object"}};
  }
  return row;
}

}  // namespace cloister::feeds
