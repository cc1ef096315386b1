#include "sync/feeds/signature_lists.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sync/feeds/indicator.h"
#include "sync/feeds/line_format.h"
#include "sync/feeds/listing.h"

namespace cloister::feeds {
namespace {

using reputation::Category;
using reputation::Verdict;

class ClamavHashes : public LineFormat {
 public:
  explicit ClamavHashes(const FeedOptions& options)
      : malware_(ThreatDefaults(options, Verdict::kMalicious, {Category::kMalware})),
        unwanted_(ThreatDefaults(options, Verdict::kUnwanted, {Category::kRiskware})) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    if (line.front() == '#') return absl::OkStatus();
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
    uint64_t size = 0;
    const bool good = fields.size() >= 3 && fields.size() <= 5 &&
                      (fields[1] == "*" || absl::SimpleAtoi(fields[1], &size)) &&
                      !fields[2].empty();
    if (!good) {
      output.Reject({RowFault::kMalformed, "not digest:size:name"}, place);
      return absl::OkStatus();
    }
    Listing listing = absl::StartsWith(fields[2], "PUA.") ? unwanted_ : malware_;
    listing.label.threat_name = FitLabel(fields[2]);
    return TakeAll(ListingsOf(fields[0], IndicatorKind::kFile, listing), place, output);
  }

 private:
  Listing malware_;
  Listing unwanted_;
};

class HashComments : public LineFormat {
 public:
  explicit HashComments(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    if (line.front() == '#') return absl::OkStatus();
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(';', 1));
    Listing listing = base_;
    listing.label.threat_name = FitLabel(parts.second);
    return TakeAll(ListingsOf(parts.first, IndicatorKind::kFile, listing), place, output);
  }

 private:
  Listing base_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeedReader>> NewClamavHashes(const FeedOptions& options) {
  return std::make_unique<ClamavHashes>(options);
}

absl::StatusOr<std::unique_ptr<FeedReader>> NewHashComments(const FeedOptions& options) {
  return std::make_unique<HashComments>(
      ThreatDefaults(options, Verdict::kMalicious, {Category::kMalware}));
}

}  // namespace cloister::feeds
