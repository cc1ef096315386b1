#include "sync/feeds/ip_lists.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "reputation/ip_address.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

std::vector<absl::string_view> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// "!192.0.2.7" without its mark; a title such as "! Updated" is a comment.
bool ConsumeExclusion(absl::string_view* line) {
  if (line->empty() || line->front() != '!') return false;
  const absl::string_view rest = WithoutComment(line->substr(1));
  const bool excluded = reputation::IpAddress::Parse(rest.substr(0, rest.find('/'))).ok();
  if (excluded) *line = rest;
  return excluded;
}

class IpList : public LineFormat {
 public:
  IpList(Listing base, bool expires) : base_(std::move(base)), expires_(expires) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    if (expires_ && line.front() == ';') ReadExpires(line.substr(1));
    Listing listing = base_;
    listing.record.excluded = ConsumeExclusion(&line);
    const std::vector<absl::string_view> words = Words(WithoutComment(line));
    if (words.empty() || words[0] == "create" || words[0] == "flush") return absl::OkStatus();
    const bool set_member = words[0] == "add" && words.size() >= 3;
    if (!set_member && words.size() > 1) {
      output.Reject({RowFault::kMalformed, "more than an address or network on the line"}, place);
      return absl::OkStatus();
    }
    if (set_member && std::find(words.begin() + 3, words.end(), "nomatch") != words.end()) {
      listing.record.excluded = true;
    }
    const absl::string_view value = set_member ? words[2] : words[0];
    return TakeAll(ListingsOf(value, IndicatorKind::kIp, listing), place, output);
  }
  void Begin() override { base_.record.valid_until_hours = 0; }

 private:
  void ReadExpires(absl::string_view comment) {
    comment = absl::StripAsciiWhitespace(comment);
    if (!absl::ConsumePrefix(&comment, "Expires:")) return;
    comment = absl::StripAsciiWhitespace(comment);
    absl::Time until;
    std::string error;
    // RFC 9110, section 5.6.7.
    if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", comment, &until, &error)) return;
    base_.record.valid_until_hours = reputation::HoursSinceEpoch(until);
  }

  Listing base_;
  bool expires_;
};

class Ipsum : public LineFormat {
 public:
  Ipsum(uint32_t minimum, Listing base) : minimum_(minimum), base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    const std::vector<absl::string_view> words = Words(WithoutComment(line));
    if (words.empty()) return absl::OkStatus();
    uint32_t count = 0;
    if (words.size() != 2 || !absl::SimpleAtoi(words[1], &count)) {
      output.Reject({RowFault::kMalformed, "not an address and a number of lists"}, place);
    } else if (count < minimum_) {
      output.Reject({RowFault::kBelowMinimum, absl::StrCat("in fewer than ", minimum_, " lists")},
                    place);
    } else {
      return TakeAll(ListingsOf(words[0], IndicatorKind::kIp, base_), place, output);
    }
    return absl::OkStatus();
  }

 private:
  uint32_t minimum_;
  Listing base_;
};

Listing Base(const FeedOptions& options) {
  return ThreatDefaults(options, reputation::Verdict::kMalicious);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewIpList(const FeedOptions& options) {
  return std::make_unique<IpList>(Base(options), /*expires=*/false);
}

absl::StatusOr<std::unique_ptr<FeedReader>> NewDropList(const FeedOptions& options) {
  return std::make_unique<IpList>(Base(options), /*expires=*/true);
}

absl::StatusOr<std::unique_ptr<FeedReader>> NewIpsum(const FeedOptions& options) {
  return std::make_unique<Ipsum>(options.minimum_count, Base(options));
}

}  // namespace cloister::feeds
