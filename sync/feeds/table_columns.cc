#include "sync/feeds/table_columns.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

using Mapping = std::map<std::string, std::string>;

struct Names {
  TableColumn column;
  absl::string_view ours;
  absl::string_view usual;  // squeezed, separated by spaces; ours is among them by itself
};

// docs/feeds.md has this list for publishers.
constexpr Names kNames[] = {
    {TableColumn::kValue, "value",
     "indicator indicatorvalue ioc iocs iocvalue observable observablevalue artifact address entry "
     "data c2 c2server c2address cnc"},
    {TableColumn::kSha256, "sha256", "sha256hash hashsha256 filehashsha256 filesha256"},
    {TableColumn::kSha1, "sha1", "sha1hash hashsha1 filehashsha1 filesha1"},
    {TableColumn::kMd5, "md5", "md5hash hashmd5 filehashmd5 filemd5 md5sum"},
    {TableColumn::kHash, "hash", "hashes filehash hashvalue digest checksum"},
    {TableColumn::kUrl, "url",
     "uri urls downloadurl payloadurl malwareurl phishingurl maliciousurl"},
    {TableColumn::kHost, "host", "domain domains domainname hostname hosts fqdn dnsname c2domain"},
    {TableColumn::kIp, "ip",
     "ips ipaddress ipaddresses ipaddr ipv4 ipv6 dstip destinationip cidr network netblock ipport "
     "c2ip"},
    {TableColumn::kPurl, "purl", "packageurl"},
    {TableColumn::kSigner, "signer", "signerthumbprint"},
    {TableColumn::kKind, "kind", "type indicatortype ioctype datatype observabletype"},
    {TableColumn::kPath, "path", "urlpath"},
    {TableColumn::kVerdict, "verdict", ""},
    {TableColumn::kConfidence, "confidence", "confidencelevel"},
    {TableColumn::kCategories, "categories", "category tags tag threattype"},
    {TableColumn::kThreatName, "threat_name",
     "malware malwarename malwarefamily family threat signature malwareprintable"},
    {TableColumn::kScope, "scope", ""},
    {TableColumn::kAppliesTo, "applies_to", ""},
    {TableColumn::kFirstSeen, "first_seen", "firstseenutc dateadded firstseendate"},
    {TableColumn::kLastSeen, "last_seen", "lastseenutc lastonline lastseendate"},
    {TableColumn::kValidUntil, "valid_until", "expires expiration expirationdate"},
    {TableColumn::kProduct, "product", "app application appname"},
    {TableColumn::kVendor, "vendor", "publisher manufacturer"},
    {TableColumn::kVersion, "version", ""},
};

const Names* FindOurs(absl::string_view name) {
  if (name == "domain") name = "host";
  for (const Names& names : kNames) {
    if (names.ours == name) return &names;
  }
  return nullptr;
}

// A header may have a thousand names, and a file of comments many headers.
const Names* FindUsual(const std::string& squeezed) {
  static const auto& all = *[] {
    auto* const found = new std::unordered_map<std::string, const Names*>();
    for (const Names& names : kNames) {
      found->emplace(SqueezedName(names.ours), &names);
      for (const absl::string_view usual : absl::StrSplit(names.usual, ' ', absl::SkipEmpty())) {
        found->emplace(usual, &names);
      }
    }
    return found;
  }();
  const auto found = all.find(squeezed);
  return found != all.end() ? found->second : nullptr;
}

// "#2" as 1.
std::optional<size_t> FieldNumber(absl::string_view theirs) {
  uint32_t number = 0;
  if (!absl::ConsumePrefix(&theirs, "#") || !absl::SimpleAtoi(theirs, &number)) return std::nullopt;
  if (number < 1 || number > 1000) return std::nullopt;
  return number - 1;
}

std::optional<size_t> FindField(const std::vector<std::string>& header, absl::string_view theirs) {
  if (const std::optional<size_t> number = FieldNumber(theirs); number.has_value()) {
    return *number < header.size() ? number : std::nullopt;
  }
  const auto plain = [](absl::string_view name) {
    return absl::AsciiStrToLower(absl::StripAsciiWhitespace(name));
  };
  // As it stands there, or else by letters and digits alone.
  for (size_t i = 0; i < header.size(); ++i) {
    if (plain(header[i]) == plain(theirs)) return i;
  }
  const std::string squeezed = SqueezedName(theirs);
  for (size_t i = 0; i < header.size() && !squeezed.empty(); ++i) {
    if (SqueezedName(header[i]) == squeezed) return i;
  }
  return std::nullopt;
}

}  // namespace

bool IsObjectColumn(TableColumn column) { return column <= TableColumn::kSigner; }

std::string SqueezedName(absl::string_view name) {
  std::string squeezed;
  for (const char c : name) {
    if (absl::ascii_isalnum(c)) squeezed.push_back(absl::ascii_tolower(c));
  }
  return squeezed;
}

std::string NamesForPeople(const std::vector<std::string>& header) {
  constexpr size_t kMost = 40;
  constexpr size_t kLongest = 60;
  std::vector<std::string> names;
  for (const std::string& name : header) {
    names.push_back(names.size() == kMost ? "…" : FitLabel(name.substr(0, kLongest)));
    if (names.size() > kMost) break;
  }
  return absl::StrJoin(names, ", ");
}

bool IsWithoutHeader(const Mapping& mapping) {
  return !mapping.empty() && std::all_of(mapping.begin(), mapping.end(), [](const auto& pair) {
    return FieldNumber(pair.second).has_value();
  });
}

void TableLayout::Add(TableColumn column, size_t field) {
  if (IsObjectColumn(column)) {
    objects_.emplace_back(column, field);
  } else {
    fields_.emplace(column, field);
  }
}

std::optional<size_t> TableLayout::At(TableColumn column) const {
  const auto found = fields_.find(column);
  if (found == fields_.end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<TableLayout> TableLayout::Find(const std::vector<std::string>& header,
                                              const Mapping& mapping) {
  TableLayout layout;
  layout.width_ = header.size();
  for (size_t i = 0; mapping.empty() && i < header.size(); ++i) {
    const Names* names = FindUsual(SqueezedName(header[i]));
    if (names != nullptr) layout.Add(names->column, i);
  }
  for (const auto& [ours, theirs] : mapping) {
    const Names* names = FindOurs(ours);
    if (names == nullptr) {
      const std::string known = absl::StrJoin(
          kNames, ", ", [](std::string* out, const Names& one) { absl::StrAppend(out, one.ours); });
      return absl::InvalidArgumentError(
          absl::StrCat("columns: '", ours, "' is none of ours, which are: ", known));
    }
    const std::optional<size_t> field = FindField(header, theirs);
    if (!field.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the table has no column '", theirs, "' (for ", ours,
                       "); its columns are: ", NamesForPeople(header)));
    }
    layout.Add(names->column, *field);
  }
  std::sort(layout.objects_.begin(), layout.objects_.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  return layout;
}

}  // namespace cloister::feeds
