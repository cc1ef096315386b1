// Tells a person at a terminal how far a long build has come.

#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cloister::publisher {

// One line that replaces itself, from two seconds after the start on, at most four times a second;
// nothing at all where nobody looks. Not thread-safe.
class Progress {
 public:
  Progress(std::ostream& out, bool is_terminal);
  ~Progress();

  // What is being counted from now on: "reading threats.csv".
  void Begin(absl::string_view what) { what_ = std::string(what); }
  void Tell(uint64_t count, absl::string_view unit);

 private:
  std::ostream& out_;
  const bool is_terminal_;
  absl::Time next_;
  bool shown_ = false;
  std::string what_;
};

}  // namespace cloister::publisher
