#include "sync/bundle/cli/progress.h"

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace cloister::bundle {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(2);
constexpr absl::Duration kBetween = absl::Milliseconds(250);
constexpr absl::string_view kClearLine = "\r\x1b[K";
constexpr double kMebibyte = 1 << 20;

}  // namespace

Progress::Progress(const Console& console) : console_(console), next_(absl::Now() + kQuiet) {}

Progress::~Progress() {
  if (shown_) console_.err << kClearLine << std::flush;
}

void Progress::Tell(uint64_t done_bytes, uint64_t all_bytes) {
  if (!console_.err_is_terminal) return;
  const absl::Time now = absl::Now();
  if (now < next_) return;
  next_ = now + kBetween;
  shown_ = true;
  console_.err << kClearLine
               << absl::StrFormat("%s: %.0f of %.0f MiB", what_,
                                  static_cast<double>(done_bytes) / kMebibyte,
                                  static_cast<double>(all_bytes) / kMebibyte)
               << std::flush;
}

}  // namespace cloister::bundle
