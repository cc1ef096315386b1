#include "client-sdk/cli/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client-sdk/cli/terminal.h"

namespace cloister::cli {
namespace {

constexpr size_t kBarWidth = 24;
constexpr auto kPause = std::chrono::milliseconds(100);

bool IsTerminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && term != nullptr && absl::string_view(term) != "dumb";
}

}  // namespace

std::string ProgressText(absl::string_view doing, uint64_t done, uint64_t total) {
  if (total == 0) return absl::StrCat(done, "  ", Printable(doing));
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const size_t filled = static_cast<size_t>(share * kBarWidth);
  return absl::StrCat("[", std::string(filled, '#'), std::string(kBarWidth - filled, ' '), "] ",
                      absl::StrFormat("%3d %%  ", static_cast<int>(share * 100)), Printable(doing));
}

ProgressLine::ProgressLine(std::ostream* out) : out_(out), enabled_(IsTerminal()) {}

void ProgressLine::Show(absl::string_view doing, uint64_t done, uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now < next_) return;
  next_ = now + kPause;
  shown_ = true;
  *out_ << "\r\033[K" << ProgressText(doing, done, total) << std::flush;
}

void ProgressLine::Clear() {
  if (shown_) *out_ << "\r\033[K" << std::flush;
  shown_ = false;
}

}  // namespace cloister::cli
