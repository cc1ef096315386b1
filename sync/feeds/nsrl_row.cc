#include "sync/feeds/nsrl_row.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/feeds/line_format.h"

namespace cloister::feeds {
namespace {

using reputation::Verdict;

constexpr size_t kSha256Digits = 64;

struct NamedDigest {
  absl::string_view name;
  absl::string_view hex;
  size_t digits;
};

}  // namespace

const reputation::Label& NsrlProducts::Find(int64_t id) const {
  static const auto& none = *new reputation::Label();
  const auto found = labels.find(id);
  return found != labels.end() ? found->second : none;
}

reputation::Label NsrlLabel(absl::string_view product, absl::string_view version,
                            absl::string_view system, absl::string_view manufacturer) {
  reputation::Label label;
  label.product =
      FitLabel(system.empty() || product.empty() ? std::string(product)
                                                 : absl::StrCat(product, " (", system, ")"));
  label.version = FitLabel(version);
  label.vendor = FitLabel(manufacturer);
  return label;
}

absl::Status TakeNsrlRow(const NsrlRow& row, const reputation::Label& label,
                         const FeedOptions& options, uint64_t number, FeedOutput& output) {
  const std::string text = absl::StrCat(row.sha1, " ", row.md5);
  const RowPlace place{number, text};
  std::vector<Listing> listings;
  for (const NamedDigest& digest :
       {NamedDigest{"SHA-256", row.sha256, kSha256Digits}, NamedDigest{"SHA-1", row.sha1, 40},
        NamedDigest{"MD5", row.md5, 32}}) {
    if (digest.hex.empty()) continue;
    if (digest.hex.size() != digest.digits) {
      output.Reject({RowFault::kBadValue,
                     absl::StrCat(digest.name, " is not ", digest.digits, " hexadecimal digits")},
                    place);
      return absl::OkStatus();
    }
    Listing listing = ThreatDefaults(options, Verdict::kKnown);
    const bool weak = digest.digits != kSha256Digits;
    if (weak && listing.record.verdict == Verdict::kTrusted) {
      listing.record.verdict = Verdict::kKnown;
    }
    listing.value = std::string(digest.hex);
    std::vector<reputation::Category> categories = std::move(listing.label.categories);
    listing.label = label;
    listing.label.categories = std::move(categories);
    listings.push_back(std::move(listing));
  }
  if (listings.empty()) {
    output.Reject({RowFault::kMissingField, "the row has no digest"}, place);
    return absl::OkStatus();
  }
  return output.TakeTogether(listings, place);
}

}  // namespace cloister::feeds
