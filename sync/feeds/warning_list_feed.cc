#include "sync/feeds/warning_list_feed.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/digest.h"
#include "reputation/ip_address.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/json_stream.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

using nlohmann::json;
using reputation::ObjectKind;
using reputation::Verdict;

// What a list says of all its entries.
struct ListHead {
  std::string name;
  std::string type;
  bool has_list = false;
  bool any = true;  // the list does not say what its entries match
  bool hosts = false;
  bool addresses = false;
  bool digests = false;

  void Match(absl::string_view attribute) {
    any = false;
    const absl::string_view object = attribute.substr(attribute.rfind('|') + 1);
    hosts = hosts || attribute == "domain" || attribute == "hostname" || attribute == "url" ||
            attribute == "uri";
    addresses = addresses || attribute == "ip-src" || attribute == "ip-dst";
    digests = digests || object == "sha256" || object == "sha1" || object == "md5";
  }

  bool MatchesNone() const { return !any && !hosts && !addresses && !digests; }
};

absl::StatusOr<ListHead> ReadHead(ByteSource& bytes) {
  ListHead head;
  const auto choose = [&head](const JsonPlace& place) {
    if (place.path.empty()) return JsonChoice::kDescend;
    const std::string& name = place.path[0];
    head.has_list = head.has_list || name == "list";
    const bool wanted = name == "name" || name == "type" || name == "matching_attributes";
    return wanted ? JsonChoice::kTake : JsonChoice::kSkip;
  };
  const auto visit = [&head](const JsonPlace& place, const json& value) {
    const std::string& name = place.path[0];
    if (name == "name" && value.is_string()) head.name = FitLabel(value.get<std::string>());
    if (name == "type" && value.is_string()) head.type = value.get<std::string>();
    if (name != "matching_attributes" || !value.is_array()) return absl::OkStatus();
    for (const json& attribute : value) {
      if (attribute.is_string()) head.Match(attribute.get_ref<const std::string&>());
    }
    return absl::OkStatus();
  };
  absl::Status walked = WalkJson(bytes, choose, visit);
  if (!walked.ok()) return walked;
  if (head.has_list && !head.type.empty()) return head;
  return absl::InvalidArgumentError(
      "not a MISP warning list, which is a JSON object with a \"type\" and a \"list\"");
}

Fault Unsupported(absl::string_view why) { return {RowFault::kUnsupported, std::string(why)}; }

bool LooksLikeOtherDigest(absl::string_view text) {
  const bool hex = text.size() >= 32 && std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
  return hex || absl::StrContains(text, "::");
}

std::variant<std::vector<Listing>, Fault> ListingOfName(absl::string_view text, Listing listing) {
  if (absl::StrContains(text, '/')) return ListingsOf(text, IndicatorKind::kUrl, listing);
  absl::ConsumePrefix(&text, ".");
  listing.scope = reputation::Scope::kExact;
  return ListingsOf(text, IndicatorKind::kHost, listing);
}

std::variant<std::vector<Listing>, Fault> ListingsOfEntry(absl::string_view text,
                                                          const ListHead& head,
                                                          const Listing& base) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return Fault{RowFault::kMissingField, "the entry is empty"};
  if (head.type == "cidr") return ListingsOf(text, IndicatorKind::kIp, base);
  if (head.type != "string" && head.type != "hostname") {
    return Unsupported(absl::StrCat("the list is of the type ", FitLabel(head.type),
                                    ": its entries match parts of texts and name no object"));
  }
  if (head.MatchesNone()) return Unsupported("the list is about attributes that are no objects");
  if (head.type == "hostname") return ListingOfName(text, base);
  if (reputation::Digest::FromHex(text).ok()) return ListingsOf(text, IndicatorKind::kFile, base);
  if (LooksLikeOtherDigest(text)) {
    return Unsupported("a digest that is none of SHA-256, SHA-1 and MD5");
  }
  if (reputation::IpPrefix::Parse(text).ok()) return ListingsOf(text, IndicatorKind::kIp, base);
  return ListingOfName(text, base);
}

// TRUSTED where a list may say that.
Verdict VerdictOf(const Listing& listing, Verdict verdict) {
  constexpr size_t kSha256Digits = 64;
  const bool file = listing.kind == ObjectKind::kFile && listing.value.size() == kSha256Digits;
  return file || listing.kind == ObjectKind::kHost ? verdict : Verdict::kKnown;
}

class WarningListFeed : public FeedReader {
 public:
  explicit WarningListFeed(const FeedOptions& options) : options_(options) {}

  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) override {
    absl::StatusOr<std::unique_ptr<ByteSource>> bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    absl::StatusOr<ListHead> head = ReadHead(**bytes);
    if (!head.ok()) return head.status();
    bytes = source.Bytes();
    if (!bytes.ok()) return bytes.status();
    Listing base = ThreatDefaults(options_, Verdict::kKnown);
    base.label.product = head->name;
    FeedOutput output(sink, report);
    uint64_t entries = 0;
    const auto choose = [](const JsonPlace& place) {
      if (place.path.empty() || place.Is({"list"})) return JsonChoice::kDescend;
      return place.Is({"list", ""}) ? JsonChoice::kTake : JsonChoice::kSkip;
    };
    const auto visit = [&](const JsonPlace& place, const json& value) {
      MayTellProgress(++entries, "entries");
      return Take(value, *head, base, place.line, output);
    };
    absl::Status walked = WalkJson(**bytes, choose, visit);
    report->SetLines(entries);
    return walked;
  }

 private:
  static absl::Status Take(const json& value, const ListHead& head, const Listing& base,
                           uint64_t line, FeedOutput& output) {
    if (!value.is_string()) {
      output.Reject({RowFault::kMalformed, "the entry is no text"}, {line, ""});
      return absl::OkStatus();
    }
    const std::string& text = value.get_ref<const std::string&>();
    std::variant<std::vector<Listing>, Fault> made = ListingsOfEntry(text, head, base);
    if (auto* listings = std::get_if<std::vector<Listing>>(&made)) {
      for (Listing& listing : *listings) {
        listing.record.verdict = VerdictOf(listing, base.record.verdict);
      }
    }
    return TakeAll(made, {line, text}, output);
  }

  FeedOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewWarningListFeed(const FeedOptions& options) {
  const Verdict verdict = options.verdict.value_or(Verdict::kKnown);
  if (verdict != Verdict::kKnown && verdict != Verdict::kTrusted) {
    return absl::InvalidArgumentError("a warning list can say known or trusted, nothing else");
  }
  return std::make_unique<WarningListFeed>(options);
}

}  // namespace cloister::feeds
