#include "client-sdk/cli/terminal.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cloister::cli {
namespace {

absl::string_view CodeOf(Colour colour) {
  switch (colour) {
    case Colour::kRed:
      return "\033[1;31m";
    case Colour::kYellow:
      return "\033[1;33m";
    case Colour::kGreen:
      return "\033[1;32m";
    case Colour::kFaint:
      return "\033[2m";
    case Colour::kNone:
      break;
  }
  return "";
}

// Bytes of the UTF-8 character at the front of `text`; 0 if there is none, or it is a control.
size_t CharacterSize(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) < 0x20 || byte(0) == 0x7f ? 0 : 1;
  const size_t size = byte(0) >= 0xf0 && byte(0) < 0xf5   ? 4
                      : byte(0) >= 0xe0 && byte(0) < 0xf0 ? 3
                      : byte(0) >= 0xc2 && byte(0) < 0xe0 ? 2
                                                          : 0;
  if (size == 0 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool is_c1_control = byte(0) == 0xc2 && byte(1) < 0xa0;
  // U+061C, U+200E, U+200F, U+202A to U+202E and U+2066 to U+2069 turn the direction of what
  // follows.
  const bool is_direction =
      (byte(0) == 0xd8 && byte(1) == 0x9c) ||
      (byte(0) == 0xe2 && ((byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f ||
                                                (byte(2) >= 0xaa && byte(2) <= 0xae))) ||
                           (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9)));
  return is_c1_control || is_direction ? 0 : size;
}

}  // namespace

std::string Terminal::Paint(Colour colour, absl::string_view text) const {
  const absl::string_view code = CodeOf(colour);
  if (!colours || code.empty()) return std::string(text);
  return absl::StrCat(code, text, "\033[0m");
}

bool WantsColours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  if (term == nullptr || absl::string_view(term) == "dumb") return false;
  return isatty(STDOUT_FILENO) == 1;
}

std::string Printable(absl::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    if (size == 0) {
      absl::StrAppendFormat(&result, "\\x%02x", static_cast<unsigned char>(text[0]));
    } else {
      result.append(text.data(), size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return result;
}

std::string DurationText(std::chrono::seconds duration) {
  const int64_t s = duration.count();
  if (s < 120) return absl::StrCat(s, " s");
  if (s < 2 * 3600) return absl::StrCat(s / 60, " min");
  if (s < 2 * 86400) return absl::StrCat(s / 3600, " h");
  return absl::StrCat(s / 86400, " d");
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

std::string TimeText(TimePoint time) {
  return TimeText(absl::FromUnixSeconds(time.time_since_epoch().count()));
}

std::string BytesText(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < std::size(kUnits); ++unit) amount /= 1024;
  return absl::StrFormat(unit == 0 ? "%.0f %s" : "%.1f %s", amount, kUnits[unit]);
}

}  // namespace cloister::cli
