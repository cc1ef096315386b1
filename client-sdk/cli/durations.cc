#include "client-sdk/cli/durations.h"

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cloister::cli {

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  const std::pair<absl::string_view, absl::Duration> units[] = {
      {"ms", absl::Milliseconds(1)}, {"s", absl::Seconds(1)}, {"m", absl::Minutes(1)},
      {"h", absl::Hours(1)},         {"d", absl::Hours(24)},  {"w", absl::Hours(7 * 24)}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  uint32_t count = 0;
  if (absl::SimpleAtoi(text.substr(0, digits), &count)) {
    for (const auto& [unit, length] : units) {
      if (text.substr(digits) != unit) continue;
      const absl::Duration duration = count * length;
      if (duration <= absl::Hours(24 * 36525)) return duration;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" is not a duration: write a whole number and ms, s, m, h, d or w, as in 30d"));
}

}  // namespace cloister::cli
