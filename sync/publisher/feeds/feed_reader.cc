#include "sync/publisher/feeds/feed_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sync/publisher/feeds/csv_feed.h"
#include "sync/publisher/feeds/debian_packages.h"

namespace cloister::publisher {
namespace {

constexpr absl::string_view kCsv = "csv";
constexpr absl::string_view kDebianPackages = "debian-packages";

absl::Status UnknownFormat(absl::string_view format) {
  return absl::InvalidArgumentError(absl::StrCat(
      "no feed format is called '", format, "'; there are: ", absl::StrJoin(FeedFormats(), ", ")));
}

}  // namespace

std::vector<std::string> FeedFormats() { return {std::string(kCsv), std::string(kDebianPackages)}; }

absl::StatusOr<SourceSpec> ParseSourceSpec(absl::string_view text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  if (parts.second.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a source is FORMAT:PATH, such as csv:threats.csv, not '", text, "'"));
  }
  const std::vector<std::string> formats = FeedFormats();
  if (std::find(formats.begin(), formats.end(), parts.first) == formats.end()) {
    return UnknownFormat(parts.first);
  }
  return SourceSpec{.format = parts.first, .path = parts.second};
}

absl::StatusOr<std::unique_ptr<FeedReader>> NewFeedReader(absl::string_view format,
                                                          const FeedOptions& options) {
  if (format == kCsv) return NewCsvFeed();
  if (format == kDebianPackages) return NewDebianPackagesFeed(options);
  return UnknownFormat(format);
}

}  // namespace cloister::publisher
