#include "sync/publisher/cli/progress.h"

#include "absl/time/clock.h"

namespace cloister::publisher {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(2);
constexpr absl::Duration kBetween = absl::Milliseconds(250);
constexpr absl::string_view kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(std::ostream& out, bool is_terminal)
    : out_(out), is_terminal_(is_terminal), next_(absl::Now() + kQuiet) {}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (shown_) out_ << kClearLine << std::flush;
  shown_ = false;
}

void Progress::Tell(uint64_t count, uint64_t total, absl::string_view unit) {
  if (!is_terminal_) return;
  const absl::Time now = absl::Now();
  if (now < next_) return;
  next_ = now + kBetween;
  shown_ = true;
  out_ << kClearLine << what_ << ": " << count;
  if (total != 0) out_ << " of " << total;
  out_ << " " << unit << std::flush;
}

}  // namespace cloister::publisher
