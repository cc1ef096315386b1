// Tells a person at a terminal how far a long command has come.

#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sync/bundle/cli/commands.h"

namespace cloister::bundle {

// One line that replaces itself, from two seconds after the start on, at most four times a second;
// nothing at all where nobody looks. Not thread-safe.
class Progress {
 public:
  explicit Progress(const Console& console);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // What is being done from now on: "packing".
  void Begin(absl::string_view what) { what_ = std::string(what); }
  void Tell(uint64_t done_bytes, uint64_t all_bytes);

 private:
  const Console& console_;
  absl::Time next_;
  bool shown_ = false;
  std::string what_;
};

}  // namespace cloister::bundle
