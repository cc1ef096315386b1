#include "sync/feeds/adblock_list.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

using Outcome = std::variant<std::vector<Listing>, Fault>;

Fault Unsupported(absl::string_view why) { return {RowFault::kUnsupported, std::string(why)}; }

// Rules for what a page shows, not for where it comes from.
bool IsForPartsOfPages(absl::string_view line) {
  for (const absl::string_view mark : {"##", "#@#", "#?#", "#$#", "#%#", "$$"}) {
    if (absl::StrContains(line, mark)) return true;
  }
  return false;
}

std::optional<Fault> OptionsFault(absl::string_view options) {
  for (const absl::string_view option : absl::StrSplit(options, ',')) {
    if (option == "all" || option == "doc" || option == "document" || option == "important") {
      continue;
    }
    return Unsupported(absl::StrCat("the option '", option, "' narrows the rule"));
  }
  return std::nullopt;
}

// What stands between "||" and the options.
Outcome FromPattern(absl::string_view pattern, const Listing& base) {
  absl::ConsumeSuffix(&pattern, "^");
  absl::string_view fixed = pattern;
  absl::ConsumePrefix(&fixed, "*.");
  if (fixed.empty() || fixed.find_first_of("*^|") != absl::string_view::npos) {
    return Unsupported("a pattern is not a host or URL");
  }
  Listing listing = base;
  if (fixed.find_first_of("/?") == absl::string_view::npos) {
    const bool below_only = fixed.size() < pattern.size();
    listing.scope = below_only ? reputation::Scope::kSubdomainsOnly : reputation::Scope::kSubtree;
    return WithoutScopeOfAddresses(ListingsOf(pattern, IndicatorKind::kHost, listing));
  }
  if (fixed.size() < pattern.size()) return Unsupported("a pattern is not a host or URL");
  if (fixed.back() == '/') listing.scope = reputation::Scope::kSubtree;
  return ListingsOf(fixed, IndicatorKind::kUrl, listing);
}

Outcome FromRule(absl::string_view rule, const Listing& base);

// Exceptions are for the sake of pages that break: only one that lets a whole host through says
// that it is not what the list is about.
Outcome FromException(absl::string_view rule, Listing base) {
  base.record.excluded = true;
  if (absl::StartsWith(rule, "||")) {
    Outcome made = FromRule(rule, base);
    const auto* listings = std::get_if<std::vector<Listing>>(&made);
    if (listings == nullptr) return made;
    const bool host =
        listings->size() == 1 && listings->front().kind != reputation::ObjectKind::kUrl;
    if (host) return made;
  }
  return Unsupported("an exception for less than a host");
}

Outcome FromRule(absl::string_view rule, const Listing& base) {
  if (absl::ConsumePrefix(&rule, "@@")) return FromException(rule, base);
  if (IsForPartsOfPages(rule)) return Unsupported("a rule for parts of pages");
  const bool anchored = absl::ConsumePrefix(&rule, "||");
  const size_t dollar = rule.rfind('$');
  if (dollar != absl::string_view::npos) {
    if (std::optional<Fault> fault = OptionsFault(rule.substr(dollar + 1)); fault.has_value()) {
      return *std::move(fault);
    }
    rule = rule.substr(0, dollar);
  }
  if (anchored) return FromPattern(rule, base);
  if (absl::ConsumePrefix(&rule, "0.0.0.0 ") || absl::ConsumePrefix(&rule, "127.0.0.1 ")) {
    rule = absl::StripAsciiWhitespace(rule);
  }
  if (rule.find_first_of("/*^|?= ") != absl::string_view::npos) {
    return Unsupported("a pattern is not a host or URL");
  }
  return ListingsOf(rule, IndicatorKind::kHost, base);
}

class AdblockList : public LineFormat {
 public:
  explicit AdblockList(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    const bool comment =
        line.front() == '!' || line.front() == '[' || line == "#" || absl::StartsWith(line, "# ");
    if (comment) return absl::OkStatus();
    return TakeAll(FromRule(line, base_), place, output);
  }

 private:
  Listing base_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewAdblockList(const FeedOptions& options) {
  return std::make_unique<AdblockList>(ThreatDefaults(options, reputation::Verdict::kMalicious));
}

}  // namespace cloister::feeds
