#include "sync/feeds/stix_feed.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/stix_pattern.h"
#include "sync/feeds/stix_versions.h"
#include "sync/feeds/threat_words.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;
using reputation::Verdict;

constexpr size_t kFirstBytes = 64;
constexpr absl::string_view kVersion1 =
    "STIX 1.x; convert it to STIX 2.1 first, for instance with stix2-elevator";

std::vector<std::string> Words(const json& indicator) {
  std::vector<std::string> words;
  for (const char* name : {"indicator_types", "labels"}) {
    const json* list = JsonMember(indicator, name);
    if (list == nullptr || !list->is_array()) continue;
    for (const json& word : *list) {
      if (word.is_string()) words.push_back(word.get<std::string>());
    }
  }
  return words;
}

// STIX 2.1, section 10.8 (indicator type vocabulary).
Verdict VerdictOf(const std::vector<std::string>& words, const FeedOptions& options) {
  bool suspicious = false;
  bool benign = false;
  for (const std::string& word : words) {
    if (word == "malicious-activity") return Verdict::kMalicious;
    suspicious = suspicious || word == "anomalous-activity" || word == "anonymization" ||
                 word == "compromised" || word == "unknown";
    benign = benign || word == "benign";
  }
  if (suspicious) return Verdict::kSuspicious;
  const Verdict own = options.verdict.value_or(benign ? Verdict::kKnown : Verdict::kMalicious);
  if (!benign) return own;
  return own == Verdict::kTrusted ? Verdict::kTrusted : Verdict::kKnown;
}

std::optional<Fault> ReadTimes(const json& indicator, reputation::Record* record) {
  record->first_seen_days = DaysOfText(JsonText(indicator, "valid_from"));
  const json* until = JsonMember(indicator, "valid_until");
  if (until == nullptr) return std::nullopt;
  const std::optional<absl::Time> end = TimeOfText(JsonText(indicator, "valid_until"));
  if (!end.has_value()) return Fault{RowFault::kBadDate, "valid_until is not a timestamp"};
  const std::optional<absl::Time> start = TimeOfText(JsonText(indicator, "valid_from"));
  if (start.has_value() && *end <= *start) {
    return Fault{RowFault::kBadDate, "valid_until is not after valid_from"};
  }
  record->valid_until_hours = reputation::HoursSinceEpoch(*end);
  return std::nullopt;
}

std::optional<Fault> ReadConfidence(const json& indicator, reputation::Record* record) {
  const json* confidence = JsonMember(indicator, "confidence");
  if (confidence == nullptr) return std::nullopt;
  const double value = confidence->is_number() ? confidence->get<double>() : -1;
  if (!(value >= 0 && value <= 100)) {
    return Fault{RowFault::kBadConfidence, "confidence is not 0 to 100"};
  }
  record->confidence = static_cast<uint8_t>(value);
  return std::nullopt;
}

// Why the indicator lists nothing at all.
std::optional<Fault> IndicatorFault(const json& indicator) {
  const json* revoked = JsonMember(indicator, "revoked");
  if (revoked != nullptr && *revoked == json(true)) {
    return Fault{RowFault::kWithdrawn, "the source has revoked it"};
  }
  const absl::string_view type = JsonText(indicator, "pattern_type");
  if (!type.empty() && type != "stix") {
    return Fault{RowFault::kUnsupported, absl::StrCat("a pattern of the type ", type)};
  }
  if (JsonText(indicator, "pattern").empty()) {
    return Fault{RowFault::kMissingField, "the indicator has no pattern"};
  }
  return std::nullopt;
}

// The listing without its object, or why there is none.
std::variant<Listing, Fault> CommonPart(const json& indicator, const FeedOptions& options) {
  const std::vector<std::string> words = Words(indicator);
  Listing listing = ThreatDefaults(options, Verdict::kMalicious);
  listing.record.verdict = VerdictOf(words, options);
  std::optional<Fault> fault = ReadTimes(indicator, &listing.record);
  if (!fault.has_value()) fault = ReadConfidence(indicator, &listing.record);
  if (fault.has_value()) return *std::move(fault);
  for (const std::string& word : words) {
    AddCategoriesOfWord(word, options, &listing.label.categories);
  }
  return listing;
}

std::variant<std::vector<Listing>, Fault> ListingsOfObject(const PatternObject& object,
                                                           Listing base) {
  switch (object.kind) {
    case reputation::ObjectKind::kUrl:
      return ListingsOf(object.value, IndicatorKind::kUrl, base);
    case reputation::ObjectKind::kHost:
      return ListingsOf(object.value, IndicatorKind::kHost, base);
    case reputation::ObjectKind::kIp:
      return ListingsOf(object.value, IndicatorKind::kIp, base);
    case reputation::ObjectKind::kFile:
    case reputation::ObjectKind::kSoftware:
      break;
  }
  base.kind = object.kind;
  base.value = object.value;
  return std::vector<Listing>{std::move(base)};
}

class Indicators {
 public:
  Indicators(const FeedOptions& options, const StixVersions& versions, FeedOutput* output)
      : options_(options), versions_(versions), output_(output) {}

  absl::Status Take(const json& indicator, uint64_t line) {
    const std::string text =
        absl::StrCat(JsonText(indicator, "id"), " ", JsonText(indicator, "pattern"));
    const RowPlace place{line, text};
    if (versions_.IsSuperseded(indicator)) {
      output_->Reject({RowFault::kWithdrawn, "there is a later version of it"}, place);
      return absl::OkStatus();
    }
    if (std::optional<Fault> fault = IndicatorFault(indicator)) {
      output_->Reject(*fault, place);
      return absl::OkStatus();
    }
    const std::variant<Listing, Fault> common = CommonPart(indicator, options_);
    if (const Fault* fault = std::get_if<Fault>(&common)) {
      output_->Reject(*fault, place);
      return absl::OkStatus();
    }
    std::variant<PatternObjects, Fault> read = ReadStixPattern(JsonText(indicator, "pattern"));
    if (const Fault* fault = std::get_if<Fault>(&read)) {
      output_->Reject(*fault, place);
      return absl::OkStatus();
    }
    const PatternObjects& objects = std::get<PatternObjects>(read);
    for (const Fault& fault : objects.faults) output_->Reject(fault, place);
    return Pass(objects, std::get<Listing>(common), JsonText(indicator, "name"), place);
  }

 private:
  absl::Status Pass(const PatternObjects& objects, const Listing& common, absl::string_view name,
                    const RowPlace& place) {
    bool any = false;
    for (const PatternObject& object : objects.objects) {
      Listing base = common;
      if (object.c2) {
        base.record.applies_to = reputation::ContextBit(reputation::LookupContext::kC2);
      }
      if (!absl::StrContains(name, object.value)) base.label.threat_name = FitLabel(name);
      std::variant<std::vector<Listing>, Fault> listings = ListingsOfObject(object, base);
      if (const Fault* fault = std::get_if<Fault>(&listings)) {
        output_->Reject(*fault, place);
        continue;
      }
      for (const Listing& listing : std::get<std::vector<Listing>>(listings)) {
        const std::variant<FeedEntry, Fault> made = EntryFromListing(listing);
        if (const Fault* fault = std::get_if<Fault>(&made)) {
          output_->Reject(*fault, place);
          continue;
        }
        any = true;
        absl::Status passed = output_->Pass(std::get<FeedEntry>(made));
        if (!passed.ok()) return passed;
      }
    }
    if (any) output_->report()->CountRow();
    return absl::OkStatus();
  }

  const FeedOptions& options_;
  const StixVersions& versions_;
  FeedOutput* output_;
};

// Tells by the members of the document what it is.
struct Shape {
  bool has_objects = false;
  bool version_1 = false;

  void Look(const JsonPlace& place) {
    if (place.path.size() != 1) return;
    const std::string& name = place.path[0];
    has_objects = has_objects || name.empty() || name == "objects";
    version_1 = version_1 || name == "stix_header" || name == "observables" ||
                name == "indicators" || name == "ttps" || absl::StartsWith(name, "stix:");
  }

  absl::Status Check() const {
    if (has_objects) return absl::OkStatus();
    if (version_1) {
      return absl::InvalidArgumentError(absl::StrCat("this is ", kVersion1));
    }
    return absl::InvalidArgumentError(
        "not a STIX bundle, which is a JSON object with a list called \"objects\"");
  }
};

class StixFeed : public FeedReader {
 public:
  explicit StixFeed(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::string> begin = source.Begin(kFirstBytes);
    if (!begin.ok()) return begin.status();
    if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(*begin), "<")) {
      return absl::InvalidArgumentError(absl::StrCat("this is XML: ", kVersion1));
    }
    StixVersions versions;
    Shape shape;
    absl::Status seen = Walk(source, &shape, [&versions](const JsonPlace& place, const json& one) {
      if (!place.oversized && IsIndicator(one)) versions.See(one);
      return absl::OkStatus();
    });
    // What stands before a damage is read all the same, so that the report says how far it came.
    FeedOutput output(sink, report);
    Indicators indicators(options_, versions, &output);
    uint64_t objects = 0;
    const auto visit = [&](const JsonPlace& place, const json& object) {
      MayTellProgress(++objects, "objects");
      if (place.oversized) {
        output.Reject({RowFault::kMalformed, "an object larger than any real one"},
                      {place.line, absl::StrCat("object ", objects)});
        return absl::OkStatus();
      }
      return IsIndicator(object) ? indicators.Take(object, place.line) : absl::OkStatus();
    };
    absl::Status walked = Walk(source, &shape, visit);
    report->SetLines(objects);
    if (walked.ok()) walked = seen;
    return walked.ok() ? shape.Check() : walked;
  }

 private:
  static bool IsIndicator(const json& object) { return JsonText(object, "type") == "indicator"; }

  // Visits each object of a bundle or of a list of objects.
  static absl::Status Walk(const FeedSource& source, Shape* shape, const JsonVisit& visit) {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    const auto choose = [shape](const JsonPlace& place) {
      shape->Look(place);
      if (place.Is({"objects", ""}) || place.Is({""})) return JsonChoice::kTake;
      return place.path.empty() || place.Is({"objects"}) ? JsonChoice::kDescend : JsonChoice::kSkip;
    };
    return WalkJson(**bytes, choose, visit);
  }

  FeedOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewStixFeed(const FeedOptions& options) {
  return std::make_unique<StixFeed>(options);
}

}  // namespace cloister::feeds
