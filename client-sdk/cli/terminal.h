// What may be printed, and how.

#pragma once

#include <chrono>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cloister/answer.h"

namespace cloister::cli {

enum class Colour { kNone, kRed, kYellow, kGreen, kFaint };

// Where answers go. `colours` only for a terminal whose user wants them (see WantsColours).
struct Terminal {
  std::ostream* out = nullptr;
  bool colours = false;

  // `text`, coloured if wanted.
  std::string Paint(Colour colour, absl::string_view text) const;
};

// Whether standard output is a terminal that shows colours: not if NO_COLOR is set
// (https://no-color.org) or TERM is "dumb".
bool WantsColours();

// `text` with control characters (and UTF-8 for them, and bytes that are not UTF-8) as \xNN:
// nothing that a feed or server says may steer the terminal.
std::string Printable(absl::string_view text);

// "12 s", "3 min", "5 h", "2 d".
std::string DurationText(std::chrono::seconds duration);

// "2025-01-31 12:00 UTC".
std::string TimeText(absl::Time time);
std::string TimeText(TimePoint time);

// "12.3 MiB".
std::string BytesText(uint64_t bytes);

}  // namespace cloister::cli
