#include "sync/feeds/feed_report.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace cloister::feeds {
namespace {

// Text from outside may hold what a terminal would obey. Quotes do no harm.
std::string Printable(absl::string_view text) {
  std::string safe = absl::CEscape(text.substr(0, FeedReport::kMaxExampleBytes));
  safe = absl::StrReplaceAll(safe, {{"\\\"", "\""}, {"\\'", "'"}, {"\\\\", "\\\\"}});
  return text.size() > FeedReport::kMaxExampleBytes ? absl::StrCat(safe, "…") : safe;
}

}  // namespace

absl::string_view RowFaultName(RowFault fault) {
  switch (fault) {
    case RowFault::kMalformed:
      return "malformed";
    case RowFault::kMissingField:
      return "missing_field";
    case RowFault::kUnknownKind:
      return "unknown_kind";
    case RowFault::kBadValue:
      return "bad_value";
    case RowFault::kBadVerdict:
      return "bad_verdict";
    case RowFault::kBadConfidence:
      return "bad_confidence";
    case RowFault::kUnknownCategory:
      return "unknown_category";
    case RowFault::kBadScope:
      return "bad_scope";
    case RowFault::kBadContext:
      return "bad_context";
    case RowFault::kBadDate:
      return "bad_date";
    case RowFault::kBadLabel:
      return "bad_label";
    case RowFault::kNoHost:
      return "no_host";
    case RowFault::kFragmentIdentity:
      return "fragment_identity";
    case RowFault::kWeakDigestTrusted:
      return "weak_digest_trusted";
    case RowFault::kPublicSuffix:
      return "public_suffix";
    case RowFault::kPrefixTooWide:
      return "prefix_too_wide";
    case RowFault::kUnsupported:
      return "unsupported";
    case RowFault::kBelowMinimum:
      return "below_minimum";
    case RowFault::kWithdrawn:
      return "withdrawn";
    case RowFault::kContextOnly:
      return "context_only";
    case RowFault::kExpired:
      return "expired";
  }
  return "unknown";
}

void FeedReport::Reject(const Fault& fault, uint64_t line, absl::string_view text) {
  Rejections& rejections = rejections_[fault.fault];
  ++rejections.count;
  if (rejections.examples.size() < kMaxExamples) {
    rejections.examples.push_back({"", line, Printable(text), Printable(fault.why)});
  }
}

void FeedReport::Add(const FeedReport& other, absl::string_view file) {
  lines_ += other.lines_;
  rows_ += other.rows_;
  for (const auto& [kind, count] : other.kinds_) kinds_[kind] += count;
  for (const auto& [fault, added] : other.rejections_) {
    Rejections& rejections = rejections_[fault];
    rejections.count += added.count;
    for (const Example& example : added.examples) {
      if (rejections.examples.size() == kMaxExamples) break;
      rejections.examples.push_back(example);
      rejections.examples.back().file = Printable(file);
    }
  }
}

uint64_t FeedReport::rejected() const {
  uint64_t sum = 0;
  for (const auto& [fault, rejections] : rejections_) sum += rejections.count;
  return sum;
}

}  // namespace cloister::feeds
