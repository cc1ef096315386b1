#include "sync/feeds/rbldnsd_zone.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

constexpr int kOctets = 4;
constexpr uint32_t kWidestRange = uint32_t{1} << 24;

// An IPv4 address whose last octets may be missing.
struct PartialAddress {
  uint32_t address = 0;
  int octets = 0;
};

std::optional<PartialAddress> ParsePartial(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() > kOctets) return std::nullopt;
  PartialAddress partial;
  for (const absl::string_view part : parts) {
    uint32_t octet = 0;
    const bool digits = !part.empty() && part.size() <= 3 &&
                        std::all_of(part.begin(), part.end(), absl::ascii_isdigit);
    if (!digits || !absl::SimpleAtoi(part, &octet) || octet > 255) return std::nullopt;
    partial.address |= octet << (24 - 8 * partial.octets++);
  }
  return partial;
}

// A range as rbldnsd means it: what is missing of the first end is 0, of the last one 255; "a-b"
// with fewer parts in b leaves the leading octets as they are in a.
struct Range {
  uint32_t first = 0;
  uint32_t last = 0;
};

uint32_t Below(int octets) { return octets >= kOctets ? 0 : UINT32_MAX >> (8 * octets); }

std::optional<Range> ParseRange(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(text, absl::MaxSplits('-', 1));
  const std::optional<PartialAddress> first = ParsePartial(ends.first);
  if (!first.has_value()) return std::nullopt;
  if (ends.second.empty() && absl::StrContains(text, '-')) return std::nullopt;
  Range range{first->address, first->address | Below(first->octets)};
  if (ends.second.empty()) return range;
  std::optional<PartialAddress> last = ParsePartial(ends.second);
  if (!last.has_value() || last->octets > first->octets) return std::nullopt;
  const int kept = first->octets - last->octets;
  const uint32_t leading = kept == 0 ? 0 : first->address & ~Below(kept);
  range.last = leading | last->address >> (8 * kept) | Below(first->octets);
  if (range.last < range.first) return std::nullopt;
  return range;
}

std::string Dotted(uint32_t address) {
  return absl::StrCat(address >> 24, ".", (address >> 16) & 255, ".", (address >> 8) & 255, ".",
                      address & 255);
}

// The largest networks that make up a range; 62 at most.
std::vector<std::string> NetworksOf(const Range& range) {
  std::vector<std::string> networks;
  for (uint64_t at = range.first; at <= range.last;) {
    const uint64_t left = uint64_t{range.last} - at + 1;
    int bits = at == 0 ? 32 : std::countr_zero(at);
    while ((uint64_t{1} << bits) > left) --bits;
    networks.push_back(absl::StrCat(Dotted(static_cast<uint32_t>(at)), "/", 32 - bits));
    at += uint64_t{1} << bits;
  }
  return networks;
}

bool IsNumeric(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(c) || c == '.' || c == '-';
  });
}

class RbldnsdZone : public LineFormat {
 public:
  explicit RbldnsdZone(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    if (absl::StrContains(":$#;", line.front())) return absl::OkStatus();
    Listing listing = base_;
    listing.record.excluded = absl::ConsumePrefix(&line, "!");
    absl::string_view object = line.substr(0, line.find_first_of(" \t#;"));
    // The answer may follow without a space; an IPv6 address has colons of its own.
    const size_t answer = object.find(":127.");
    if (answer != absl::string_view::npos) object = object.substr(0, answer);
    if (IsNumeric(object)) return TakeRange(object, listing, place, output);
    const bool network = absl::StrContains(object, '/') || absl::StrContains(object, ':');
    const IndicatorKind kind = network ? IndicatorKind::kIp : IndicatorKind::kHost;
    return TakeAll(ListingsOf(object, kind, listing), place, output);
  }

 private:
  absl::Status TakeRange(absl::string_view text, const Listing& listing, const RowPlace& place,
                         FeedOutput& output) {
    const std::optional<Range> range = ParseRange(text);
    if (!range.has_value()) {
      output.Reject({RowFault::kBadValue, "not an address, octets of one, or a range"}, place);
      return absl::OkStatus();
    }
    // The network that is too wide may fall apart into some that are not.
    if (range->last - range->first >= kWidestRange) {
      output.Reject({RowFault::kPrefixTooWide, "a range of more addresses than a /8 has"}, place);
      return absl::OkStatus();
    }
    for (const std::string& network : NetworksOf(*range)) {
      absl::Status taken = TakeAll(ListingsOf(network, IndicatorKind::kIp, listing), place, output);
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  Listing base_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewRbldnsdZone(const FeedOptions& options) {
  return std::make_unique<RbldnsdZone>(ThreatDefaults(options, reputation::Verdict::kMalicious));
}

}  // namespace cloister::feeds
