#include "sync/feeds/misp_attribute.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/threat_words.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;
using reputation::Category;
using reputation::ObjectKind;

using Listings = std::variant<std::vector<Listing>, Fault>;

// How a value is read.
enum class Form { kPlain, kAfterBar, kBothSides, kWithPort };

struct AttributeType {
  absl::string_view name;
  ObjectKind kind;
  Form form;
  size_t hex_digits;  // 0: not a digest
};

constexpr AttributeType kTypes[] = {
    {"md5", ObjectKind::kFile, Form::kPlain, 32},
    {"sha1", ObjectKind::kFile, Form::kPlain, 40},
    {"sha256", ObjectKind::kFile, Form::kPlain, 64},
    {"filename|md5", ObjectKind::kFile, Form::kAfterBar, 32},
    {"filename|sha1", ObjectKind::kFile, Form::kAfterBar, 40},
    {"filename|sha256", ObjectKind::kFile, Form::kAfterBar, 64},
    {"malware-sample", ObjectKind::kFile, Form::kAfterBar, 32},
    {"url", ObjectKind::kUrl, Form::kPlain, 0},
    {"uri", ObjectKind::kUrl, Form::kPlain, 0},
    {"domain", ObjectKind::kHost, Form::kPlain, 0},
    {"hostname", ObjectKind::kHost, Form::kPlain, 0},
    {"domain|ip", ObjectKind::kHost, Form::kBothSides, 0},
    {"ip-src", ObjectKind::kIp, Form::kPlain, 0},
    {"ip-dst", ObjectKind::kIp, Form::kPlain, 0},
    {"ip-src|port", ObjectKind::kIp, Form::kWithPort, 0},
    {"ip-dst|port", ObjectKind::kIp, Form::kWithPort, 0},
    {"hostname|port", ObjectKind::kHost, Form::kWithPort, 0},
    {"x509-fingerprint-sha256", ObjectKind::kSoftware, Form::kPlain, 64},
};

// What stands in double quotes behind '=' in a machine tag; "" if nothing does.
absl::string_view TagValue(absl::string_view tag) {
  const size_t from = tag.find("=\"");
  if (from == absl::string_view::npos || !absl::EndsWith(tag, "\"")) return "";
  const absl::string_view rest = tag.substr(from + 2);
  return rest.empty() ? rest : rest.substr(0, rest.size() - 1);
}

bool NamesThreat(absl::string_view tag) {
  for (const absl::string_view galaxy :
       {"misp-galaxy:malpedia", "misp-galaxy:ransomware", "misp-galaxy:banker",
        "misp-galaxy:botnet", "misp-galaxy:rat", "misp-galaxy:stealer", "misp-galaxy:tool",
        "misp-galaxy:backdoor"}) {
    if (absl::StartsWith(tag, galaxy)) return true;
  }
  return false;
}

// The MISP taxonomy "misp", predicate "confidence-level".
std::optional<uint8_t> ConfidenceOf(absl::string_view tag) {
  if (!absl::StartsWith(tag, "misp:confidence-level=")) return std::nullopt;
  const absl::string_view level = TagValue(tag);
  if (level == "completely-confident") return 100;
  if (level == "usually-confident") return 75;
  if (level == "fairly-confident") return 50;
  if (level == "rarely-confident") return 25;
  return std::nullopt;
}

// Later tags are the attribute's own and count more.
void ApplyTag(absl::string_view tag, const FeedOptions& options, Listing* listing) {
  if (const std::optional<uint8_t> confidence = ConfidenceOf(tag)) {
    listing->record.confidence = *confidence;
  }
  if (NamesThreat(tag) && !TagValue(tag).empty()) {
    listing->label.threat_name = FitLabel(TagValue(tag));
  }
  AddCategoriesOfWord(tag, options, &listing->label.categories);
}

// The day in member `name` of the attribute, or else of the object that holds it.
uint16_t DayOf(const json& attribute, const json* object, const char* name) {
  const uint16_t day = DaysOfText(JsonText(attribute, name));
  return day != 0 || object == nullptr ? day : DaysOfText(JsonText(*object, name));
}

Listing CommonPart(const json& attribute, const json* object, const MispEvent& event,
                   const FeedOptions& options) {
  Listing listing = ThreatDefaults(options, reputation::Verdict::kMalicious);
  listing.label.threat_name = FitLabel(event.info);
  for (const std::string& tag : event.tags) ApplyTag(tag, options, &listing);
  for (const std::string& tag : MispTagNames(JsonMember(attribute, "Tag"))) {
    ApplyTag(tag, options, &listing);
  }
  listing.record.first_seen_days = DayOf(attribute, object, "first_seen");
  listing.record.last_seen_days = DayOf(attribute, object, "last_seen");
  return listing;
}

Listings OneListing(const AttributeType& type, absl::string_view value, Listing listing) {
  if (type.hex_digits != 0 && value.size() != type.hex_digits) {
    return Fault{RowFault::kBadValue,
                 absl::StrCat("a ", type.name, " of ", value.size(), " characters")};
  }
  switch (type.kind) {
    case ObjectKind::kUrl:
      return ListingsOf(value, IndicatorKind::kUrl, listing);
    case ObjectKind::kHost:
      return ListingsOf(value, IndicatorKind::kHost, listing);
    case ObjectKind::kIp:
      return ListingsOf(value, IndicatorKind::kIp, listing);
    case ObjectKind::kFile:
    case ObjectKind::kSoftware:
      break;
  }
  listing.kind = type.kind;
  const bool signer = type.kind == ObjectKind::kSoftware;
  listing.value = absl::StrCat(signer ? "signer:" : "", value);
  return std::vector<Listing>{std::move(listing)};
}

Fault NoBar(const AttributeType& type) {
  return {RowFault::kBadValue, absl::StrCat("a ", type.name, " without a '|'")};
}

Listings ListingsOfValue(const AttributeType& type, absl::string_view value,
                         const Listing& common) {
  if (type.form == Form::kPlain) return OneListing(type, value, common);
  const size_t bar = type.form == Form::kAfterBar ? value.rfind('|') : value.find('|');
  if (bar == absl::string_view::npos) return NoBar(type);
  const absl::string_view left = value.substr(0, bar);
  const absl::string_view right = value.substr(bar + 1);
  if (type.form == Form::kAfterBar) return OneListing(type, right, common);
  if (type.form == Form::kWithPort) {
    const bool v6 = absl::StrContains(left, ':');
    return ListingsOf(v6 ? absl::StrCat("[", left, "]:", right) : absl::StrCat(left, ":", right),
                      IndicatorKind::kAny, common);
  }
  Listings host = ListingsOf(left, IndicatorKind::kHost, common);
  Listings address = ListingsOf(right, IndicatorKind::kIp, common);
  if (std::holds_alternative<Fault>(host)) return host;
  if (std::holds_alternative<Fault>(address)) return address;
  auto& all = std::get<std::vector<Listing>>(host);
  for (Listing& one : std::get<std::vector<Listing>>(address)) all.push_back(std::move(one));
  return host;
}

}  // namespace

std::vector<std::string> MispTagNames(const json* tags) {
  std::vector<std::string> names;
  if (tags == nullptr || !tags->is_array()) return names;
  for (const json& tag : *tags) {
    if (names.size() == MispEvent::kMaxTags) break;
    names.emplace_back(JsonText(tag, "name").substr(0, MispEvent::kMaxTextBytes));
  }
  return names;
}

bool MispFlag(const json& object, const char* name) {
  const json* flag = JsonMember(object, name);
  return flag != nullptr && (*flag == json(true) || *flag == json(1) || *flag == json("1"));
}

Listings ListingsOfMispAttribute(const json& attribute, const json* object, const MispEvent& event,
                                 const FeedOptions& options) {
  const bool deleted = object != nullptr && MispFlag(*object, "deleted");
  if (deleted || MispFlag(attribute, "deleted")) {
    return Fault{RowFault::kWithdrawn, "the source has deleted it"};
  }
  const absl::string_view type = JsonText(attribute, "type");
  const absl::string_view value = JsonText(attribute, "value");
  if (type.empty() || value.empty()) {
    return Fault{RowFault::kMissingField, "the attribute has no type or no value"};
  }
  if (!MispFlag(attribute, "to_ids")) {
    return Fault{RowFault::kContextOnly, "to_ids is not set: context, not for detection"};
  }
  for (const AttributeType& known : kTypes) {
    if (known.name == type) {
      return ListingsOfValue(known, value, CommonPart(attribute, object, event, options));
    }
  }
  return Fault{RowFault::kUnsupported, absl::StrCat("attributes of the type ", type)};
}

}  // namespace cloister::feeds
