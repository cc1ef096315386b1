#include "sync/publisher/cli/duration.h"

#include <array>
#include <cstdint>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cloister::publisher {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24 * 3653);

}  // namespace

absl::StatusOr<absl::Duration> ParseLifetime(absl::string_view text) {
  const std::pair<char, absl::Duration> units[] = {{'s', absl::Seconds(1)},
                                                   {'m', absl::Minutes(1)},
                                                   {'h', absl::Hours(1)},
                                                   {'d', absl::Hours(24)}};
  uint32_t count = 0;  // SimpleAtoi alone would also take blanks around the number
  if (!text.empty() && absl::c_all_of(text.substr(0, text.size() - 1), absl::ascii_isdigit) &&
      absl::SimpleAtoi(text.substr(0, text.size() - 1), &count) && count > 0) {
    for (const auto& [letter, unit] : units) {
      if (text.back() == letter && unit * count <= kLongest) return unit * count;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is not a duration such as 90s, 30m, 12h or 7d (ten years at most)"));
}

std::string FormatLifetime(absl::Duration duration) {
  const std::array<std::pair<absl::Duration, const char*>, 4> units = {{
      {absl::Hours(24), "day"},
      {absl::Hours(1), "hour"},
      {absl::Minutes(1), "minute"},
      {absl::Seconds(1), "second"},
  }};
  std::string text;
  int shown = 0;
  for (const auto& [unit, name] : units) {
    const int64_t count = absl::IDivDuration(duration, unit, &duration);
    if (count == 0 || shown == 2) continue;
    absl::StrAppend(&text, text.empty() ? "" : " ", count, " ", name, count == 1 ? "" : "s");
    ++shown;
  }
  return text.empty() ? "0 seconds" : text;
}

}  // namespace cloister::publisher
