#include "sync/feeds/rpz_zone.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sync/feeds/feed_output.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

using reputation::ObjectKind;
using Words = std::vector<std::string>;

constexpr absl::string_view kIp = ".rpz-ip";
// Of one record in parentheses; what is still open then is a forgotten parenthesis.
constexpr uint64_t kMaxRecordLines = 64;

Fault Unsupported(absl::string_view why) { return {RowFault::kUnsupported, std::string(why)}; }

// The words of a line without its comment; a text in double quotes is one word. Counts the
// parentheses that let a record go on over several lines.
Words WordsOf(absl::string_view line, int* open) {
  Words words;
  std::string word;
  bool quoted = false;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') quoted = !quoted;
    if (!quoted && c == ';') break;
    if (!quoted && (c == '(' || c == ')')) {
      *open += c == '(' ? 1 : -1;
      end();
    } else if (!quoted && absl::ascii_isspace(c)) {
      end();
    } else {
      word.push_back(c);
      if (c == '\\' && i + 1 < line.size()) word.push_back(line[++i]);
    }
  }
  end();
  return words;
}

// A number, or BIND's 1h30m.
bool IsTtl(absl::string_view word) {
  if (word.empty() || !absl::ascii_isdigit(word.front())) return false;
  for (const char c : word) {
    if (!absl::ascii_isdigit(c) && !absl::StrContains("smhdwSMHDW", c)) return false;
  }
  return true;
}

bool IsClass(absl::string_view word) {
  return absl::EqualsIgnoreCase(word, "IN") || absl::EqualsIgnoreCase(word, "CH") ||
         absl::EqualsIgnoreCase(word, "HS");
}

// Records that are about the zone and not a policy.
bool IsZoneRecord(absl::string_view type) {
  for (const absl::string_view known : {"SOA", "NS", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM",
                                        "DNSKEY", "DS", "CDS", "CDNSKEY", "ZONEMD"}) {
    if (absl::EqualsIgnoreCase(type, known)) return true;
  }
  return false;
}

// "48.zz.db8.2001" (the prefix length, then the parts from the last to the first) as
// "2001:db8::/48".
std::optional<std::string> NetworkOf(absl::string_view reversed) {
  std::vector<std::string> parts = absl::StrSplit(reversed, '.');
  if (parts.size() < 3) return std::nullopt;
  const std::string length = parts.front();
  parts.erase(parts.begin());
  std::vector<std::string> forward(parts.rbegin(), parts.rend());
  const bool v4 = forward.size() == 4 && !absl::StrContains(reversed, "zz");
  if (v4) return absl::StrCat(absl::StrJoin(forward, "."), "/", length);
  std::string text;
  for (size_t i = 0; i < forward.size(); ++i) {
    const bool gap = forward[i] == "zz";
    if (i > 0 && !gap && forward[i - 1] != "zz") text += ":";
    text += gap ? "::" : forward[i];
  }
  return absl::StrCat(text, "/", length);
}

// What a name of the zone triggers on.
std::optional<Fault> ReadTrigger(absl::string_view name, Listing* listing) {
  for (const absl::string_view other : {".rpz-client-ip", ".rpz-nsip", ".rpz-nsdname"}) {
    if (absl::EndsWithIgnoreCase(name, other)) {
      return Unsupported(absl::StrCat("the trigger ", other.substr(1)));
    }
  }
  if (absl::EndsWithIgnoreCase(name, kIp)) {
    const std::optional<std::string> network = NetworkOf(name.substr(0, name.size() - kIp.size()));
    if (!network.has_value()) return Fault{RowFault::kBadValue, "not a reversed network"};
    listing->kind = ObjectKind::kIp;
    listing->value = *network;
    return std::nullopt;
  }
  listing->kind = ObjectKind::kHost;
  listing->value = std::string(name);
  return std::nullopt;
}

// A name of the zone without what says that it is a network.
absl::string_view WithoutTrigger(absl::string_view name) {
  if (absl::EndsWithIgnoreCase(name, kIp)) name.remove_suffix(kIp.size());
  return name;
}

// Reads whether a record keeps clients away or lets them pass, or why it does neither.
std::optional<Fault> ReadAction(absl::string_view name, absl::string_view type, const Words& data,
                                Listing* listing) {
  if (data.empty()) return Fault{RowFault::kMalformed, "a record without data"};
  if (!absl::EqualsIgnoreCase(type, "CNAME")) return std::nullopt;
  const absl::string_view target = absl::StripSuffix(data.front(), ".");
  // Before there was rpz-passthru, a name that was its own CNAME passed; BIND reads it still.
  listing->record.excluded =
      absl::EqualsIgnoreCase(target, "rpz-passthru") ||
      (!absl::StartsWith(name, "*") && absl::EqualsIgnoreCase(target, WithoutTrigger(name)));
  if (absl::EqualsIgnoreCase(target, "rpz-tcp-only")) return Unsupported("rpz-tcp-only");
  return std::nullopt;
}

class RpzZone : public LineFeedReader {
 public:
  explicit RpzZone(const FeedOptions& options) : options_(options) {}

 protected:
  absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) override {
    FeedOutput output(sink, report);
    Begin();
    int open = 0;
    while (lines.Next()) {
      MayTellProgress(lines.number(), "lines");
      absl::string_view line = lines.line();
      if (lines.number() == 1) absl::ConsumePrefix(&line, "\xef\xbb\xbf");
      const bool continued = open > 0;
      const Words words = WordsOf(line, &open);
      open = std::max(open, 0);
      if (!continued && open > 0) opened_ = {lines.number(), std::string(line)};
      if (continued && open > 0 && lines.number() - opened_.line >= kMaxRecordLines) {
        RejectOpened(output);
        open = 0;
      }
      if (continued || words.empty()) continue;
      const RowPlace place{lines.number(), line};
      if (lines.cut()) {
        output.Reject({RowFault::kMalformed, "a line longer than any real one"}, place);
        continue;
      }
      const bool same_owner = line.front() == ' ' || line.front() == '\t';
      absl::Status taken = TakeRecord(words, same_owner, place, output);
      if (!taken.ok()) return taken;
    }
    if (open > 0 && lines.status().ok()) RejectOpened(output);
    return lines.status();
  }

 private:
  // A line with a parenthesis that the lines after it are to close.
  struct Opened {
    uint64_t line = 0;
    std::string text;
  };

  void Begin() {
    origin_.reset();
    zone_.reset();
    owner_.clear();
    listed_.clear();
    has_soa_ = false;
  }

  void RejectOpened(FeedOutput& output) const {
    output.Reject({RowFault::kMalformed, "a parenthesis is opened and not closed"},
                  {opened_.line, opened_.text});
  }

  absl::Status TakeRecord(const Words& words, bool same_owner, const RowPlace& place,
                          FeedOutput& output) {
    if (words[0].front() == '$') {
      Directive(words, place, output);
      return absl::OkStatus();
    }
    size_t at = 0;
    if (!same_owner) owner_ = words[at++];
    // What comes after another $ORIGIN may still be of this owner.
    if (!same_owner && origin_.has_value()) owner_ = absl::StrCat(FullName(owner_), ".");
    while (at < words.size() && (IsTtl(words[at]) || IsClass(words[at]))) ++at;
    if (at == words.size() || owner_.empty()) {
      output.Reject({RowFault::kMalformed, "not a record: a name, a type and data"}, place);
      return absl::OkStatus();
    }
    const std::string& type = words[at];
    if (absl::EqualsIgnoreCase(type, "SOA")) TakeApex();
    if (IsZoneRecord(type)) return absl::OkStatus();
    return TakePolicy(type, {words.begin() + at + 1, words.end()}, place, output);
  }

  void Directive(const Words& words, const RowPlace& place, FeedOutput& output) {
    if (absl::EqualsIgnoreCase(words[0], "$TTL")) return;
    if (absl::EqualsIgnoreCase(words[0], "$ORIGIN") && words.size() > 1) {
      origin_ = FullName(words[1]);
      if (!zone_.has_value()) zone_ = origin_;
      return;
    }
    output.Reject(Unsupported(absl::StrCat("the directive ", words[0])), place);
  }

  absl::Status TakePolicy(const std::string& type, const Words& data, const RowPlace& place,
                          FeedOutput& output) {
    std::optional<std::string> name = NameInZone();
    if (!name.has_value()) {
      output.Reject({RowFault::kBadValue, absl::StrCat("a name outside of ", *zone_)}, place);
      return absl::OkStatus();
    }
    if (name->empty()) return absl::OkStatus();  // data of the zone itself
    Listing listing = ThreatDefaults(options_, reputation::Verdict::kMalicious);
    std::optional<Fault> fault = ReadAction(*name, type, data, &listing);
    if (!fault.has_value()) fault = ReadTrigger(*name, &listing);
    if (fault.has_value()) {
      output.Reject(*fault, place);
      return absl::OkStatus();
    }
    if (listed_ == *name) return absl::OkStatus();
    listed_ = *std::move(name);
    return output.Take(listing, place);
  }

  // The first SOA stands at the zone's own name.
  void TakeApex() {
    const bool known = origin_.has_value() || absl::EndsWith(owner_, ".");
    if (has_soa_ || !known) return;
    has_soa_ = true;
    zone_ = FullName(owner_);
    if (!origin_.has_value()) origin_ = zone_;
  }

  // A name as the origin in force completes it (RFC 1035, section 5.1), without the last dot.
  std::string FullName(absl::string_view name) const {
    const absl::string_view origin = origin_.has_value() ? absl::string_view(*origin_) : "";
    if (name == "@") return std::string(origin);
    if (absl::ConsumeSuffix(&name, ".")) return std::string(name);
    return absl::StrCat(name, origin.empty() ? "" : ".", origin);
  }

  // The owner without the zone's own name; "" for the zone itself.
  std::optional<std::string> NameInZone() const {
    const std::string full = FullName(owner_);
    if (!zone_.has_value() || zone_->empty()) return full;
    if (absl::EqualsIgnoreCase(full, *zone_)) return "";
    absl::string_view name = full;
    if (!absl::EndsWithIgnoreCase(name, absl::StrCat(".", *zone_))) return std::nullopt;
    name.remove_suffix(zone_->size() + 1);
    return std::string(name);
  }

  FeedOptions options_;
  std::optional<std::string> origin_;  // in force for relative names; "" for the root
  std::optional<std::string> zone_;    // the name that the whole zone is below
  bool has_soa_ = false;
  Opened opened_;
  std::string owner_;
  std::string listed_;  // the last name that was passed on
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewRpzZone(const FeedOptions& options) {
  return std::make_unique<RpzZone>(options);
}

}  // namespace cloister::feeds
