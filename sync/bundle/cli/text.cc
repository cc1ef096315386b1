#include "sync/bundle/cli/text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reputation/reject_reason.h"

namespace cloister::bundle {

std::string TimeText(absl::Time time) {
  if (time == absl::InfinitePast()) return "not stated";
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

Json TimeJson(absl::Time time) {
  if (time == absl::InfinitePast()) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string BytesText(uint64_t bytes) {
  const char* const kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit < 3) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string DurationText(absl::Duration duration) {
  if (duration < absl::Hours(1)) return absl::StrCat(duration / absl::Minutes(1), " min");
  if (duration < absl::Hours(48)) return absl::StrCat(duration / absl::Hours(1), " h");
  return absl::StrCat(duration / absl::Hours(24), " d");
}

std::string StepText(uint64_t from, uint64_t to) {
  if (from == 0) return absl::StrCat("from nothing to version ", to);
  return absl::StrCat("from version ", from, " to ", to);
}

std::string ReasonText(const absl::Status& status) {
  const auto reason = reputation::ReasonOf(status);
  if (reason.has_value()) return std::string(reputation::RejectReasonName(*reason));
  return absl::AsciiStrToLower(absl::StatusCodeToString(status.code()));
}

}  // namespace cloister::bundle
