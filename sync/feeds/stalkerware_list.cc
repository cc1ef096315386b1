#include "sync/feeds/stalkerware_list.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/yaml_stream.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::Verdict;

constexpr size_t kMaxIndicators = 1'000'000;
constexpr size_t kSha256Digits = 64;

struct Indicator {
  std::string list;  // "websites", "c2/ips" …
  std::string value;
  uint64_t line = 0;
};

struct Family {
  std::string name;
  std::string type;
  std::vector<Indicator> indicators;
};

Fault Unsupported(absl::string_view why) { return {RowFault::kUnsupported, std::string(why)}; }

std::variant<std::vector<Listing>, Fault> ListingsOfSigner(absl::string_view text, Listing base) {
  if (text.size() != kSha256Digits) {
    return Unsupported("a certificate by another digest than SHA-256");
  }
  base.kind = reputation::ObjectKind::kSoftware;
  base.value = absl::StrCat("signer:", text);
  return std::vector<Listing>{std::move(base)};
}

std::variant<std::vector<Listing>, Fault> ListingsOfIndicator(const Indicator& indicator,
                                                              const Listing& base) {
  const std::string& list = indicator.list;
  const std::string& value = indicator.value;
  if (list == "websites" || list == "distribution" || list == "c2/domains") {
    const bool url = absl::StrContains(value, '/');
    return ListingsOf(value, url ? IndicatorKind::kUrl : IndicatorKind::kHost, base);
  }
  if (list == "c2/ips" || list == "c2/ip") {
    Listing peer = base;
    peer.record.applies_to = reputation::ContextBit(reputation::LookupContext::kC2);
    return ListingsOf(value, IndicatorKind::kIp, peer);
  }
  if (list == "certificates") return ListingsOfSigner(value, base);
  if (list == "packages") return Unsupported("the name of an Android package");
  return Unsupported(absl::StrCat("the list ", FitLabel(list)));
}

// Whether the list describes the family and names nothing to look up.
bool Describes(absl::string_view list) { return list == "names"; }

class StalkerwareList : public FeedReader {
 public:
  explicit StalkerwareList(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    FeedOutput output(sink, report);
    indicators_ = 0;
    uint64_t families = 0;
    Family family;
    const auto visit = [&](const YamlPlace& place, absl::string_view text) {
      if (place.path.empty() || !place.path.front().empty()) return absl::OkStatus();
      if (place.path.size() > 1) return place.end ? absl::OkStatus() : Note(place, text, &family);
      if (!place.end) return absl::OkStatus();
      families += family.name.empty() ? 0 : 1;
      return Finish(std::exchange(family, {}), output);
    };
    absl::Status walked = WalkYaml(**bytes, visit);
    report->SetLines(indicators_);
    if (!walked.ok() || families > 0) return walked;
    return absl::InvalidArgumentError(
        "not a list of stalkerware: no mapping with a \"name\" in a list");
  }

 private:
  static absl::Status Note(const YamlPlace& place, absl::string_view text, Family* family) {
    std::string list = place.path[1];
    if (place.path.size() == 2) {
      if (list == "name") family->name = FitLabel(text);
      if (list == "type") family->type = std::string(text);
      return absl::OkStatus();
    }
    for (size_t i = 2; i < place.path.size(); ++i) {
      if (!place.path[i].empty()) absl::StrAppend(&list, "/", place.path[i]);
    }
    if (Describes(list)) return absl::OkStatus();
    if (family->indicators.size() == kMaxIndicators) {
      return absl::ResourceExhaustedError("more than a million indicators of one family");
    }
    family->indicators.push_back({std::move(list), std::string(text), place.line});
    return absl::OkStatus();
  }

  absl::Status Finish(const Family& family, FeedOutput& output) {
    const bool watchware = family.type == "watchware";
    Listing base = ThreatDefaults(options_, watchware ? Verdict::kUnwanted : Verdict::kMalicious,
                                  {Category::kRiskware});
    base.label.threat_name = family.name;
    for (const Indicator& indicator : family.indicators) {
      MayTellProgress(++indicators_, "indicators");
      absl::Status taken =
          TakeAll(ListingsOfIndicator(indicator, base), {indicator.line, indicator.value}, output);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  FeedOptions options_;
  uint64_t indicators_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewStalkerwareList(const FeedOptions& options) {
  return std::make_unique<StalkerwareList>(options);
}

}  // namespace cloister::feeds
