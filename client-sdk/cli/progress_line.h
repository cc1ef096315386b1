// One line on a terminal that says how far something has come, and is gone when it is done.

#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace cloister::cli {

// "[#########           ]  45 %  hashing packs"; without a total the number alone.
std::string ProgressText(absl::string_view doing, uint64_t done, uint64_t total);

// Not thread-safe.
class ProgressLine {
 public:
  // Shows nothing unless standard error, which `out` is, is a terminal that can go back in a line.
  explicit ProgressLine(std::ostream* out);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { Clear(); }

  // At most ten times a second; `total` 0 if it is not known.
  void Show(absl::string_view doing, uint64_t done, uint64_t total);
  void Clear();

 private:
  std::ostream* const out_;
  const bool enabled_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace cloister::cli
