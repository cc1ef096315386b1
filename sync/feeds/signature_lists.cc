#include "sync/feeds/signature_lists.h"

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

class ChecksumList : public LineFormat {
 public:
  explicit ChecksumList(Listing base) : base_(std::move(base)) {}

 protected:
  absl::Status TakeLine(absl::string_view line, const RowPlace& place,
                        FeedOutput& output) override {
    if (absl::ConsumePrefix(&line, "#")) {
      line = absl::StripAsciiWhitespace(line);
      const bool name = line.find_first_of(" \t") == absl::string_view::npos;
      base_.label.product = name ? FitLabel(line) : "";
      return absl::OkStatus();
    }
    const absl::string_view digest = DigestOf(line);
    if (digest.empty()) {
      output.Reject({RowFault::kMalformed, "not a digest and a path"}, place);
      return absl::OkStatus();
    }
    return TakeAll(ListingsOf(digest, IndicatorKind::kFile, base_), place, output);
  }
  void Begin() override { base_.label.product.clear(); }

 private:
  // "<digest>  <path>" ('*' before the path: read as binary; '\\' before the digest: escapes in the
  // path), or "SHA256 (<path>) = <digest>".
  static absl::string_view DigestOf(absl::string_view line) {
    absl::ConsumePrefix(&line, "\\");
    const size_t tag = line.rfind(") = ");
    if (tag != absl::string_view::npos && absl::StrContains(line.substr(0, tag), " (")) {
      return line.substr(tag + 4);
    }
    const size_t space = line.find_first_of(" \t");
    return space == absl::string_view::npos ? absl::string_view() : line.substr(0, space);
  }

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

absl::StatusOr<std::unique_ptr<FeedReader>> NewChecksumList(const FeedOptions& options) {
  return std::make_unique<ChecksumList>(ThreatDefaults(options, Verdict::kKnown));
}

}  // namespace cloister::feeds
