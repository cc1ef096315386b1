#include "sync/feeds/resolver_lists.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

using reputation::Scope;

Fault Unsupported(absl::string_view why) { return {RowFault::kUnsupported, std::string(why)}; }

Fault RealAnswer(absl::string_view address) {
  return Unsupported(absl::StrCat(address, " says where a name is, not that it is bad"));
}

ListingsOrFault HostListing(absl::string_view name, Scope scope, Listing listing) {
  absl::ConsumePrefix(&name, ".");
  absl::ConsumeSuffix(&name, ".");
  listing.scope = absl::StartsWith(name, "*.") ? Scope::kSubdomainsOnly : scope;
  return WithoutScopeOfAddresses(ListingsOf(name, IndicatorKind::kHost, listing));
}

class DnsmasqConfiguration : public LineFormat {
 public:
  explicit DnsmasqConfiguration(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    const absl::string_view text = WithoutComment(line);
    if (text.empty()) return absl::OkStatus();
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(text, absl::MaxSplits('=', 1));
    const absl::string_view directive = absl::StripAsciiWhitespace(parts.first);
    std::vector<absl::string_view> names =
        absl::StrSplit(absl::StripAsciiWhitespace(parts.second), '/');
    const bool forwards = directive == "server" || directive == "local";
    if ((directive != "address" && !forwards) || names.size() < 3 || !names.front().empty()) {
      output.Reject(Unsupported("not address=/name/, server=/name/ or local=/name/"), place);
      return absl::OkStatus();
    }
    const absl::string_view answer = names.back();
    names.pop_back();
    names.erase(names.begin());
    Listing listing = base_;
    listing.record.excluded = forwards && answer == "#";
    const bool nowhere = answer.empty() || answer == "#" || (!forwards && IsNowhere(answer));
    if (!nowhere) {
      output.Reject(RealAnswer(answer), place);
      return absl::OkStatus();
    }
    for (const absl::string_view name : names) {
      absl::Status taken = TakeAll(HostListing(name, Scope::kSubtree, listing), place, output);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

 private:
  Listing base_;
};

class UnboundConfiguration : public LineFormat {
 public:
  explicit UnboundConfiguration(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    absl::string_view text = WithoutComment(line);
    if (text.empty() || text == "server:") return absl::OkStatus();
    if (absl::ConsumePrefix(&text, "local-zone:")) return TakeZone(text, place, output);
    if (absl::ConsumePrefix(&text, "local-data:")) return TakeData(text, place, output);
    output.Reject(Unsupported("not local-zone: or local-data:"), place);
    return absl::OkStatus();
  }
  void Begin() override {
    redirected_.clear();
    data_name_.clear();
  }

 private:
  // "name" type, with or without the quotes.
  absl::Status TakeZone(absl::string_view text, const RowPlace& place, FeedOutput& output) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(text, absl::ByAnyChar("\" \t"), absl::SkipEmpty());
    if (words.size() != 2) {
      output.Reject({RowFault::kMalformed, "not a name and a type"}, place);
      return absl::OkStatus();
    }
    static constexpr absl::string_view kBlocking[] = {
        "always_nxdomain", "always_null", "always_nodata", "always_refuse", "always_deny",
        "refuse",          "deny",        "inform_deny",   "static",        "block_a"};
    const absl::string_view type = words[1];
    redirected_.clear();
    if (type == "redirect") {
      redirected_ = absl::AsciiStrToLower(absl::StripSuffix(words[0], "."));
      return absl::OkStatus();  // what for, its local-data says
    }
    Listing listing = base_;
    listing.record.excluded = type == "transparent" || type == "always_transparent";
    const bool blocked =
        std::find(std::begin(kBlocking), std::end(kBlocking), type) != std::end(kBlocking);
    if (!blocked && !listing.record.excluded) {
      output.Reject(Unsupported(absl::StrCat("the type ", type, " keeps nobody away")), place);
      return absl::OkStatus();
    }
    return TakeAll(HostListing(words[0], Scope::kSubtree, listing), place, output);
  }

  // "name [ttl] [IN] type data" in either quotes.
  absl::Status TakeData(absl::string_view text, const RowPlace& place, FeedOutput& output) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(text, absl::ByAnyChar("\"' \t"), absl::SkipEmpty());
    if (words.size() < 3) {
      output.Reject({RowFault::kMalformed, "not a name, a type and data"}, place);
      return absl::OkStatus();
    }
    const std::string name = absl::AsciiStrToLower(absl::StripSuffix(words[0], "."));
    const absl::string_view type = words[words.size() - 2];
    const absl::string_view data = words.back();
    const bool address = absl::EqualsIgnoreCase(type, "A") || absl::EqualsIgnoreCase(type, "AAAA");
    if (!address || !IsNowhere(data)) {
      output.Reject(address ? RealAnswer(data) : Unsupported("local-data other than addresses"),
                    place);
      return absl::OkStatus();
    }
    if (name == data_name_) return absl::OkStatus();  // A and AAAA of one name
    data_name_ = name;
    const Scope scope = name == redirected_ ? Scope::kSubtree : Scope::kExact;
    return TakeAll(HostListing(words[0], scope, base_), place, output);
  }

  Listing base_;
  std::string redirected_;  // the zone that waits for its data
  std::string data_name_;   // of the last local-data line that listed one
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewDnsmasqConfiguration(const FeedOptions& options) {
  return std::make_unique<DnsmasqConfiguration>(
      ThreatDefaults(options, reputation::Verdict::kMalicious));
}

absl::StatusOr<std::unique_ptr<FeedReader>> NewUnboundConfiguration(const FeedOptions& options) {
  return std::make_unique<UnboundConfiguration>(
      ThreatDefaults(options, reputation::Verdict::kMalicious));
}

}  // namespace cloister::feeds
