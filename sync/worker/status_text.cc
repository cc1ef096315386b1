#include "sync/worker/status_text.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reputation/reject_reason.h"

namespace cloister::worker {
namespace {

bool IsKnown(absl::Time time) { return time != absl::InfinitePast() && time != absl::Time(); }

// "45 s", "3 min", "5 h", "12 days": what one would say.
std::string Rough(absl::Duration duration) {
  if (duration < absl::Minutes(2)) return absl::StrCat(absl::ToInt64Seconds(duration), " s");
  if (duration < absl::Hours(2)) return absl::StrCat(absl::ToInt64Minutes(duration), " min");
  if (duration < absl::Hours(48)) return absl::StrCat(absl::ToInt64Hours(duration), " h");
  return absl::StrCat(absl::ToInt64Hours(duration) / 24, " days");
}

std::string Ago(absl::Time time, absl::Time now) {
  if (!IsKnown(time)) return "never";
  return absl::StrCat(Rough(std::max(absl::ZeroDuration(), now - time)), " ago");
}

// Messages may quote what a server sent; nothing in them steers the terminal.
std::string Describe(const absl::Status& error) {
  return absl::Utf8SafeCHexEscape(
      absl::StrCat(ErrorReason(error), ": ", reputation::MessageWithoutReason(error)));
}

std::string DescribeData(const FeedStatus& feed, absl::Time now) {
  if (!feed.last_result.has_value()) return "nothing handed over yet";
  return absl::StrCat("version ", feed.last_result->version, ", issued ",
                      Ago(feed.last_result->issued, now),
                      feed.last_result->expired ? ", EXPIRED" : "", ", from ",
                      absl::Utf8SafeCHexEscape(feed.source));
}

void AppendFeed(const FeedStatus& feed, absl::Time now, std::string* text) {
  absl::StrAppend(text, feed.feed, ": ", DescribeData(feed, now), "\n");
  absl::StrAppend(text, "  last success ", Ago(feed.last_success, now));
  if (IsKnown(feed.next_try)) {
    const absl::Duration left = feed.next_try - now;
    absl::StrAppend(text, ", next try ",
                    left > absl::ZeroDuration() ? "in " + Rough(left) : std::string("due"));
  }
  absl::StrAppend(text, "\n");
  if (!feed.last_error.ok()) {
    absl::StrAppend(text, feed.failures > 0 ? "  FAILING" : "  last error", " (",
                    Ago(feed.last_error_time, now), "): ", Describe(feed.last_error), "\n");
  }
  for (const SourceStatus& source : feed.sources) {
    if (source.last_error.ok()) continue;
    absl::StrAppend(text, "  ", absl::Utf8SafeCHexEscape(source.source), " failed (",
                    source.failures, " in a row): ", Describe(source.last_error), "\n");
  }
}

}  // namespace

std::string FormatStatusText(const std::vector<FeedStatus>& feeds, absl::Time now) {
  std::string text;
  for (const FeedStatus& feed : feeds) AppendFeed(feed, now, &text);
  return text;
}

bool AllWell(const std::vector<FeedStatus>& feeds) {
  return std::all_of(feeds.begin(), feeds.end(), [](const FeedStatus& feed) {
    return feed.failures == 0 && feed.last_result.has_value() && !feed.last_result->expired;
  });
}

}  // namespace cloister::worker
